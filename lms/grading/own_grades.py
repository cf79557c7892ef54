"""What a trainee sees of her own grades. A constant number of queries, however many cohorts and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, bindparam, select

from lms.courses.models import Cohort
from lms.enrollment.models import Enrolment
from lms.grading.columns import Change, Column, columns_of
from lms.grading.gradebook import final_total, running_total
from lms.grading.models import Grade, GradeChange, Submission
from lms.kernel.database import ReadSession

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Change: Any = GradeChange
_Submission: Any = Submission
_Enrolment: Any = Enrolment
_Cohort: Any = Cohort


@dataclass(frozen=True, slots=True)
class Line:
    """A column for one person: the released grade, or how far the work is."""

    column: Column
    state: str
    """ "released", "handed_in" or "missing"."""
    points: Decimal | None = None
    feedback_html: str = ""
    released_at: datetime | None = None
    history: tuple[Change, ...] = ()

    @property
    def has_passed(self) -> bool | None:
        """Whether the pass mark is reached; None where there is none, or no grade."""
        if self.points is None or not self.column.pass_points:
            return None
        return self.points >= self.column.pass_points


@dataclass(frozen=True, slots=True)
class CohortGrades:
    """The grades of one person in one cohort."""

    code: str
    title: str
    is_over: bool
    lines: list[Line]

    @property
    def running(self) -> Decimal | None:
        """The total of what has been graded."""
        return running_total(line.column.score(line.points) for line in self.lines)

    @property
    def final(self) -> Decimal | None:
        """The total where what is missing counts as zero."""
        return final_total(line.column.score(line.points) for line in self.lines)

    @property
    def graded(self) -> int:
        """How many grades can be seen."""
        return sum(line.points is not None for line in self.lines)


_ENROLLED: Any = (
    select(_Cohort.id, _Cohort.code, _Cohort.title, _Cohort.status, _Enrolment.status.label("enrolment"))
    .join(Enrolment, _Enrolment.cohort_id == _Cohort.id)
    .where(_Enrolment.person_id == bindparam("person_id"), _Enrolment.status != "withdrawn", _Cohort.status != "draft")
    .order_by(_Cohort.starts_on.desc(), _Cohort.id.desc())
)
_IN_COHORT: Any = _ENROLLED.where(_Cohort.id == bindparam("cohort_id"))
_RELEASED: Any = (
    select(_Grade.grade_item_id, _Grade.points.label("present"), _Grade.feedback_html, _Grade.released_at, _Change.points,
           _Change.changed_at, _Change.status)
    .join(GradeChange, and_(_Change.grade_id == _Grade.id, _Change.status == "released"))
    .where(_Grade.person_id == bindparam("person_id"), _Grade.status == "released")
    .where(_Grade.grade_item_id.in_(bindparam("items", expanding=True)))
    .order_by(_Grade.id, _Change.version)
)  # fmt: skip
_HANDED_IN: Any = select(_Submission.activity_id).where(
    _Submission.person_id == bindparam("person_id"), _Submission.cohort_id.in_(bindparam("cohorts", expanding=True)), _Submission.latest
)


def grades_of(session: ReadSession, person_id: int, cohort_id: int | None = None) -> list[CohortGrades]:
    """What a person can see of her own grades, the newest cohort first. Four queries; two where she is nowhere enrolled."""
    statement = _ENROLLED if cohort_id is None else _IN_COHORT
    cohorts: Any = session.rows(statement, {"person_id": person_id, "cohort_id": cohort_id}).all()
    columns = columns_of(session, [row.id for row in cohorts])
    if not columns:
        return []
    released = _released(session, person_id, [column.id for column in columns])
    handed_in = _handed_in(session, person_id, [row.id for row in cohorts])
    lines: dict[int, list[Line]] = {row.id: [] for row in cohorts}
    for column in columns:
        line = _line(column, released.get(column.id, []), handed_in)
        if column.counts or line.state != "missing":
            lines[column.cohort_id].append(line)
    return [
        CohortGrades(row.code, row.title, row.status == "closed" or row.enrolment in ("completed", "failed"), lines[row.id])
        for row in cohorts
        if lines[row.id]
    ]


def _released(session: ReadSession, person_id: int, item_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The released grades with the versions that could be seen, the first one first."""
    rows: Any = session.rows(_RELEASED, {"person_id": person_id, "items": list(item_ids)})
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.grade_item_id, []).append(row)
    return found


def _handed_in(session: ReadSession, person_id: int, cohort_ids: Sequence[int]) -> set[int]:
    rows: Any = session.rows(_HANDED_IN, {"person_id": person_id, "cohorts": list(cohort_ids)})
    return {activity_id for (activity_id,) in rows}


def _line(column: Column, versions: list[Any], handed_in: set[int]) -> Line:
    if not versions:
        return Line(column, "handed_in" if column.activity_id in handed_in else "missing")
    last = versions[-1]
    history = tuple(Change(row.points, row.changed_at, row.status) for row in versions)
    return Line(column, "released", last.present, last.feedback_html, last.released_at, history)
