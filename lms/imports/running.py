"""Bringing a file in: piece by piece, each row for itself, in one transaction or in batches; or only trying it out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.exc import DataError, IntegrityError

from lms.imports.models import ImportChange, ImportRun
from lms.kernel import audit, clock
from lms.kernel.csvio import CellTooLong, ControlCharacter, CsvError, Line, Table
from lms.kernel.database import Database, Origin, Session
from lms.kernel.errors import Forbidden, Refused
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Fault, Importer, Incoming, Mode, Outcome, faults_of, plain
from lms.kernel.permissions import Actor
from lms.kernel.text import random_code

# SQLModel types a column as its value; in a statement it is a column.
_Run: Any = ImportRun
_Change: Any = ImportChange
_CHANGES: Any = insert(ImportChange.__table__)  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

MANY = 5_000
HEAVY = 4_000_000
"""Characters that are held in memory before rows are taken or told of, however few they are."""
Told = Callable[[Line, Outcome], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with a file."""

    importer: Importer
    actor: Actor
    mode: Mode = "upsert"
    batch: int = 0
    """Rows in one transaction; 0: the whole file. On a busy campus small ones let others write in between."""
    dry_run: bool = False
    """Everything is done and taken back."""
    file_name: str = ""


@dataclass(slots=True)
class Counts:
    """How many rows came to what."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one row."""
        setattr(self, outcome.result, getattr(self, outcome.result) + 1)

    def as_json(self) -> dict[str, int]:
        """The counts by their names."""
        return {"created": self.created, "updated": self.updated, "unchanged": self.unchanged, "rejected": self.rejected}


@dataclass(slots=True)
class Done:
    """What came of a file; `run_id` and `code` are those of the run, 0 and empty after a dry run."""

    counts: Counts = field(default_factory=Counts)
    run_id: int = 0
    code: str = ""


class Following:
    """Who writes down more about a run than it does itself."""

    counts = Counts()
    """Of rows that came in earlier."""

    def beside(self, session: Session) -> None:
        """Called at the end of every transaction, but those of a dry run."""

    def between(self) -> None:
        """Called after every transaction."""


class _TakenBack(Exception):
    """A dry run ends."""


def start(session: Session, task: Task, encoding: str = "", state: str = "running") -> ImportRun:
    """Note that a file comes in. Raises Forbidden."""
    if not task.actor.can_anywhere(task.importer.permission):
        raise Forbidden()
    return session.add(
        ImportRun(
            code=random_code(), importer=task.importer.name, file_name=task.file_name, mode=task.mode, encoding=encoding, state=state,
            started_by=task.actor.id, started_at=clock.now(),
        )
    )  # fmt: skip


def bring_in(
    database: Database,
    task: Task,
    table: Table,
    told: Told | None = None,
    *,
    run_id: int = 0,
    origin: Origin | None = None,
    follow: "Following | None" = None,
) -> Done:
    """Take a file in; answers the counts. `told` hears of every row, in pieces, before its transaction ends.

    `run_id`: a run that `start` noted before; else a new one is made. `follow` hears of each transaction. Rows at fault are rejected and
    stop nothing. Whatever else fails rolls back, the whole file or its last batch, and is raised. Raises Forbidden, and CsvError where
    the file cannot be read on.
    """
    if not task.actor.can_anywhere(task.importer.permission):
        raise Forbidden()
    follow = follow or Following()
    bringing = _Bringing(task, told, Done(replace(follow.counts), run_id))
    pieces = bringing.pieces(table)
    try:
        while not bringing.is_over:
            with suppress(_TakenBack), database.transaction(origin) as session:
                bringing.transact(session, pieces, table.encoding)
                if task.dry_run:
                    raise _TakenBack()
                follow.beside(session)
            follow.between()
    except Exception as error:
        _note_failure(database, bringing.done if bringing.stands or run_id else None, error)
        raise
    return bringing.done


def _note_failure(database: Database, done: Done | None, error: Exception) -> None:
    """What stopped a run that is in the database already; the batches before stand and can be undone."""
    if done is None or not done.run_id:
        return
    sentence = error.sentence() if isinstance(error, Refused) else type(error).__name__
    with database.transaction() as session:
        session.execute(update(ImportRun).where(_Run.id == done.run_id).values(state="failed", error=sentence, finished_at=clock.now()))


