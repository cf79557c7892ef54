"""Words that the stories of this folder share: cohorts that one can get into, and people who do."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from lms.accounts.models import Person
from lms.courses.models import Cohort
from lms.enrollment import applying, enrolling
from lms.enrollment.models import Application, Enrolment
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from tests.factories import actor_of, make_cohort, make_person

_Enrolment: Any = Enrolment
_Application: Any = Application
_OutboxMessage: Any = OutboxMessage
QUESTION = "What would you do with what you learn?"


def id_of(row: Any) -> int:
    """The key of a row that is saved."""
    assert row.id is not None
    return int(row.id)


def self_cohort(campus: Campus, seats: int | None = 10, **values: Any) -> Cohort:
    """A cohort that people enrol themselves in."""
    return make_cohort(campus, **{"starts_in": 7, "seats": seats, "enrolment_method": "self", **values})


def calling_cohort(campus: Campus, seats: int | None = 10, **values: Any) -> Cohort:
    """A cohort that people apply to."""
    until = clock.now() + timedelta(days=5)
    defaults = {"starts_in": 7, "seats": seats, "enrolment_method": "application", "question": QUESTION, "enrol_until": until}
    return make_cohort(campus, **{**defaults, **values})


def enrolled(campus: Campus, cohort: Cohort, person: Person | None = None, *, status: str = "active", **values: Any) -> Enrolment:
    """An enrolment, made by staff."""
    person = person or make_person(campus, **values)
    with campus.database.transaction() as session:
        enrolment = enrolling.enrol(session, SYSTEM, cohort, id_of(person))
        if status != "active":
            enrolment = enrolling.set_status(session, SYSTEM, id_of(enrolment), status)
    return enrolment


def applied(campus: Campus, cohort: Cohort, person: Person | None = None, answer: str = "I would share it with my team.") -> Application:
    """An application, sent by the person."""
    person = person or make_person(campus)
    with campus.database.transaction() as session:
        return applying.apply(session, actor_of(campus, person), cohort, answer)


def enrolments(campus: Campus, cohort: Cohort) -> list[Enrolment]:
    """Every enrolment of a cohort, first come first."""
    with campus.database.reading() as session:
        return list(session.scalars(select(Enrolment).where(_Enrolment.cohort_id == cohort.id).order_by(_Enrolment.id)))


def places(campus: Campus, cohort: Cohort) -> list[int]:
    """The numbers that are taken."""
    return sorted(e.place for e in enrolments(campus, cohort) if e.place is not None)


def application_of(campus: Campus, person: Person) -> Application:
    """The one application of a person."""
    with campus.database.reading() as session:
        found: Application = session.scalars(select(Application).where(_Application.person_id == person.id)).one()
    return found


def learns(campus: Campus, person: Person, cohort: Cohort) -> bool:
    """Whether the person may open the course."""
    return actor_of(campus, person).can("courses.learn", cohort.scope)


def mails_to(campus: Campus, person: Person) -> list[OutboxMessage]:
    """What was written to a person, oldest first."""
    with campus.database.reading() as session:
        return list(session.scalars(select(OutboxMessage).where(_OutboxMessage.to == person.email).order_by(_OutboxMessage.id)))


def submit(browser: TestClient, path: str, action: str | None = None, **fields: Any) -> Any:
    """Open the page at `path` and send one of its forms to `action` (the page itself where it is not named)."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)
    assert token, f"no form at {path}"
    return browser.post(action or path, data={"csrf_token": token[1], **fields})
