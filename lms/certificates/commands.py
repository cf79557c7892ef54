"""The commands `lms certificates`."""

import json
import os
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from lms.certificates import exporting, filing, issuing, verifying
from lms.courses.loading import cohort_by_code
from lms.courses.models import Cohort
from lms.kernel.campus import Campus
from lms.kernel.errors import NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import SYSTEM

commands = typer.Typer(name="certificates", no_args_is_help=True, help="Issue, export, verify and revoke certificates.")
Code = Annotated[str, typer.Option("--cohort", help="Code of the cohort.")]


class NotGenuine(Refused):
    """The file is none of ours, or was changed."""

    message = N_("This is not a certificate as it was issued here: not one byte may differ.")


class NotInForce(Refused):
    """The file is one of ours, but its certificate is not valid."""

    message = N_("This certificate was issued here, but it is not valid: {status}.")


@commands.command()
def issue(cohort: Code) -> None:
    """Issue and draw every certificate that a cohort waits for. Prints counts as JSON."""
    with closing(Campus.open()) as campus:
        with campus.database.transaction() as session:
            found = _cohort(campus, cohort)
            new = [certificate.id or 0 for certificate in issuing.issue_for_cohort(session, SYSTEM, found)]
        for certificate_id in new:
            filing.document_of(campus.database, campus.storage, certificate_id)
    typer.echo(json.dumps({"issued": len(new)}))


@commands.command()
def export(cohort: Code, out: Annotated[Path, typer.Option(help="The ZIP to write.", dir_okay=False)]) -> None:
    """Write the valid certificates of a cohort and an index into a ZIP. Prints counts as JSON."""
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    with closing(Campus.open()) as campus:
        found = _cohort(campus, cohort)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=out.parent)
        try:
            with os.fdopen(handle, "w+b") as target:
                count = exporting.write_zip(campus.database, campus.storage, found.id or 0, target, lambda done, total: None)
            os.replace(name, out)  # whole, or not there
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    typer.echo(json.dumps({"exported": count}))


@commands.command()
def verify(file: Annotated[Path, typer.Argument(help="A certificate as PDF.", exists=True, dir_okay=False)]) -> None:
    """Tell whether a file is a certificate exactly as issued here and valid; prints its facts as JSON. Exit code 1 where it is not."""
    with closing(Campus.open()) as campus, campus.database.reading() as session, file.open("rb") as stream:
        verdict = verifying.by_file(session, stream)
    if not verdict.is_known:
        raise NotGenuine()
    if not verdict.is_valid:
        raise NotInForce(status=verdict.status)
    typer.echo(json.dumps(verdict.as_json(), ensure_ascii=False, indent=2))


@commands.command()
def revoke(
    serial: Annotated[str, typer.Argument(help="Serial number of the certificate.")],
    reason: Annotated[str, typer.Option(help="Why, for the record; strangers do not see it.")],
) -> None:
    """Revoke a certificate."""
    with closing(Campus.open()) as campus, campus.database.transaction() as session:
        certificate = issuing.revoke(session, SYSTEM, serial, reason)
    typer.echo(f"{certificate.serial} {certificate.status}")


def _cohort(campus: Campus, code: str) -> Cohort:
    with campus.database.reading() as session:
        try:
            return cohort_by_code(session, code)
        except NotFound:
            raise NotFound(N_("There is no cohort with this code.")) from None
