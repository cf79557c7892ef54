"""Writing down what becomes of each row of an import while it is checked or brought in, and how far the work is."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from sqlalchemy import insert, update

from lms.imports.given import ImportFile, ImportRow
from lms.imports.running import Counts, Following
from lms.imports.source import Source
from lms.kernel.csvio import Line
from lms.kernel.database import Session
from lms.kernel.i18n import _, format_number
from lms.kernel.importing import Change, Fault, Outcome
from lms.kernel.jobs import JobRun, LeaseLost

# SQLModel types a column as its value; in a statement it is a column.
_File: Any = ImportFile
_ROWS: Any = insert(ImportRow.__table__)  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

WORDS = 200
"""Characters of a value that are kept to be shown."""
_DERIVED = ("search_text", "version", "macro_id", "level")


class Rows(Following):
    """Gathers what becomes of rows, and tells how far the work is."""

    def __init__(self, run: JobRun, run_id: int, source: Source, total: int, seen: int = 0) -> None:
        self.run, self.run_id, self.source, self.total, self.seen = run, run_id, source, total, seen
        self.waiting: list[dict[str, Any]] = []
        self.last_line = 0
        self._titles = {column.name: str(column.title) for column in source.importer.columns}

    def told(self, line: Line, outcome: Outcome) -> None:
        """Hear of a row. Raises Cancelled, LeaseLost."""
        self.waiting.append(self._row(line, outcome))
        self.seen += 1
        self.last_line = max(self.last_line, line.number)
        note = _("{done} of {total} rows").format(done=format_number(self.seen), total=format_number(self.total))
        self.run.progress(self.seen, self.total, note)

    def _row(self, line: Line, outcome: Outcome) -> dict[str, Any]:
        detail = {"changes": self._changes(line, outcome), "faults": _told(outcome.faults), "notes": _told(outcome.notes)}
        return {
            "run_id": self.run_id, "line": line.number, "label": self.source.label(line.cells), "result": outcome.result,
            "detail": {name: value for name, value in detail.items() if value},
            "cells": [*map(self._kept, count(), line.raw)] if outcome.result == "rejected" else None,
        }  # fmt: skip

    def _kept(self, number: int, cell: str) -> str:
        """A cell to be mended: all of them but passwords, which other systems write into their files."""
        header = self.source.table.header
        return "" if number < len(header) and header[number].lower() == "password" else cell

    def _changes(self, line: Line, outcome: Outcome) -> list[list[tuple[str, str | None, str | None]]]:
        if outcome.result == "created":  # what the file says is clearer than what is stored
            return [
                [(self._titles.get(name, name), None, _short(text)) for name, text in line.cells.items() if text and name != "password"]
            ]
        return [values for change in outcome.changes if (values := self._values(change))]

    def _values(self, change: Change) -> list[tuple[str, str | None, str | None]]:
        before: Mapping[str, Any] = change.before or {}
        names = [name for name in change.after if name not in _DERIVED and change.after[name] != before.get(name)]
        return [(self._title(name), _shown(before.get(name)), _shown(change.after[name])) for name in names]

    def _title(self, name: str) -> str:
        """What a stored value is called on the pages: mostly as the column of the file."""
        bare = name.removesuffix("_code").removesuffix("_id").removesuffix("_on")
        return self._titles.get(name) or self._titles.get(bare) or name

    def write(self, session: Session) -> None:
        """Keep what was heard since the last time."""
        session.write_many(_ROWS, self.waiting)
        self.waiting = []


class Checking(Rows):
    """A dry run: rows are kept after each transaction, which takes everything else back."""

    def between(self) -> None:
        """See Following."""
        with self.run.database.transaction() as session:
            self.write(session)


class BringingIn(Rows):
    """An import: rows are kept in the transaction that brings them in, with how far it came."""

    def __init__(self, run: JobRun, file: ImportFile, source: Source, total: int, counts: Counts) -> None:
        seen = counts.created + counts.updated + counts.unchanged + counts.rejected
        super().__init__(run, file.run_id, source, total, seen)
        self.counts = counts
        self.done_line = file.done_line

    def beside(self, session: Session) -> None:
        """See Following. Raises LeaseLost where another worker has gone on with the file."""
        self.write(session)
        line = max(self.last_line, self.done_line)
        mine = update(ImportFile).where(_File.run_id == self.run_id, _File.done_line == self.done_line)
        if session.execute(mine.values(done_line=line).returning(_File.run_id)).first() is None:
            raise LeaseLost()
        self.done_line = line


def _told(faults: Sequence[Fault]) -> list[tuple[str, str, str]]:
    return [(fault.column, _short(fault.value), str(fault.reason)) for fault in faults]


def _short(text: str) -> str:
    return text if len(text) <= WORDS else text[: WORDS - 1] + "…"


def _shown(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return _short(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
