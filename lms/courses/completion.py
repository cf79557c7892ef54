"""Completion: what a person has done, and when that completes an activity and a cohort."""

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import func, select, update

from lms.accounts.models import Person
from lms.courses.events import ActivityCompleted, CohortCompleted
from lms.courses.models import Activity, Cohort, Progress
from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_Progress: Any = Progress
_Person: Any = Person

Deed = Literal["viewed", "marked", "submitted", "passed"]

# What each rule is met by: work that was handed in or passed has also been seen.
MET_BY: dict[str, tuple[str, ...]] = {
    "none": (),
    "viewed": ("viewed", "marked", "submitted", "passed"),
    "marked": ("marked",),
    "submitted": ("submitted", "passed"),
    "passed": ("passed",),
}


class CohortIsClosed(Refused):
    """A closed cohort can be read, and nothing counts any more."""

    message = N_("This cohort is closed: you can still read everything, but nothing more is recorded.")


class NotByMarking(Refused):
    """Something else completes this activity."""

    message = N_("You cannot tick this off yourself: it is done when your work is handed in or has passed.")


def mark_done(session: Session, person_id: int, cohort: Cohort, activity: Activity) -> None:
    """The person says that the activity is done. Raises CohortIsClosed, NotByMarking."""
    if cohort.status == "closed":
        raise CohortIsClosed()
    if "marked" not in MET_BY[activity.completion]:
        raise NotByMarking()
    record(session, person_id, activity, "marked")


def record(session: Session, person_id: int, activity: Activity, what: Deed) -> None:
    """Note what a person did with an activity of a cohort, and complete it where its rule is met. Repeating it changes nothing."""
    if activity.cohort_id is None:
        return
    now = clock.now()
    completes = what in MET_BY[activity.completion]
    if completes:
        # One at a time for each person: two last activities at once must see each other.
        # (NO KEY UPDATE: rows may still refer to the person.)
        session.scalar(select(_Person.id).where(_Person.id == person_id).with_for_update(key_share=True))
    key = {"person_id": person_id, "activity_id": activity.id}
    session.insert_new(Progress, **key, cohort_id=activity.cohort_id, viewed_at=now)
    mine = (_Progress.person_id == person_id, _Progress.activity_id == activity.id)
    if not completes:
        return
    done: Any = session.execute(update(Progress).where(*mine, _Progress.completed_at.is_(None)).values(completed_at=now))
    if done.rowcount:
        session.emit(ActivityCompleted(person_id, activity.id or 0, activity.cohort_id))
        if activity.required and activity.published and _is_complete(session, person_id, activity.cohort_id):
            session.emit(CohortCompleted(person_id, activity.cohort_id))


def _is_complete(session: ReadSession, person_id: int, cohort_id: int) -> bool:
    done, total = progress(session, person_id, [cohort_id])[cohort_id]
    return done == total > 0


def progress(session: ReadSession, person_id: int, cohort_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """How many of the required activities of each cohort the person has completed, and how many there are. One query."""
    ids = list(cohort_ids)
    rows: Any = session.execute(
        select(_Activity.cohort_id, func.count(_Progress.completed_at), func.count())
        .select_from(Activity)
        .outerjoin(Progress, (_Progress.activity_id == _Activity.id) & (_Progress.person_id == person_id))
        .where(_Activity.cohort_id.in_(ids), _Activity.published, _Activity.required, _Activity.completion != "none")
        .group_by(_Activity.cohort_id)
    )
    found = {cohort_id: (done, total) for cohort_id, done, total in rows}
    return {cohort_id: found.get(cohort_id, (0, 0)) for cohort_id in ids}
