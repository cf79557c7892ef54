"""The command `lms report`."""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from babel import UnknownLocaleError
from babel.core import Locale
from rich import box
from rich.console import Console
from rich.table import Table

from lms.kernel import i18n
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from lms.reports import exporting, printing
from lms.reports.asking import Answer, ask
from lms.reports.gathering import datasets
from lms.reports.questions import Question
from lms.reports.refusals import NoSuchLanguage

commands = typer.Typer()  # without a name: its command stands beside `lms serve`


class Kind(StrEnum):
    """How an answer can be written."""

    csv = "csv"
    json = "json"
    xlsx = "xlsx"
    pdf = "pdf"


def _json(answer: Answer) -> bytes:
    return json.dumps(exporting.as_json(answer), ensure_ascii=False, indent=2).encode() + b"\n"


WRITERS: dict[Kind, Callable[[Answer], bytes]] = {
    Kind.csv: lambda answer: b"".join(exporting.as_csv(answer)),
    Kind.json: _json,
    Kind.xlsx: exporting.as_workbook,
    Kind.pdf: printing.as_pdf,
}


@commands.command("report")
def report(
    name: Annotated[str, typer.Argument(help="Name of the dataset, for example trainees.")],
    by: Annotated[list[str] | None, typer.Option(help="Dimensions to count by, joined by commas. Without them: the total alone.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Filter as dimension=value; may be repeated. Of one dimension: either; of several: all. A region covers its parts."
        ),
    ] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day that counts (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day that counts (UTC).")] = None,
    kind: Annotated[Kind | None, typer.Option("--format", help="Without it: by the name of the file, else a table to read.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; else standard output.")] = None,
    lang: Annotated[str, typer.Option(help="Language of the names, for example es.")] = i18n.SOURCE,
) -> None:
    """Count people and enrolments: a dataset by its dimensions."""
    question = Question.read(name, by or (), where or (), _day(since), _day(until))
    with closing(Campus.open()) as campus, i18n.using(_language(lang)), campus.database.reading() as session:
        answer = ask(session, SYSTEM, datasets(campus.plugins), question)
        _write(answer, kind or _kind_of(out), out)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _language(code: str) -> str:
    try:
        return str(Locale.parse(code.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        raise NoSuchLanguage(code=code) from None


def _kind_of(out: Path | None) -> Kind | None:
    suffix = out.suffix[1:].lower() if out else ""
    return Kind(suffix) if suffix in list(Kind) else None


def _write(answer: Answer, kind: Kind | None, out: Path | None) -> None:
    if kind is None and out is None:
        _show(answer)
        return
    content = WRITERS[kind or Kind.csv](answer)
    if out:
        out.write_bytes(content)
        return
    if kind in (Kind.xlsx, Kind.pdf) and sys.stdout.isatty():
        raise typer.BadParameter("this is no text for a terminal: name a file", param_hint="--out")
    sys.stdout.buffer.write(content)


def _show(answer: Answer) -> None:
    """The answer for people in front of a terminal."""
    table = Table(title=answer.title, box=box.SIMPLE, caption="; ".join(f"{t}: {text}" for t, text in exporting.filters_in_words(answer)))
    for dimension in answer.dimensions:
        table.add_column(str(dimension.title))
    for measure in answer.measures:
        table.add_column(str(measure.title), justify="right")
    for line in answer.lines:
        table.add_row(*line.names, *map(printing.cell, answer.measures, line.figures))
    if answer.dimensions:
        table.add_section()
    table.add_row(
        *[i18n.gettext("Total")][: len(answer.dimensions)],
        *[""] * (len(answer.dimensions) - 1),
        *map(printing.cell, answer.measures, answer.total),
        style="bold",
    )
    Console(width=None if sys.stdout.isatty() else 200).print(table)
