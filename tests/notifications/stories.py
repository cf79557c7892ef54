"""Words that the stories of this folder share: news of somebody, and the mails of a morning."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from lms.accounts import passwords
from lms.accounts.models import Person
from lms.courses.models import Activity, Cohort
from lms.enrollment import enrolling
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from lms.kernel.schedules import tick
from lms.notifications.models import Notification
from tests.accounts.stories import PASSWORD
from tests.courses.stories import activities_of, learner
from tests.factories import make_cohort, make_course, make_person

MONDAY = datetime(2026, 3, 9, 12, tzinfo=UTC)
"""Seven in the morning in Lima."""


def given_a_place(campus: Campus, person: Person | None = None, **values: Any) -> tuple[Person, Cohort]:
    """Staff give somebody a place in a running cohort, which is news."""
    person, cohort = person or make_person(campus), make_cohort(campus, **values)
    with campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
    return person, cohort


def news_of(campus: Campus, person: Person) -> list[Notification]:
    """What is kept for a person, the oldest first."""
    with campus.database.reading() as session:
        mine = select(Notification).where(col(Notification.person_id) == person.id).order_by(col(Notification.id))
        return list(session.scalars(mine))


def reader(campus: Campus, *cohorts: Cohort, **values: Any) -> Person:
    """A trainee in Lima who can sign in."""
    person = learner(campus, *cohorts, **{"timezone": "America/Lima", "language": "en", **values})
    give_password(campus, person)
    return person


def give_password(campus: Campus, person: Person) -> None:
    """Let somebody sign in."""
    with campus.database.transaction() as session:
        passwords.set_password(session, person.id or 0, PASSWORD, confirmed=True)


def with_work(campus: Campus, due_at: datetime, title: str = "Map of actors", **values: Any) -> Cohort:
    """A running cohort with one activity that is due."""
    cohort = make_cohort(campus, make_course(campus, modules=1), **{"title": "Influencing policy", **values})
    with campus.database.transaction() as session:
        held = session.one(Activity, activities_of(campus, cohort)[0].id)
        held.due_at, held.title = due_at, title
    return cohort


def at_work(campus: Campus, at: datetime) -> None:
    """The hourly work at this instant, as a worker does it."""
    with clock.frozen(at):
        schedules = campus.plugins.collect("schedules")
        tick(campus.database, schedules)
        campus.run_jobs()


def digests(campus: Campus, person: Person) -> list[OutboxMessage]:
    """The summaries that were written to a person."""
    with campus.database.reading() as session:
        mine = select(OutboxMessage).where(col(OutboxMessage.to) == person.email, col(OutboxMessage.unsubscribe_url) != "")
        return list(session.scalars(mine.order_by(col(OutboxMessage.id))))
