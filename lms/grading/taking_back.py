"""Taking imported grades back. What one was is never deleted: it gets a version without points, or the one before again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import insert, select, update

from lms.courses.models import Cohort
from lms.grading.events import GradesImported
from lms.grading.models import Grade, GradeChange, GradeItem
from lms.grading.points import plain as points_text
from lms.kernel import clock, richtext
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Forbidden
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, plain
from lms.kernel.many import change_rows
from lms.kernel.permissions import Actor
from lms.kernel.reverting import CHANGED, GONE, USED, Reason, revert_by_kind, revert_rows

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Item: Any = GradeItem
_Cohort: Any = Cohort
_TABLE: Any = Grade.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table
_HISTORY: Any = GradeChange.__table__  # type: ignore[attr-defined]

PERMISSIONS = ("grading.grade", "grading.release")
"""Who writes grades down from a file also releases them."""
FIELDS = ("points", "feedback", "feedback_html", "status", "version", "graded_by", "graded_at", "released_at")
NOTE: Any = insert(_HISTORY)
EMPTY = N_("Its grades are undone, but their history is kept: the column stays, with the weight 0.")


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """What an import remembers of a grade."""
    return {
        "points": points_text(values["points"]), "feedback": values["feedback"], "status": values["status"],
        "graded_at": values["graded_at"],
    }  # fmt: skip


def revert(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    """Take changes back: grades first, then the columns that were made for them. What somebody changed since stays."""
    return revert_by_kind(changes, {"grade": partial(_grades, session, actor), "grade_item": partial(_columns, session, actor)})


def _grades(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    columns: Any = (_Grade.id, *(getattr(_Grade, name) for name in FIELDS), _Item.cohort_id)
    ids = {int(change.identifier) for change in changes}
    chosen = select(*columns).join(GradeItem, _Item.id == _Grade.grade_item_id).where(_Grade.id.in_(ids)).order_by(_Grade.id)
    known = {row.id: row for row in session.rows(chosen.with_for_update(of=_TABLE))}
    reached = _reached(session, actor, {row.cohort_id for row in known.values()})
    reasons = [_objection(change, known.get(int(change.identifier)), reached) for change in changes]
    free = [change for change, reason in zip(changes, reasons, strict=True) if reason is None]
    written = [_before(actor, change, known[int(change.identifier)]) for change in free]
    change_rows(session, _TABLE, written)
    session.write_many(NOTE, [version(actor, grade_id, values, clock.now()) for grade_id, values in written])
    if written:
        told = {known[grade_id].cohort_id for grade_id, _values in written}
        session.emit(GradesImported(tuple(grade_id for grade_id, _values in written), tuple(sorted(told))))
    return reasons


def version(actor: Actor, grade_id: int, values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The row of history of a grade with these values."""
    same = {name: values[name] for name in ("points", "feedback", "status", "version")}
    return {"grade_id": grade_id, "changed_by": actor.id, "changed_at": at, **same}


def _reached(session: ReadSession, actor: Actor, cohort_ids: set[int]) -> set[int]:
    chosen: Any = session.scalars(select(Cohort).where(_Cohort.id.in_(cohort_ids)))
    return {cohort.id for cohort in chosen if all(actor.can(permission, cohort.scope) for permission in PERMISSIONS)}


def _objection(change: Change, row: Any, reached: set[int]) -> Reason:
    if row is None:
        return GONE
    if row.cohort_id not in reached:
        return Forbidden().sentence()
    return None if plain(shown(row._mapping)) == plain(change.after) else CHANGED


def _before(actor: Actor, change: Change, row: Any) -> tuple[int, dict[str, Any]]:
    """The id of the grade, and what it becomes again: one without points where it was new."""
    known = change.before or {"points": "", "feedback": "", "status": "marked", "graded_at": str(clock.now())}
    graded_at = datetime.fromisoformat(str(known["graded_at"]))
    return row.id, {
        "points": Decimal(known["points"]) if known["points"] else None, "feedback": known["feedback"],
        "feedback_html": richtext.render(known["feedback"]) if known["feedback"] else "", "status": known["status"],
        "version": row.version + 1, "graded_by": actor.id, "graded_at": graded_at,
        "released_at": graded_at if known["status"] == "released" else None,
    }  # fmt: skip


def _columns(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    ids = {int(change.identifier) for change in changes}
    cohorts: Any = session.rows(select(_Item.id, _Item.cohort_id).where(_Item.id.in_(ids))).all()
    reached = _reached(session, actor, {cohort_id for _item_id, cohort_id in cohorts})
    barred = {item_id for item_id, cohort_id in cohorts if cohort_id not in reached}
    found = iter(revert_rows(session, GradeItem, [change for change in changes if int(change.identifier) not in barred]))
    reasons: list[Reason] = [Forbidden().sentence() if int(c.identifier) in barred else next(found) for c in changes]
    used = {int(change.identifier) for change, reason in zip(changes, reasons, strict=True) if reason == USED}
    filled = set(session.scalars(select(_Grade.grade_item_id).where(_Grade.grade_item_id.in_(used), _Grade.points.is_not(None)).distinct()))
    session.execute(update(GradeItem).where(_Item.id.in_(used - filled)).values(weight=Decimal(0)))
    return [EMPTY if int(c.identifier) in used - filled else reason for c, reason in zip(changes, reasons, strict=True)]
