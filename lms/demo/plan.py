"""Who takes part where, and how it ends: decided before anything is written, the same in every demo.

The programme counted 212 people from 44 countries after thirteen deliveries, and 225 after fifteen. So do we: thirteen cohorts of 2010 to
2013 are closed, and the last two of the fifteen run now, with thirteen new people among those who come back for a second course.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from lms.demo.invention import dice
from lms.demo.people import Invented, trainees

ZONES = {"es": "America/Argentina/Buenos_Aires", "en": "Africa/Nairobi"}
LENGTH = timedelta(days=44)
"""From a Monday to the Wednesday of the seventh week, when the last cut-off is."""
WEEKS_RUNNING = 2
COMPLETED, FAILED = 0.75, 0.12
"""Shares of a closed cohort; the rest withdrew."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A cohort to make. Its code says the course and where it is for: POLI-2010-LA1."""

    code: str
    starts_on: date
    size: int
    """How many take part."""
    regions: tuple[str, ...]
    name: str
    """What follows the course's title in the cohort's."""

    @property
    def course(self) -> str:
        """The code of the course."""
        return self.code[:4]

    @property
    def language(self) -> str:
        """Latin America learns in Spanish, Africa and Asia in English."""
        return "es" if "-LA" in self.code else "en"

    @property
    def ends_on(self) -> date:
        """The day of the last cut-off."""
        return self.starts_on + LENGTH

    @property
    def zone(self) -> str:
        """Whose clocks the deadlines are on."""
        return ZONES[self.language]


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place in a cohort. `ending` is completed, failed, withdrawn or, where it is not over, active."""

    person: Invented
    ending: str


_LATIN_AMERICA, _MIDDLE, _SOUTH = ("419",), ("013", "029"), ("002", "142")

PAST = (
    Delivery("POLI-2010-LA1", date(2010, 4, 12), 16, _LATIN_AMERICA, "América Latina 2010"),
    Delivery("POLI-2010-LA2", date(2010, 9, 6), 16, _LATIN_AMERICA, "América Latina 2010 II"),
    Delivery("MOEV-2011-LA1", date(2011, 3, 14), 15, _LATIN_AMERICA, "América Latina 2011"),
    Delivery("POLI-2011-LA1", date(2011, 5, 30), 16, _LATIN_AMERICA, "América Latina 2011"),
    Delivery("COMM-2011-LA1", date(2011, 9, 5), 16, _LATIN_AMERICA, "América Latina 2011"),
    Delivery("POLI-2011-AA1", date(2011, 10, 3), 19, _SOUTH, "Africa and Asia 2011"),
    Delivery("POLI-2012-LA1", date(2012, 3, 12), 17, _LATIN_AMERICA, "América Latina 2012"),
    Delivery("MOEV-2012-LA1", date(2012, 6, 4), 15, _MIDDLE, "Centroamérica y el Caribe 2012"),
    Delivery("COMM-2012-LA1", date(2012, 9, 10), 16, _LATIN_AMERICA, "América Latina 2012"),
    Delivery("COMM-2012-AA1", date(2012, 10, 15), 19, _SOUTH, "Africa and Asia 2012"),
    Delivery("POLI-2013-LA1", date(2013, 3, 4), 16, _LATIN_AMERICA, "América Latina 2013"),
    Delivery("MOEV-2013-LA1", date(2013, 8, 5), 15, _LATIN_AMERICA, "América Latina 2013"),
    Delivery("MOEV-2013-AA1", date(2013, 9, 2), 19, _SOUTH, "Africa and Asia 2013"),
)
"""The closed cohorts, the oldest first."""
_MIDDLE_COUNTRIES = ("MX", "GT", "CR", "NI", "HN", "SV", "PA", "DO", "CU")

NEWCOMERS = {"es": 7, "en": 6}
"""Those of the 225 whose first course is one of the two that run now."""
RETURNING = {"es": 15, "en": 12}
RETURNED = {"MOEV-2011-LA1": "POLI-2010-LA1", "COMM-2012-LA1": "POLI-2011-LA1", "MOEV-2013-AA1": "POLI-2011-AA1"}
"""Closed cohorts to which one person came back, and from where."""
FORMER = {"rosa": "MOEV-2013-LA1", "tendai": "COMM-2012-AA1"}
"""What the two who sign in have completed before."""


def present(today: date) -> tuple[Delivery, Delivery]:
    """The two cohorts that run on this day, in their third week."""
    monday = today - timedelta(days=today.weekday(), weeks=WEEKS_RUNNING)
    year, sizes = monday.year, {language: NEWCOMERS[language] + RETURNING[language] for language in NEWCOMERS}
    return (
        Delivery(f"POLI-{year}-LA1", monday, sizes["es"], _LATIN_AMERICA, f"América Latina {year}"),
        Delivery(f"POLI-{year}-AA1", monday, sizes["en"], _SOUTH, f"Africa and Asia {year}"),
    )


@dataclass
class _Pool:
    """People of one macro-region who have no place yet, in the order in which they get one."""

    waiting: list[Invented]
    seats: dict[str, list[Seat]] = field(default_factory=dict)

    def take(self, count: int, countries: Sequence[str] = ()) -> list[Invented]:
        taken = [person for person in self.waiting if not countries or person.country in countries][:count]
        self.waiting = [person for person in self.waiting if person not in taken]
        return taken


@cache
def closed_seats() -> Mapping[str, tuple[Seat, ...]]:
    """Who took part in each closed cohort, and how it ended."""
    seats: dict[str, tuple[Seat, ...]] = {}
    for language in ZONES:
        pool = _Pool([person for person in _shuffled(language) if person not in newcomers(language)])
        former = {FORMER[_short(person)]: person for person in pool.waiting if _short(person) in FORMER}
        pool.waiting = [person for person in pool.waiting if _short(person) not in FORMER]
        mine = [delivery for delivery in PAST if delivery.language == language]
        # The cohort that is for some countries only chooses first.
        for delivery in sorted(mine, key=lambda d: d.regions != _MIDDLE):
            invited = [former[delivery.code]] if delivery.code in former else []
            count = delivery.size - len(invited) - (delivery.code in RETURNED)
            people = pool.take(count, _MIDDLE_COUNTRIES if delivery.regions == _MIDDLE else ())
            seats[delivery.code] = _ended(delivery.code, people, invited)
    for code, origin in RETURNED.items():
        back = next(seat.person for seat in seats[origin] if seat.ending == "completed")
        seats[code] = (*seats[code], Seat(back, "completed"))
    return {delivery.code: seats[delivery.code] for delivery in PAST}


def _ended(code: str, people: Sequence[Invented], completed: Sequence[Invented]) -> tuple[Seat, ...]:
    """Who completes, who fails and who withdraws; those in `completed` do complete."""
    rest = list(people)
    dice("endings", code).shuffle(rest)
    wanted = round(COMPLETED * (len(rest) + len(completed))) - len(completed)
    failed = round(FAILED * (len(rest) + len(completed)))
    endings = ["completed"] * wanted + ["failed"] * failed
    endings += ["withdrawn"] * (len(rest) - len(endings))
    return (*(Seat(person, "completed") for person in completed), *(Seat(p, e) for p, e in zip(rest, endings, strict=True)))


@cache
def newcomers(language: str) -> tuple[Invented, ...]:
    """Those who begin now: from countries that others have represented before."""
    known = Counter(person.country for person in trainees())
    found: dict[str, Invented] = {}
    for person in _shuffled(language):
        if known[person.country] >= 3 and not person.signs_in:
            found.setdefault(person.country, person)
    return tuple(found.values())[: NEWCOMERS[language]]


def running_seats(language: str) -> tuple[Seat, ...]:
    """Who takes part in the cohort that runs now: newcomers, and people who completed another course. One of them has withdrawn."""
    seen = Counter(seat.person for seats in closed_seats().values() for seat in seats)
    others = [delivery.code for delivery in PAST if delivery.language == language and delivery.course != "POLI"]
    seats = [seat for code in others for seat in closed_seats()[code] if seat.ending == "completed" and seen[seat.person] == 1]
    back = sorted((seat.person for seat in seats), key=lambda person: person.email)
    dice("returning", language).shuffle(back)
    back.sort(key=lambda person: not person.signs_in)
    people = [*back[: RETURNING[language]], *newcomers(language)]
    return tuple(Seat(person, "withdrawn" if person == people[-1] else "active") for person in people)


def _shuffled(language: str) -> list[Invented]:
    people = [person for person in trainees() if person.language == language]
    dice("order", language).shuffle(people)
    return people


def _short(person: Invented) -> str:
    return person.email.partition("@")[0]
