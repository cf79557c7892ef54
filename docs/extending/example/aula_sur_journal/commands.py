"""The commands `lms journal`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from aula_sur_journal import queries
from lms.courses.loading import cohort_by_code
from lms.kernel import csvio
from lms.kernel.campus import Campus

commands = typer.Typer(name="journal", no_args_is_help=True, help="Learning journals.")


@commands.callback()
def journal() -> None:
    """Learning journals."""


@commands.command()
def export(
    cohort: Annotated[str, typer.Argument(help="Code of the cohort.")],
    out: Annotated[Path | None, typer.Option(help="File to write; without it: standard output.")] = None,
) -> None:
    """Write what the trainees of a cohort share as CSV."""
    campus = Campus.open()
    try:
        with campus.database.reading() as session:
            entries = queries.shared(session, cohort_by_code(session, cohort).id or 0)
    finally:
        campus.close()
    rows = ((entry.name, entry.title, entry.intention, entry.text, entry.changed_at) for entry in entries)
    text = b"".join(csvio.write(("name", "activity", "intention", "text", "changed_at"), rows))
    if out:
        out.write_bytes(text)
    else:
        sys.stdout.buffer.write(text)
