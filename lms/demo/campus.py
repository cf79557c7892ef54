"""The demo campus: a programme with fifteen deliveries of three courses, to click through and to count.

Fifteen cohorts hold everybody: thirteen of 2010 to 2013 are closed, and two (Latin America in Spanish, Africa and Asia in English) are
in their third week on the day the demo is filled, so that trainees have something due and tutors something to mark. That makes 225 trainees
and 255 participations, eleven cohorts of Latin America and four of Africa and Asia. Two more cohorts take people now and are still empty:
they count nothing until somebody tries them.

Courses, cohorts, people and applications are made by the services; what hundreds of people did is written in bulk (`ledger`). All of it is
one transaction.
"""

from typing import Any

from sqlalchemy import select

from lms.accounts import passwords
from lms.accounts.models import Person, Programme
from lms.accounts.queries import DEMO_PASSWORD, programme_default
from lms.courses.models import Course
from lms.demo import signing_in
from lms.demo.building import Builder
from lms.demo.people import sign_ins
from lms.kernel import audit, clock
from lms.kernel.audit import AuditEntry
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import SYSTEM

# SQLModel types a column as its value; in a statement it is a column.
_Entry: Any = AuditEntry
_Person: Any = Person
_Course: Any = Course

FILLED = "demo.filled"


class NotEmpty(Refused):
    """Invented people must not be mixed with real ones."""

    message = N_(
        "The demo needs an empty database, and in this one there are people or courses. Choose another: LMS_DATA_DIR, LMS_DATABASE_URL."
    )


def fill(campus: Campus) -> None:
    """Fill an empty database with the demo campus and say who can sign in; a second time only says it.

    Raises NotEmpty where there are people or courses that are not the demo's.
    """
    digest = passwords.digest(DEMO_PASSWORD)  # before the transaction: it takes a while on purpose
    with campus.database.transaction() as session:
        programme = session.lock(Programme, programme_default(session).id)  # of two who fill at once, one waits and finds it filled
        if not is_filled(session):
            _refuse_foreign(session)
            Builder(session, campus.storage, campus.plugins.named("activity_types"), digest, clock.now()).build(programme)
            audit.record(session, SYSTEM, FILLED, "programme", programme.id)
    signing_in.show(sign_ins(), DEMO_PASSWORD)


def is_filled(session: ReadSession) -> bool:
    """Whether this database holds the demo campus."""
    return session.scalar(select(_Entry.id).where(_Entry.action == FILLED).limit(1)) is not None


def _refuse_foreign(session: Session) -> None:
    for column in (_Person.id, _Course.id):
        if session.scalar(select(column).limit(1)) is not None:
            raise NotEmpty()
