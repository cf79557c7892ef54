"""Builds the demo campus in the order in which it happened: people, courses, closed cohorts, running cohorts, calls."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lms.accounts.models import Person, Programme
from lms.courses import cohorts
from lms.courses.activity_types import Types
from lms.courses.dating import local
from lms.demo import attending, calls, certifying, plan, writing
from lms.demo.catalogue import MadeCourse, add_course
from lms.demo.ledger import Ledger
from lms.demo.library import LANGUAGES, library
from lms.demo.people import Invented, add_person, applicants, sign_ins, team, trainees
from lms.demo.plan import Delivery, Seat
from lms.demo.rooms import Room, open_room
from lms.kernel import clock
from lms.kernel.database import Session
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import Storage
from lms.notifications import keeping

BEGINNING = datetime(2010, 1, 18, 15, tzinfo=UTC)
"""When the programme set up its campus."""
TUTORS = {
    "es": ("ines@demo.example", "ruben.salvatierra@people.example"),
    "en": ("vera@demo.example", "arjun.menon@people.example"),
}
STAFF = "staff@demo.example"
IN_TWOS = (2011, 2013)
"""Years in which two tutors shared each cohort."""


@dataclass
class Builder:
    """What is at hand while the campus is built. `now` is the moment at which everything stops."""

    session: Session
    storage: Storage
    types: Types
    digest: str
    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    courses: dict[str, MadeCourse] = field(default_factory=dict)

    def build(self, programme: Programme) -> None:
        """Build everything."""
        programme.code, programme.name = "SFE", "Spaces for Engagement"
        programme.signatory, programme.languages = "Dr. Amparo Ledesma Quiroga, Director", list(LANGUAGES)
        self._add_people()
        with clock.frozen(BEGINNING):
            for content in library():
                self.courses[content.code] = add_course(self.session, self.types, self.storage, content)
        closed = [self._hold(delivery) for delivery in plan.PAST]
        certifying.certify(self.session, closed, self.people[STAFF])
        for delivery in self._present():
            self._run(delivery)
        self._call()
        keeping.forget_before(self.session, self.now - keeping.KEPT)

    def _today(self, language: str) -> date:
        return self.now.astimezone(ZoneInfo(plan.ZONES[language])).date()

    def _present(self) -> Sequence[Delivery]:
        return plan.present(self._today("es"))

    def _add_people(self) -> None:
        joined = self._joined()
        # Those who sign in come first: the sign-in page shows people in the order of their ids.
        for invented in dict.fromkeys([*sign_ins(), *team(), *trainees(), *applicants()]):
            digest = self.digest if invented.signs_in else ""
            self.people[invented.email] = add_person(self.session, invented, joined.get(invented, BEGINNING), digest)

    def _joined(self) -> dict[Invented, datetime]:
        """When each person was first heard of: trainees some weeks before their first course, applicants some days ago."""
        joined = dict.fromkeys(applicants(), self.now - timedelta(days=20))
        seats = {**plan.closed_seats(), **{delivery.code: plan.running_seats(delivery.language) for delivery in self._present()}}
        for delivery in (*plan.PAST, *self._present()):
            for seat in seats[delivery.code]:
                joined.setdefault(seat.person, _noon(delivery.starts_on) - timedelta(days=30))
        return joined

    def _open(self, delivery: Delivery, made_at: datetime, opening: calls.Opening | None = None) -> Room:
        names = TUTORS[delivery.language][: 2 if delivery.starts_on.year in IN_TWOS else 1]
        values = asdict(opening) if opening else {"seats": calls.SEATS}
        with clock.frozen(made_at):
            tutors = [self.people[name] for name in names]
            return open_room(self.session, self.types, self.courses[delivery.course], delivery, tutors, **values)

    def _hold(self, delivery: Delivery) -> Room:
        """A cohort of the past, from its making to its closing."""
        room = self._open(delivery, _noon(delivery.starts_on) - timedelta(days=40))
        self._attend(room, plan.closed_seats()[delivery.code], "staff")
        with clock.frozen(_noon(delivery.ends_on + certifying.AFTER)):
            cohorts.set_status(self.session, SYSTEM, room.cohort.id or 0, "closed")
        return room

    def _run(self, delivery: Delivery) -> None:
        """A cohort in its third week: the Spanish one still takes people, the English one was filled from applications."""
        if delivery.language == "es":
            opening = calls.enrolling_now(delivery, weeks=4)
        else:
            opening = calls.applying_for(delivery, writing.question("en"), delivery.starts_on - timedelta(days=32))
        room = self._open(delivery, _noon(delivery.starts_on) - timedelta(days=60), opening)
        ways = self._attend(room, plan.running_seats(delivery.language), opening.enrolment_method)
        if opening.enrolment_method == "application":
            accepted = [(seat, self.people[seat.person.email], way) for seat, way in ways.items()]
            rejected = [(one, self.people[one.email]) for one in applicants() if one.language == delivery.language]
            self.session.add_all(calls.decided(room.cohort, accepted, rejected, self.people[STAFF]))

    def _attend(self, room: Room, seats: Sequence[Seat], method: str) -> Mapping[Seat, attending.Way]:
        ledger = Ledger(room, self.now, self.people[STAFF])
        ways: dict[Seat, attending.Way] = {}
        third_week = local(room.delivery.starts_on + timedelta(weeks=2), time(0), room.delivery.zone)
        for seat in seats:
            way = ways[seat] = attending.go(room.delivery, room.tasks, seat)
            if seat.ending == "active" and seat.person.signs_in:
                attending.stage(way, room.tasks, seat.person, self.now, third_week)
            ledger.enter(seat, self.people[seat.person.email], way, method)
        ledger.close(self.session)
        return ways

    def _call(self) -> None:
        """Two cohorts to get into: one by enrolling, one by applying."""
        fresh = calls.fresh(self._today("en"))
        self._open(fresh, self.now - timedelta(days=30), calls.enrolling_now(fresh, weeks=2))
        coming = calls.coming(self._today("es"))
        opening = calls.applying_for(coming, writing.question("es"), coming.starts_on - timedelta(days=12))
        room = self._open(coming, self.now - timedelta(days=25), opening)
        calls.apply(self.session, room.cohort, [(one, self.people[one.email]) for one in self._wanting()], self.now)

    def _wanting(self) -> Sequence[Invented]:
        """Who applies to the coming cohort: new people, and some who completed another course."""
        running = {seat.person for seat in plan.running_seats("es")}
        former = [seat.person for seat in plan.closed_seats()["COMM-2012-LA1"] if seat.ending == "completed" and seat.person not in running]
        return [*(one for one in applicants() if one.language == "es"), *former[:4]]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
