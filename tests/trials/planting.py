"""Finds the trainee and the exercise that the stage of a trial holds."""

from sqlalchemy import select
from sqlmodel import col

from lms.accounts import people
from lms.accounts.models import Person
from lms.courses.models import Activity
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession


def enrolled(campus: Campus) -> Person:
    """The trainee."""
    with campus.database.reading() as session:
        person = people.find_by_email(session, "trainee0@example.org")
    assert person is not None
    return person


def activity_of(session: ReadSession) -> Activity:
    """The cohort's exercise."""
    of_cohort = select(Activity).where(col(Activity.cohort_id).is_not(None), col(Activity.type) == "assignment")
    found: Activity = session.scalars(of_cohort).one()
    return found
