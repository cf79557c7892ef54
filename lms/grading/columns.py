"""The columns of gradebooks, and what their grades were at each version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, select

from lms.courses.models import Activity, Module
from lms.grading.gradebook import Score
from lms.grading.models import GradeItem
from lms.kernel.database import ReadSession

# SQLModel types a column as its value; in a statement it is a column.
_Item: Any = GradeItem
_Activity: Any = Activity
_Module: Any = Module


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a gradebook. `counts` is false for an assignment that trainees do not see: nobody is missing there."""

    id: int
    cohort_id: int
    activity_id: int | None
    name: str
    points: Decimal
    pass_points: Decimal
    weight: Decimal
    required: bool
    counts: bool

    def score(self, points: Decimal | None) -> Score:
        """The column for one person, with the released points."""
        return Score(points, self.points, self.weight, self.required and self.counts)


@dataclass(frozen=True, slots=True)
class Change:
    """What a grade was at one version."""

    points: Decimal | None
    at: datetime
    status: str
    name: str = ""


_COLUMNS: Any = (
    select(_Item.id, _Item.cohort_id, _Item.activity_id, _Item.name, _Item.points, _Item.pass_points, _Item.weight,
           func.coalesce(_Activity.required, True), func.coalesce(_Activity.published, True))
    .outerjoin(Activity, _Activity.id == _Item.activity_id)
    .outerjoin(Module, _Module.id == _Activity.module_id)
    .where(_Item.cohort_id.in_(bindparam("cohorts", expanding=True)))
    .order_by(_Item.activity_id.is_(None), _Module.position, _Module.id, _Activity.position, _Activity.id, _Item.position, _Item.id)
)  # fmt: skip


def columns_of(session: ReadSession, cohort_ids: Sequence[int]) -> list[Column]:
    """The columns of these cohorts in the order of their courses; those filled in by hand come last. One query."""
    rows: Any = session.rows(_COLUMNS, {"cohorts": list(cohort_ids)})
    return [Column(*row) for row in rows]
