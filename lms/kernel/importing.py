"""What a plugin declares so that its rows can come in from a file and go out again.

The `imports` plugin reads files, keeps count, writes the rejected rows and undoes; each plugin knows its own rules. An importer is asked
for a few hundred rows at a time, so that it can look everything up in a constant number of questions and write in bulk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from lms.kernel.errors import Invalid, Refused
from lms.kernel.i18n import N_, LazyText

if TYPE_CHECKING:
    from lms.kernel.database import ReadSession, Session
    from lms.kernel.permissions import Actor

Mode = Literal["add", "update", "upsert"]
"""add: rows that are there already are rejected; update: rows that are not there are rejected; upsert: both are taken."""
PIECE = 500
Result = Literal["created", "updated", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. A required one must be in the header and filled in every row: rows without it never reach `take`."""

    name: str
    title: LazyText | str
    definition: LazyText | str = ""
    """What may stand in it, in a few words, with an example."""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: the column (empty for the row as a whole), the value as read, and a sentence."""

    column: str
    value: str
    reason: LazyText | str


@dataclass(frozen=True, slots=True)
class Change:
    """What a row did to one stored thing, kept so that it can be undone: `before` is None for something new.

    Values are what JSON holds; dates and decimals are written as text on the way, and come back to `revert` as text.
    """

    kind: str
    identifier: int | str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    person_id: int | None = None
    """Whom it is about: the values are forgotten with that person."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One row of a file: its line, counted from 1, and its cells by column; only the columns of the file are there."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row. `notes` are remarks that stop nothing, as a gender that is not understood."""

    line: int
    result: Result
    faults: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(slots=True)
class Underway:
    """A row on its way, and what is wrong with it so far. Importers add what their rows say."""

    row: Incoming
    faults: list[Fault] = field(default_factory=list, kw_only=True)

    def refuse(self, column: str, reason: LazyText | str, value: str | None = None) -> None:
        """Note what is wrong with a cell, or with a part of it."""
        self.faults.append(Fault(column, self.row.cells.get(column, "") if value is None else value, reason))


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON holds them: dates, times and decimals as text."""
    return {name: str(value) if isinstance(value, date | Decimal) else value for name, value in values.items()}


def faults_of(refusal: Refused, cells: Mapping[str, str], columns: Mapping[str, str]) -> tuple[Fault, ...]:
    """What a service refused, by the columns of a file, with their cells. `columns`: what fields are called there, where they differ."""
    if not isinstance(refusal, Invalid):
        return (Fault("", "", refusal.sentence()),)
    named = ((columns.get(field, field), sentence) for field, sentence in refusal.errors.items())
    return tuple(Fault(column, cells.get(column, ""), sentence) for column, sentence in named)


def mode_fault(mode: Mode, is_there: bool, column: str, value: str) -> Fault | None:
    """What is wrong with a row that the mode does not take; None where it does."""
    if mode == "add" and is_there:
        return Fault(column, value, N_("This is there already, and only new rows are taken."))
    if mode == "update" and not is_there:
        return Fault(column, value, N_("This is not there yet, and no new rows are taken."))
    return None


Take = Callable[["Session", "Actor", Sequence[Incoming], Mode], Iterable[Outcome]]
"""(session, who imports, some rows of the file in order, mode) -> one outcome for each row, in the same order. Cells that are not in a
row leave what is stored alone. Every row is checked against the scope of who imports. Later calls of one import come in the same
transaction or in the next."""
Give = Callable[["ReadSession", "Actor"], Iterator[Sequence[Any]]]
"""(read session, who exports) -> the rows within her reach, in the order of the columns; what it yields can be imported again."""
Revert = Callable[["Session", "Actor", Sequence[Change]], Iterable[LazyText | str | None]]
"""(session, who undoes, changes, last first) -> for each, None where it was taken back, else why it was left alone: somebody changed it
since, or other things hang on it now."""


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file: its columns, in their order, and the functions that take rows in, give them out and take them back."""

    name: str
    title: LazyText | str
    columns: tuple[Column, ...]
    permission: str
    """Needed to import; held anywhere is enough, `take` checks each row."""
    take: Take
    give: Give
    revert: Revert
    export_permission: str = ""
    """Needed to export; empty: the same."""
    weight: int = 50
    """Its place among the others: what others refer to comes first."""
    synonyms: Mapping[str, str] = field(default_factory=dict)
    """Names that other systems give to columns, in small letters -> ours."""
    key: tuple[str, ...] = ()
    """Columns that say which thing a row is about. A second row about the same thing in one file is rejected, or unchanged where it says
    the same; `take` never sees it. Empty: not looked at."""
    piece: int = PIECE
    """Rows taken at a time: many where rows refer to later ones, as in a tree."""

    @property
    def known(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that a file must have."""
        return tuple(column.name for column in self.columns if column.required)
