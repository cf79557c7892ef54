"""What work and grades hold on to."""

from typing import Any

from sqlalchemy import exists, select

from lms.enrollment.taking_back import EnrolmentGoes
from lms.grading.models import Grade, GradeItem, Submission
from lms.kernel.database import Session
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Item: Any = GradeItem
_Submission: Any = Submission


class HasGrades(Refused):
    """An enrolment cannot go from under a person's work."""

    message = N_("There is work or a grade of this person in the cohort.")


def keep_enrolment(session: Session, going: EnrolmentGoes) -> None:
    """The guard of `enrollment.remove`: refuses where the person has work or grades in the cohort. Raises HasGrades."""
    work = exists().where(_Submission.cohort_id == going.cohort_id, _Submission.person_id == going.person_id)
    graded = exists().where(
        _Grade.person_id == going.person_id, _Grade.grade_item_id == _Item.id, _Item.cohort_id == going.cohort_id,
        _Grade.points.is_not(None),
    )  # fmt: skip
    if session.scalar(select(work | graded)):
        raise HasGrades()
