"""What the API shows of grades, within what a person may see: one select for a page of them or for one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.courses.loading import MEMBERSHIPS, check
from lms.courses.models import Cohort
from lms.courses.seeing import in_cohorts
from lms.enrollment.models import Enrolment
from lms.grading.models import Grade, GradeItem, Submission
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.permissions import Actor, Scope

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Item: Any = GradeItem
_Submission: Any = Submission
_Enrolment: Any = Enrolment
_Person: Any = Person
_Cohort: Any = Cohort


@dataclass(frozen=True, slots=True)
class GradeRow:
    """A grade; `person`, `cohort` and `submission` are codes, `assignment` is the id of one (None: a column filled in by hand)."""

    id: int
    person: str
    cohort: str
    item: str
    assignment: int | None
    submission: str | None
    score: Decimal | None
    max_score: Decimal
    pass_score: Decimal
    feedback: str
    status: str
    version: int
    graded_at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class WantedGrades:
    """What a list is narrowed to: codes of a cohort and a person, an assignment, the name of a column, a state. Empty: all."""

    cohort: str = ""
    person: str = ""
    assignment: int | None = None
    item: str = ""
    status: str = ""

    def conditions(self) -> list[Any]:
        """The same for a statement."""
        pairs = (
            (_Cohort.code, self.cohort or None), (_Person.code, self.person or None), (_Item.activity_id, self.assignment),
            (_Item.name, self.item or None), (_Grade.status, self.status or None),
        )  # fmt: skip
        return [column == value for column, value in pairs if value is not None]


_GRADES: Any = (
    select(_Grade.id, _Person.code.label("person"), _Cohort.code.label("cohort"), _Item.name, _Item.activity_id,
           _Submission.code.label("submission"), _Grade.points, _Item.points.label("most"), _Item.pass_points, _Grade.feedback,
           _Grade.status, _Grade.version, _Grade.graded_at, _Grade.released_at)
    .join(GradeItem, _Item.id == _Grade.grade_item_id)
    .join(Cohort, _Cohort.id == _Item.cohort_id)
    .join(Person, _Person.id == _Grade.person_id)
    .outerjoin(Submission, _Submission.id == _Grade.submission_id)
)  # fmt: skip


def grades(session: ReadSession, me: Actor, wanted: WantedGrades = WantedGrades(), after: int = 0, limit: int = 50) -> list[GradeRow]:
    """A person's own released grades, and those of cohorts whose gradebook she may see, by id, beginning after `after`. One query."""
    chosen = _GRADES.where(*_seen_by(me), *wanted.conditions(), _Grade.id > after)
    rows: Any = session.rows(chosen.order_by(_Grade.id).limit(limit))
    return [GradeRow(*row) for row in rows]


def _seen_by(me: Actor) -> list[Any]:
    within = in_cohorts(_Item.cohort_id, me.reach("grading.view"))
    return [] if within is None else [within | _is_shown_to(me.id or 0)]


def _is_shown_to(person_id: int) -> Any:
    """The condition that a grade is this person's own and released, in a cohort that she has not left."""
    left = select(_Enrolment.id).where(
        _Enrolment.cohort_id == _Item.cohort_id, _Enrolment.person_id == person_id, _Enrolment.status == "withdrawn"
    )
    own = (_Grade.person_id == person_id) & (_Grade.status == "released")
    return own & (_Cohort.status != "draft") & ~left.correlate(GradeItem).exists()


def grade(session: ReadSession, me: Actor, grade_id: int) -> GradeRow:
    """One grade, for somebody who may see it. One query; two where it is refused. Raises NotFound, Forbidden."""
    row: Any = session.rows(_GRADES.where(*_seen_by(me), _Grade.id == grade_id)).first()
    if row is None:
        _refuse(session, me, grade_id)
    return GradeRow(*row)


def _refuse(session: ReadSession, me: Actor, grade_id: int) -> None:
    """Raise NotFound to strangers, and for one's own grade that is not released; Forbidden to members of the cohort."""
    found: Any = session.rows(
        select(_Grade.person_id, _Cohort.id, _Cohort.course_id, _Cohort.programme_id)
        .join(GradeItem, _Item.id == _Grade.grade_item_id)
        .join(Cohort, _Cohort.id == _Item.cohort_id)
        .where(_Grade.id == grade_id)
    ).first()
    if found and found.person_id != me.id:
        check(me, "grading.view", Scope(found.programme_id, found.course_id, found.id), *MEMBERSHIPS)
    raise NotFound()


def grade_of_work(session: ReadSession, me: Actor, submission: Submission) -> GradeRow | None:
    """The grade that this attempt was given, as far as the person may see it; None where there is none. One query."""
    chosen = _GRADES.where(*_seen_by(me), _Grade.submission_id == submission.id)
    row: Any = session.rows(chosen).first()
    return GradeRow(*row) if row else None
