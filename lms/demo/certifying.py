"""Certificates for everybody who completed a closed cohort: issued as staff did two weeks after the end.

Their documents are drawn by jobs once the campus is served: those of the people who sign in first, all others when nothing else waits.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person, Programme
from lms.accounts.queries import DEMO_DOMAIN
from lms.certificates import gathering, issuing, numbering
from lms.certificates.models import Certificate
from lms.courses.models import Cohort
from lms.demo.invention import fixed_code
from lms.demo.rooms import Room
from lms.enrollment.models import Enrolment
from lms.kernel import clock, jobs
from lms.kernel.database import Session
from lms.kernel.permissions import SYSTEM

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Person: Any = Person

AFTER = timedelta(days=14)
LAST = 100
"""The priority of what can wait."""
WITHDRAWN_REASON = "Issued for a participant who had not handed in the final plan; a mistake in our list."


def certify(session: Session, rooms: Sequence[Room], staff: Person) -> None:
    """Issue the certificates of closed cohorts in the order of time, so that their numbers are in order, and withdraw one."""
    issued: list[Certificate] = []
    for room in sorted(rooms, key=lambda room: room.delivery.ends_on):
        issued += _certify_room(session, room, staff)
    with clock.frozen(issued[0].issued_at + timedelta(days=30)):
        issuing.revoke(session, SYSTEM, issued[0].serial, WITHDRAWN_REASON)


def _certify_room(session: Session, room: Room, staff: Person) -> list[Certificate]:
    day = room.delivery.ends_on + AFTER
    found: Any = session.execute(
        select(Enrolment, Person)
        .join(Person, _Person.id == _Enrolment.person_id)
        .where(_Enrolment.cohort_id == room.cohort.id, _Enrolment.status == "completed")
        .order_by(_Person.search_text, _Person.id)
    )
    with clock.frozen(datetime.combine(day, time(15), UTC)):
        return [_issue(session, enrolment, person, room.cohort, staff) for enrolment, person in found.all()]


def _issue(session: Session, enrolment: Enrolment, person: Person, cohort: Cohort, staff: Person) -> Certificate:
    programme = session.one(Programme, cohort.programme_id)
    day = clock.today()
    code = numbering.grouped(fixed_code("certificate", cohort.code, person.email, length=numbering.LETTERS))
    serial = numbering.next_serial(session, programme, day.year)
    snapshot = gathering.gather(session, person, cohort, programme, serial, code, day)
    certificate = session.add(
        Certificate(
            serial=serial, code=code, enrolment_id=enrolment.id or 0, person_id=person.id or 0, cohort_id=cohort.id or 0,
            language=snapshot.language, snapshot=snapshot.as_json(), issued_on=day, issued_at=clock.now(), issued_by=staff.id,
        )
    )  # fmt: skip
    if (person.email or "").endswith(DEMO_DOMAIN):
        issuing.ask_to_draw(session, certificate)
    else:
        key = f"certificates.draw:{certificate.id}"
        jobs.enqueue(session, "certificates.draw", {"certificate_id": certificate.id}, dedupe=key, priority=LAST)
    return certificate
