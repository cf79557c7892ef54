"""What the pages of imports show: the list, a file with its first rows as they are read, and what becomes of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import func, select

from lms.accounts.models import Person, full_name
from lms.imports import source, standing
from lms.imports.given import ImportFile, ImportRow
from lms.imports.models import ImportChange, ImportRun
from lms.imports.moodle import form_of
from lms.kernel import jobs
from lms.kernel.csvio import Line, Table
from lms.kernel.database import ReadSession
from lms.kernel.i18n import LazyText, _
from lms.kernel.importing import Column, Fault, Importer
from lms.kernel.permissions import SITE, Actor

# SQLModel types a column as its value; in a statement it is a column.
_Run: Any = ImportRun
_File: Any = ImportFile
_Row: Any = ImportRow
_Change: Any = ImportChange
_Person: Any = Person

RUNS = 25
ROWS = 50
FIRST = 8
"""Rows that are shown before a file is checked."""
WORDS = 120
"""Characters of a cell that are shown."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A line of the list of imports."""

    code: str
    name: str
    kind: str
    given_at: datetime
    by: str
    state: str
    counts: Mapping[str, int]


def runs(session: ReadSession, me: Actor, after: str) -> tuple[list[RunLine], str]:
    """Imports, the newest first: all for staff of the whole site, else one's own; and the cursor of the next page."""
    asking = (
        select(ImportRun, _Person.given_name, _Person.family_name, _File.job_id)
        .outerjoin(Person, _Person.id == _Run.started_by)
        .outerjoin(ImportFile, _File.run_id == _Run.id)
        .order_by(_Run.id.desc())
        .limit(RUNS + 1)
    )
    if not me.can("imports.use", SITE):
        asking = asking.where(_Run.started_by == me.id)
    if after:
        asking = asking.where(_Run.id < select(_Run.id).where(_Run.code == after).scalar_subquery())
    found: Any = session.execute(asking).all()
    lines = [
        _line(run, full_name(given, family), jobs.status(session, job) if job and run.state in standing.BUSY else None)
        for run, given, family, job in found[:RUNS]
    ]
    return lines, lines[-1].code if len(found) > RUNS else ""


def _line(run: ImportRun, by: str, job: jobs.JobStatus | None) -> RunLine:
    return RunLine(run.code, run.file_name, run.importer, run.started_at, by, standing.state(run, job), counts(run))


def counts(run: ImportRun) -> dict[str, int]:
    """How many rows came to what, as far as the import or its check came; empty before."""
    found = {name: getattr(run, name) for name in ("created", "updated", "unchanged", "rejected")}
    return found if run.state not in ("waiting", "checking") else {}


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """A column of a file: its name there, what its first cell says, and which of ours it is."""

    title: str
    example: str
    ours: str


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One of the first rows, as it is read."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a file looks like, read as was chosen."""

    note: str = ""
    is_workbook: bool = False
    is_foreign: bool = False
    foreign: LazyText | str = ""
    """What kind of file of another system it seems to be."""
    columns: list[SampleColumn] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    left_out: Sequence[Fault] = ()
    missing: list[Column] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    rows: list[SampleRow] = field(default_factory=list)


def sample(stream: BinaryIO, file: ImportFile, importer: Importer) -> Sample:
    """Read the beginning of a file. Raises CsvError and what else says that it cannot be read."""
    table = source.columns(stream, file)
    lines = list(islice(table, FIRST))
    form = form_of(importer.name, table.header)
    first = lines[0].cells if lines else {}
    names = dict(zip(table.header, table.columns, strict=True))
    columns = [SampleColumn(title, _short(first.get(names[title], "")), file.columns.get(title, "")) for title in table.header]
    left_out = form.left_out if form and file.is_foreign else ()
    out = {fault.column for fault in left_out}
    kept = [title for title in table.header if (names[title] not in out if file.is_foreign else file.columns.get(title))]
    titles = {column.name: str(column.title) for column in importer.columns}
    return Sample(
        note=_read_as(table), is_workbook=table.encoding == "xlsx", is_foreign=file.is_foreign, foreign=form.title if form else "",
        columns=columns, taken=kept, left_out=left_out, missing=source.missing(importer, table.header, file),
        shown=kept if file.is_foreign else [titles.get(file.columns[title], title) for title in kept],
        rows=[_row(line, [names[title] for title in kept]) for line in lines],
    )  # fmt: skip


def _row(line: Line, names: Sequence[str]) -> SampleRow:
    return SampleRow(line.number, [_short(line.cells.get(name, "")) for name in names], line.problem.sentence() if line.problem else "")


def _read_as(table: Table) -> str:
    if table.encoding == "xlsx":
        return _("The first sheet of the workbook.")
    between = {",": _("Comma"), ";": _("Semicolon"), "\t": _("Tab")}.get(table.delimiter, table.delimiter)
    encoding = {"utf-8-sig": "UTF-8", "windows-1252": "Windows-1252"}.get(table.encoding, table.encoding.upper())
    return _("Read as {encoding}; between the cells: {delimiter}.").format(encoding=encoding, delimiter=between.lower())


def _short(text: str) -> str:
    return text if len(text) <= WORDS else text[: WORDS - 1] + "…"


@dataclass(frozen=True, slots=True)
class RowLine:
    """What becomes of a row."""

    line: int
    label: str
    result: str
    detail: Mapping[str, Any]


def rows(session: ReadSession, run: ImportRun, result: str, after: int) -> tuple[list[RowLine], int]:
    """Rows in the order of the file, of one result or all, after a row; and the cursor of the next page."""
    asking = select(_Row.id, _Row.line, _Row.label, _Row.result, _Row.detail).where(_Row.run_id == run.id, _Row.id > after)
    if result:
        asking = asking.where(_Row.result == result)
    found = list(session.execute(asking.order_by(_Row.id).limit(ROWS + 1)))
    lines = [RowLine(row.line, row.label, row.result, row.detail) for row in found[:ROWS]]
    return lines, found[ROWS - 1].id if len(found) > ROWS else 0


def has_rows(session: ReadSession, run: ImportRun) -> bool:
    """Whether it is known what becomes of the rows."""
    return session.scalar(select(_Row.id).where(_Row.run_id == run.id).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of undoing an import."""

    reverted: int
    kept: int
    reasons: list[tuple[int, str]]


def undone(session: ReadSession, run: ImportRun) -> Undone | None:
    """What undoing took back, and what it left with the reason; None where nothing was undone."""
    mine = select(func.count()).select_from(ImportChange).where(_Change.run_id == run.id)
    reverted, kept = session.scalar(mine.where(_Change.left == "")), session.scalar(mine.where(_Change.left != ""))
    if not reverted and not kept:
        return None
    asking = select(_Change.line, _Change.left).where(_Change.run_id == run.id, _Change.left != "").order_by(_Change.id).limit(ROWS)
    return Undone(reverted, kept, [(row.line, row.left) for row in session.execute(asking)])


def undoable(session: ReadSession, run_id: int) -> int:
    """How many changes wait to be taken back."""
    pending = select(func.count()).select_from(ImportChange).where(_Change.run_id == run_id, _Change.left.is_(None))
    found: int = session.scalar(pending)
    return found
