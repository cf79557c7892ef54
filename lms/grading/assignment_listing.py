"""What the API shows of assignments, within what a person may see: one select for a page of them or for one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select

from lms.courses.models import Activity, Cohort, Module
from lms.courses.seeing import in_cohorts
from lms.grading.models import Assignment
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_Assignment: Any = Assignment
_Cohort: Any = Cohort
_Module: Any = Module


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment of a cohort, whose code is `cohort`; the instructions are Markdown."""

    id: int
    cohort: str
    title: str
    instructions: str
    max_score: Decimal
    pass_score: Decimal
    weight: Decimal
    required: bool
    published: bool
    opens_at: datetime | None
    due_at: datetime | None
    cutoff_at: datetime | None
    allow_text: bool
    max_files: int
    max_file_mb: int
    file_types: tuple[str, ...]


_ASSIGNMENTS: Any = (
    select(_Activity.id, _Cohort.code, _Activity.title, _Activity.body, _Assignment.points, _Assignment.pass_points, _Assignment.weight,
           _Activity.required, _Activity.published, _Module.opens_at, _Activity.due_at, _Activity.cutoff_at, _Assignment.allow_text,
           _Assignment.max_files, _Assignment.max_file_mb, _Assignment.file_types)
    .join(Assignment, _Assignment.activity_id == _Activity.id)
    .join(Module, _Module.id == _Activity.module_id)
    .join(Cohort, _Cohort.id == _Activity.cohort_id)
)  # fmt: skip


def assignments(session: ReadSession, me: Actor, cohort: str = "", after: int = 0, limit: int = 50) -> list[AssignmentRow]:
    """What a trainee can open, and everything in cohorts that a person looks after, by id, beginning after `after`. One query.

    `cohort`: the code of one; empty: all.
    """
    chosen = _ASSIGNMENTS.where(_seen_by(me), _Activity.id > after, *([_Cohort.code == cohort] if cohort else []))
    return [_row(row) for row in session.rows(chosen.order_by(_Activity.id).limit(limit))]


def assignment(session: ReadSession, me: Actor, activity_id: int) -> AssignmentRow:
    """One assignment. One query. Raises NotFound, also for one that is not open to this person."""
    row = session.rows(_ASSIGNMENTS.where(_seen_by(me), _Activity.id == activity_id)).first()
    if row is None:
        raise NotFound()
    return _row(row)


def _seen_by(me: Actor) -> Any:
    """The condition of `load_learning` and `load_open_activity`, for many at once."""
    keeps = [in_cohorts(_Activity.cohort_id, me.reach(name)) for name in ("courses.adapt", "courses.run")]
    if any(condition is None for condition in keeps):
        return _Activity.cohort_id.is_not(None)
    learns = in_cohorts(_Activity.cohort_id, me.reach("courses.learn"))
    is_open = and_(_Cohort.status != "draft", _Activity.published, or_(_Module.opens_at.is_(None), _Module.opens_at <= clock.now()))
    return or_(*keeps, is_open if learns is None else and_(learns, is_open))


def _row(row: Any) -> AssignmentRow:
    values = [*row[:-1], tuple(row[-1].split())]
    return AssignmentRow(*values)
