"""Files that pages hand out: everything of a kind that a person may see, and the rejected rows of an import."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select

from lms.imports.exporting import Sheet
from lms.imports.given import ImportFile, ImportRow
from lms.imports.models import ImportRun
from lms.imports.rejecting import REASON, words
from lms.kernel import csvio
from lms.kernel.database import Database, ReadSession
from lms.kernel.errors import Forbidden
from lms.kernel.importing import Fault, Importer
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Row: Any = ImportRow

SOME = 500
"""Rows read at a time."""


def may_export(actor: Actor, importer: Importer) -> bool:
    """Whether the person may take out rows of this kind anywhere."""
    return actor.can_anywhere(importer.export_permission or importer.permission)


def require(actor: Actor, importer: Importer) -> None:
    """Raise Forbidden unless the person may take out rows of this kind anywhere."""
    if not may_export(actor, importer):
        raise Forbidden()


def everything(database: Database, actor: Actor, importer: Importer, ending: str) -> Iterator[bytes]:
    """The rows within somebody's reach as csv or xlsx, made while the file is fetched."""
    with database.reading() as session:
        sheet = Sheet(session, actor, importer)
        yield from sheet.as_workbook() if ending == "xlsx" else sheet.as_csv(bom=True)


def rejected(database: Database, run: ImportRun) -> Iterator[bytes]:
    """The rejected rows of an import as they stood in the file, with a last column that says why."""
    with database.reading() as session:
        file = session.get(ImportFile, run.id)
        titles = list(file.columns) if file else []
        kept = [title for title in titles if title.lower() != REASON]
        yield from csvio.write([*kept, REASON], _rejected(session, run, titles), bom=True)


def _rejected(session: ReadSession, run: ImportRun, titles: Sequence[str]) -> Iterator[Sequence[Any]]:
    mine = select(_Row.id, _Row.line, _Row.cells, _Row.detail).where(_Row.run_id == run.id, _Row.result == "rejected").order_by(_Row.id)
    after = 0
    # Some at a time: a cursor of the database would need a transaction for as long as somebody fetches the file.
    while found := session.rows(mine.where(_Row.id > after).limit(SOME)).all():
        for row in found:
            padded = [*(row.cells or ()), *[""] * len(titles)]
            cells = [cell for title, cell in zip(titles, padded, strict=False) if title.lower() != REASON]
            faults = [Fault(*told) for told in row.detail.get("faults", ())]
            yield [*cells, "; ".join(words(fault, row.line) for fault in faults)]
        after = found[-1].id
