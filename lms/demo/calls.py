"""Ways in that visitors can try: cohorts that take people now, without anybody in them yet, and applications that wait or were decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from lms.accounts.models import Person
from lms.courses.dating import LAST_MINUTE, local
from lms.courses.models import Cohort
from lms.demo.attending import Way
from lms.demo.invention import fixed_code
from lms.demo.people import Invented
from lms.demo.plan import Delivery, Seat
from lms.demo.writing import Author
from lms.enrollment import applying
from lms.enrollment.models import Application
from lms.kernel import clock
from lms.kernel.database import Session
from lms.kernel.permissions import Actor

SEATS = 30
AHEAD = timedelta(weeks=4)
CALL_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Opening:
    """How a cohort lets people in."""

    enrolment_method: str
    seats: int
    enrol_from: datetime
    enrol_until: datetime
    question: str = ""


def enrolling_now(delivery: Delivery, weeks: int) -> Opening:
    """Anybody may enrol until the end of this week of the cohort."""
    opens = local(delivery.starts_on - timedelta(days=28), time(9), delivery.zone)
    return Opening("self", SEATS, opens, local(delivery.starts_on + timedelta(weeks=weeks, days=-1), LAST_MINUTE, delivery.zone))


def applying_for(delivery: Delivery, question: str, until: date, seats: int = 25) -> Opening:
    """People answered, or may answer, a question until the end of this day."""
    opens = local(until - timedelta(weeks=CALL_WEEKS), time(9), delivery.zone)
    return Opening("application", seats, opens, local(until, LAST_MINUTE, delivery.zone), question)


def fresh(today: date) -> Delivery:
    """A cohort that begins this week, with all its places free."""
    monday = today - timedelta(days=today.weekday())
    return Delivery(f"COMM-{monday.year}-AA1", monday, 0, ("002", "142"), f"Africa and Asia {monday.year}")


def coming(today: date) -> Delivery:
    """A cohort that begins in some weeks and calls for applications now."""
    monday = today - timedelta(days=today.weekday()) + AHEAD
    return Delivery(f"POLI-{monday.year}-LA2", monday, 0, ("419",), f"América Latina {monday.year} II")


def apply(session: Session, cohort: Cohort, people: Sequence[tuple[Invented, Person]], now: datetime) -> None:
    """Let people apply to an open call, one on each of the days before now."""
    for number, (invented, person) in enumerate(people):
        with clock.frozen((now - timedelta(days=len(people) - number)).replace(hour=13 + number)):
            actor = Actor(person.id, person.name, person.email or "", invented.language, invented.timezone)
            application = applying.apply(session, actor, cohort, Author(invented, cohort.language).application(number))
            application.code = fixed_code("application", cohort.code, invented.email)


def decided(
    cohort: Cohort, accepted: Sequence[tuple[Seat, Person, Way]], rejected: Sequence[tuple[Invented, Person]], staff: Person
) -> list[Application]:
    """What a call left behind that is over: an accepted application for each enrolment, and those that found no place."""
    chosen = [(seat.person, person, way.enrolled_at) for seat, person, way in accepted]
    last = min(way.enrolled_at for _seat, _person, way in accepted)
    rows = [_decided(cohort, invented, person, at, staff, "accepted") for invented, person, at in chosen]
    return rows + [_decided(cohort, invented, person, last, staff, "rejected") for invented, person in rejected]


def _decided(cohort: Cohort, invented: Invented, person: Person, at: datetime, staff: Person, status: str) -> Application:
    author = Author(invented, cohort.language)
    return Application(
        code=fixed_code("application", cohort.code, invented.email), cohort_id=cohort.id or 0, person_id=person.id or 0,
        answer=author.application(author.number), status=status, submitted_at=at - timedelta(days=6), decided_at=at,
        decided_by=staff.id, decision_note=author.note(status == "accepted"),
    )  # fmt: skip
