"""The commands `lms import`, `lms export` and `lms undo`."""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from lms.imports import exporting, undoing
from lms.imports.opening import open_file
from lms.imports.rejecting import RejectedRows, words
from lms.imports.running import Counts, Task, bring_in
from lms.kernel.campus import Campus
from lms.kernel.csvio import Line, Table
from lms.kernel.importing import Fault, Importer, Mode, Outcome
from lms.kernel.permissions import SYSTEM

commands = typer.Typer()  # without a name: its commands stand beside `lms serve`
Name = Annotated[str, typer.Argument(help="What the file holds: regions, courses, cohorts, people, enrolments, grades, …")]
LISTED = 20
"""Rejected rows told on the terminal; all of them are in the file beside the input."""
REMARKS = 200


class _Account:
    """What is told of a file while it comes in and when it is in."""

    def __init__(self, path: Path, table: Table, progress: Progress, stream: BinaryIO) -> None:
        self.path, self.progress, self.stream = path, progress, stream
        self.rejected = RejectedRows(path.with_name(f"{path.stem}.rejected.csv"), table)
        self.counts = Counts()
        self.remarks: Counter[tuple[str, str, str]] = Counter()
        self.faults: list[str] = []
        self._first: dict[tuple[str, str, str], int] = {}
        self._bar = progress.add_task(path.name, total=path.stat().st_size, rows="")

    def told(self, line: Line, outcome: Outcome) -> None:
        """One row."""
        self.counts.add(outcome)
        if outcome.result == "rejected":
            self.rejected.add(line, outcome)
            if len(self.faults) < LISTED:
                self.faults += [words(fault, line.number) for fault in outcome.faults]
        for note in outcome.notes:
            self._remark(line.number, note)
        rows = sum(self.counts.as_json().values())
        if rows % 500 == 0:
            self.progress.update(self._bar, completed=self.stream.tell(), rows=f"{rows:,} rows")

    def _remark(self, line: int, note: Fault) -> None:
        key = (note.column, note.value, str(note.reason))
        self.remarks[key] += 1
        self._first.setdefault(key, line)

    def close(self) -> None:
        """Tell the rest on standard error."""
        self.rejected.close()
        for (column, value, reason), count in list(self.remarks.items())[:REMARKS]:
            more = f" ({count} rows)" if count > 1 else ""
            typer.echo(words(Fault(column, value, reason), self._first[column, value, reason]) + more, err=True)
        if len(self.remarks) > REMARKS:
            typer.echo(f"… and {len(self.remarks) - REMARKS} other remarks", err=True)
        for sentence in self.faults[:LISTED]:
            typer.echo(sentence, err=True)
        if self.rejected.count:
            typer.echo(f"{self.rejected.count} rejected rows with their reasons: {self.rejected.path}", err=True)


@commands.command("import")
def bring(
    name: Name,
    file: Annotated[Path, typer.Argument(help="CSV or .xlsx with a header.", exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and change nothing.")] = False,
    mode: Annotated[str, typer.Option(help="add: only new rows; update: only known ones; upsert: both.")] = "upsert",
    batch: Annotated[
        int, typer.Option(min=0, help="Rows in one transaction, so that others can write in between; 0: the whole file in one.")
    ] = 0,
    encoding: Annotated[str, typer.Option(help="utf-8, utf-16 or windows-1252; without it: recognised.")] = "",
    given: Annotated[
        list[str] | None, typer.Option("--set", help="COLUMN=VALUE for every row, where the file has no such column; may be repeated.")
    ] = None,
    progress: Annotated[bool | None, typer.Option(help="Show progress on standard error; without it: on a terminal.")] = None,
) -> None:
    """Bring a file in. Prints counts as JSON; rejected rows and their reasons are written beside the file as FILE.rejected.csv."""
    if mode not in get_args(Mode):
        raise typer.BadParameter(f"one of: {', '.join(get_args(Mode))}", param_hint="--mode")
    with closing(Campus.open()) as campus, file.open("rb") as stream:
        importer, table = open_file(stream, _importer(campus, name), encoding=encoding, fixed=_fixed(given))
        if table.encoding == "windows-1252":
            typer.echo(f"{file.name}: read as Windows-1252, because it is not UTF-8", err=True)
        task = Task(importer, SYSTEM, mode, batch, dry_run, file.name)  # type: ignore[arg-type]  # checked above
        with _progress(progress) as shown:
            account = _Account(file, table, shown, stream)
            try:
                done = bring_in(campus.database, task, table, account.told)
            except BaseException:
                account.rejected.give_up()
                raise
    account.close()
    if done.code:
        typer.echo(f"lms undo {done.code} takes this import back", err=True)
    typer.echo(json.dumps(done.counts.as_json(), separators=(",", ":")))


@commands.command("export")
def export(name: Name, out: Annotated[Path, typer.Option(help="File to write: .csv or .xlsx.", dir_okay=False)]) -> None:
    """Write everything of a kind into a file that can be imported again. Prints the number of rows as JSON."""
    if out.suffix.lower() not in (".csv", ".xlsx"):
        raise typer.BadParameter("a name that ends with .csv or .xlsx", param_hint="--out")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    with closing(Campus.open()) as campus, campus.database.reading() as session:
        sheet = exporting.Sheet(session, SYSTEM, _importer(campus, name))
        handle, temporary = tempfile.mkstemp(prefix=".new-", dir=out.parent)
        try:
            with os.fdopen(handle, "wb") as target:
                target.writelines(sheet.as_workbook() if out.suffix.lower() == ".xlsx" else sheet.as_csv())
            os.replace(temporary, out)  # whole, or not there
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    typer.echo(json.dumps({"exported": sheet.count}, separators=(",", ":")))


@commands.command("undo")
def undo(code: Annotated[str, typer.Argument(help="Code of an import, as it was told when the file came in.")]) -> None:
    """Take a whole import back. What somebody changed since, or other things hang on, stays and is named. Prints counts as JSON."""
    with closing(Campus.open()) as campus:
        undone = undoing.undo(campus.database, SYSTEM, campus.plugins.named("importers"), code)
    for line, reason in undone.left:
        typer.echo(f"line {line}: {reason}", err=True)
    typer.echo(json.dumps({"undone": undone.count, "left": len(undone.left)}, separators=(",", ":")))


def _fixed(given: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    if wrong := next((name for name, sign, _value in pairs if not sign or not name.strip()), None):
        raise typer.BadParameter(f"{wrong}: written as COLUMN=VALUE", param_hint="--set")
    return {name.strip().lower(): value.strip() for name, _sign, value in pairs}


def _importer(campus: Campus, name: str) -> Importer:
    known: dict[str, Importer] = campus.plugins.named("importers")
    if name not in known:
        raise typer.BadParameter(f"one of: {', '.join(sorted(known, key=lambda one: known[one].weight))}", param_hint="NAME")
    return known[name]


@contextmanager
def _progress(wanted: bool | None) -> Iterator[Progress]:
    is_shown = sys.stderr.isatty() if wanted is None else wanted
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[rows]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not is_shown) as progress:
        yield progress