class _Bringing:
    """The state of one file on its way in."""

    def __init__(self, task: Task, told: Told | None, done: Done) -> None:
        self.task, self.told, self.done = task, told, done
        self.is_over = False
        self.stands = False
        """Whether a batch was committed."""
        self._size = min(task.importer.piece, task.batch or task.importer.piece)
        self._untold: list[tuple[Line, Outcome]] = []
        self._weight = 0  # characters read since rows were last told of
        self._seen: dict[int, int] = {}  # of each key: its line, and a digest of its cells; numbers, because files are long

    def transact(self, session: Session, pieces: Iterator[dict[int, Line]], encoding: str) -> None:
        """Take pieces until the batch is full or the file ends."""
        if not self.task.dry_run and not self.done.run_id:
            run = start(session, self.task, encoding)
            self.done.run_id, self.done.code = run.id or 0, run.code
        rows = 0
        for piece in pieces:
            self._take(session, piece)
            rows += len(piece)
            if self.task.batch and rows >= self.task.batch:
                self._tell_all()
                break
        else:
            self._tell_all()
            self.is_over = True
        if not self.task.dry_run:
            self._note(session)
        self.stands = not self.task.dry_run

    def pieces(self, table: Table) -> Iterator[dict[int, Line]]:
        """The rows that can be taken, some at a time, by their keys: no two of them are about the same thing."""
        piece: dict[int, Line] = {}
        waiting: list[Line] = []
        for line in table:
            if fault := self._fault(line):
                self._tell(line, Outcome(line.number, "rejected", (fault,)))
            else:
                self._place(line, piece, waiting)
            self._weight += sum(map(len, line.raw))
            if not piece and self._weight > HEAVY:
                self._tell_all()
            while len(piece) >= self._size or len(waiting) >= self._size or self._weight > HEAVY:
                yield piece
                piece, waiting = self._again(waiting)
                self._tell_all()
        while piece:
            yield piece
            piece, waiting = self._again(waiting)
            self._tell_all()

    def _again(self, lines: Sequence[Line]) -> tuple[dict[int, Line], list[Line]]:
        piece: dict[int, Line] = {}
        waiting: list[Line] = []
        for line in lines:
            self._place(line, piece, waiting)
        return piece, waiting

    def _place(self, line: Line, piece: dict[int, Line], waiting: list[Line]) -> None:
        key = self._key(line)
        if seen := self._seen.get(key):
            self._tell(line, self._repeated(line, seen))
        elif key in piece:
            waiting.append(line)  # what becomes of the first decides
        else:
            piece[key] = line

    def _key(self, line: Line) -> int:
        if not self.task.importer.key:
            return line.number
        return hash(tuple(" ".join(line.cells.get(name, "").casefold().split()) for name in self.task.importer.key))

    def _repeated(self, line: Line, seen: int) -> Outcome:
        first, digest = seen >> 64, seen & _DIGEST
        if digest == _digest(line):
            return Outcome(line.number, "unchanged")
        column = self.task.importer.key[0]
        reason = N_("Line {line} of the file is about the same.").format(line=first)
        return Outcome(line.number, "rejected", (Fault(column, line.cells.get(column, ""), reason),))

    def _fault(self, line: Line) -> Fault | None:
        if line.problem:
            return _told_by_reader(line, line.problem)
        if empty := next((name for name in self.task.importer.required if not line.cells[name]), None):
            return Fault(empty, "", N_("Please fill this in."))
        return None

    def _take(self, session: Session, piece: dict[int, Line]) -> None:
        rows = [Incoming(line.number, line.cells) for line in piece.values()]
        outcomes = self._attempt(session, rows)
        changes = []
        for (key, line), outcome in zip(piece.items(), outcomes, strict=True):
            if outcome.result != "rejected":
                self._seen[key] = line.number << 64 | _digest(line)
                changes += [_stored(self.done.run_id, outcome.line, change) for change in outcome.changes]
            self._tell(line, outcome)
        if not self.task.dry_run:
            session.write_many(_CHANGES, changes)

    def _attempt(self, session: Session, rows: Sequence[Incoming]) -> list[Outcome]:
        """Take rows together; where that fails, one by one, so that the one at fault is found."""
        try:
            with session.attempt():
                return list(self.task.importer.take(session, self.task.actor, rows, self.task.mode))
        except (IntegrityError, DataError, Refused) as error:
            if len(rows) == 1:
                return [Outcome(rows[0].line, "rejected", _faults_of(error))]
            return [outcome for row in rows for outcome in self._attempt(session, [row])]

    def _tell(self, line: Line, outcome: Outcome) -> None:
        """Count a row, and tell of it together with those around it."""
        self.done.counts.add(outcome)
        self._untold.append((line, outcome))
        if len(self._untold) > MANY:
            self._tell_all()

    def _tell_all(self) -> None:
        """Tell in the order of the file."""
        for line, outcome in sorted(self._untold, key=lambda pair: pair[0].number):
            if self.told:
                self.told(line, outcome)
        self._untold.clear()
        self._weight = 0

    def _note(self, session: Session) -> None:
        counts = self.done.counts.as_json()
        values: dict[str, Any] = {**counts, "state": "running"}
        if self.is_over:
            values |= {"state": "done", "finished_at": clock.now()}
            said = {"of": self.task.importer.name, **counts}  # not the name of the file: people name files after people
            audit.record(session, self.task.actor, "import.done", "import", self.done.run_id, None, said)
        session.execute(update(ImportRun).where(_Run.id == self.done.run_id).values(**values))


_DIGEST = (1 << 64) - 1


def _digest(line: Line) -> int:
    return hash(frozenset(line.cells.items())) & _DIGEST


def _told_by_reader(line: Line, problem: CsvError) -> Fault:
    if isinstance(problem, CellTooLong | ControlCharacter):
        column = str(problem.facts["column"])
        return Fault(column, line.cells.get(column, ""), problem.sentence())
    return Fault("", line.raw[0] if line.raw else "", problem.sentence())


def _faults_of(error: Exception) -> tuple[Fault, ...]:
    if isinstance(error, Refused):
        return faults_of(error, {}, {})
    return (Fault("", "", N_("The database refused this row: it contradicts something that is stored.")),)


def _stored(run_id: int, line: int, change: Change) -> dict[str, Any]:
    return {
        "run_id": run_id, "line": line, "kind": change.kind, "identifier": str(change.identifier), "person_id": change.person_id,
        "before": None if change.before is None else plain(change.before), "after": plain(change.after), "left": None,
    }  # fmt: skip
