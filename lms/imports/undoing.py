"""Taking a whole import back, last change first; what cannot be taken back is listed with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from lms.imports import foreign
from lms.imports.models import ImportChange, ImportRun
from lms.kernel import audit, clock
from lms.kernel.database import Database, Origin, Session
from lms.kernel.errors import Forbidden, NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Importer
from lms.kernel.many import change_rows
from lms.kernel.permissions import Actor
from lms.kernel.reverting import USED, Reason

# SQLModel types a column as its value; in a statement it is a column.
_Run: Any = ImportRun
_Change: Any = ImportChange
_TABLE: Any = ImportChange.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table


class NotUndoable(Refused):
    """The run has not ended, or was taken back already."""

    message = N_("This import cannot be undone now: it still runs, or was undone already.")


@dataclass(slots=True)
class Undone:
    """How many changes were taken back, and which were left alone: line of the file and reason."""

    count: int = 0
    left: list[tuple[int, str]] = field(default_factory=list)


def undo(
    database: Database,
    actor: Actor,
    importers: Mapping[str, Importer],
    code: str,
    origin: Origin | None = None,
    told: Callable[[int], None] | None = None,
) -> Undone:
    """Take an import back, some hundred changes in a transaction. Called again, it goes on. `told` hears how many are done.

    Raises NotFound, Forbidden, NotUndoable.
    """
    importer, run_id = _begin(database, actor, importers, code, origin)
    undone = Undone()
    more = True
    while more:
        with database.transaction(origin) as session:
            more = _some(session, actor, importer, run_id, undone)
            if not more:
                _finish(session, actor, run_id, undone)
        if told:
            told(undone.count + len(undone.left))
    return undone


def _begin(database: Database, actor: Actor, importers: Mapping[str, Importer], code: str, origin: Origin | None) -> tuple[Importer, int]:
    with database.transaction(origin) as session:
        run: ImportRun | None = session.scalars(select(ImportRun).where(_Run.code == code).with_for_update()).first()
        if run is None or run.importer not in importers:
            raise NotFound(N_("There is no import with this code."))
        importer = importers[run.importer]
        if not actor.can_anywhere(importer.permission):
            raise Forbidden()
        if run.state not in ("done", "failed", "cancelled", "undoing"):
            raise NotUndoable()
        run.state = "undoing"
        return importer, run.id or 0


def _some(session: Session, actor: Actor, importer: Importer, run_id: int, undone: Undone) -> bool:
    waiting = select(_TABLE).where(_TABLE.c.run_id == run_id, _TABLE.c.left.is_(None)).order_by(_TABLE.c.id.desc()).limit(importer.piece)
    rows: Any = session.rows(waiting).all()
    if not rows:
        return False
    changes = [Change(row.kind, row.identifier, row.before, row.after, row.person_id) for row in rows]
    reasons = _revert(session, actor, importer, changes)
    change_rows(session, _TABLE, [(row.id, {"left": str(reason or "")}) for row, reason in zip(rows, reasons, strict=True)])
    undone.left += [(row.line, str(reason)) for row, reason in zip(rows, reasons, strict=True) if reason]
    undone.count += sum(reason is None for reason in reasons)
    return True


def _revert(session: Session, actor: Actor, importer: Importer, changes: Sequence[Change]) -> list[Reason]:
    """Together; where the database refuses, one by one."""
    try:
        with session.attempt():
            return foreign.revert(importer, session, actor, changes)
    except IntegrityError:
        if len(changes) == 1:
            return [USED]
        return [reason for change in changes for reason in _revert(session, actor, importer, [change])]


def _finish(session: Session, actor: Actor, run_id: int, undone: Undone) -> None:
    session.execute(update(ImportRun).where(_Run.id == run_id).values(state="undone", undone_at=clock.now()))
    audit.record(session, actor, "import.undone", "import", run_id, None, {"undone": undone.count, "left": len(undone.left)})
