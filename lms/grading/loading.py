"""Finding work, each for somebody who may: whatever loads an object authorises it."""

from typing import Any

from sqlalchemy import select

from lms.courses.loading import MEMBERSHIPS, check, load_learning, load_open_activity
from lms.courses.models import Activity, Cohort
from lms.grading.models import Submission
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Submission: Any = Submission


def _by_code(session: ReadSession, code: str) -> Submission:
    found: Submission | None = session.scalars(select(Submission).where(_Submission.code == code)).first()
    if found is None:
        raise NotFound()
    return found


def load_marking(session: ReadSession, me: Actor, code: str, permission: str = "grading.grade") -> tuple[Submission, Cohort]:
    """Work that was handed in, for those who mark in its cohort; drafts are nobody's business. Raises NotFound, Forbidden."""
    submission = _by_code(session, code)
    cohort = session.one(Cohort, submission.cohort_id)
    check(me, permission, cohort.scope, *MEMBERSHIPS)
    if submission.status == "draft":
        raise NotFound()
    return submission, cohort


def load_readable(session: ReadSession, me: Actor, code: str) -> Submission:
    """Work for the one who made it and for those who mark it. Raises NotFound, Forbidden."""
    submission = _by_code(session, code)
    return submission if submission.person_id == me.id else load_marking(session, me, code, "grading.view")[0]


def load_assignment(session: ReadSession, me: Actor, activity_id: int) -> Activity:
    """An assignment of a cohort that is open to the person. Raises NotFound, NotOpenYet."""
    activity = session.get(Activity, activity_id)
    if activity is None or activity.cohort_id is None:
        raise NotFound()
    cohort = load_learning(session, me, session.one(Cohort, activity.cohort_id).code)
    return load_open_activity(session, me, cohort, activity_id)
