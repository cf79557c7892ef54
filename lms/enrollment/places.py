"""Places: the numbered seats of a cohort.

Whoever gives or frees a place holds the cohort's row (`session.lock(Cohort, id)`), so that the numbers from 1 to the seats are given one at
a time; the database itself refuses to give a number twice.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select, union_all

from lms.courses.events import CohortChanged
from lms.courses.models import Cohort
from lms.enrollment.models import Enrolment
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, Refused
from lms.kernel.i18n import N_, counted

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment


class NoPlaceLeft(Refused):
    """Every seat of the cohort is taken."""

    message = N_("Every place is taken ({seats}).")


@dataclass(frozen=True, slots=True)
class PlaceWanted:
    """What the guards of `enrollment.enrol` are asked about before a place is taken."""

    cohort: Cohort
    person_id: int
    method: str
    """staff, self, application or import."""


def taken(session: ReadSession, cohort_id: int) -> int:
    """How many places of the cohort are taken: by everybody who has not withdrawn."""
    return int(session.scalar(select(func.count(_Enrolment.place)).where(_Enrolment.cohort_id == cohort_id)) or 0)


def left(session: ReadSession, cohort: Cohort) -> int | None:
    """How many places are left; None where as many may come as want."""
    return None if cohort.seats is None else max(0, cohort.seats - taken(session, cohort.id or 0))


def free_number(session: Session, cohort: Cohort) -> int:
    """The lowest free number of a cohort whose row is held. Raises NoPlaceLeft."""
    number = _lowest_free(session, cohort.id or 0)
    # Counted as well: a number above the seats, however it came there, must not let one too many in.
    if cohort.seats is not None and (number > cohort.seats or taken(session, cohort.id or 0) >= cohort.seats):
        raise NoPlaceLeft(seats=cohort.seats)
    return number


def _lowest_free(session: ReadSession, cohort_id: int) -> int:
    mine = _Enrolment.cohort_id == cohort_id
    given = union_all(select(literal(0).label("place")), select(_Enrolment.place).where(mine, _Enrolment.place.is_not(None))).subquery()
    follower = select(1).where(mine, _Enrolment.place == given.c.place + 1).exists()
    return int(session.scalar(select(func.min(given.c.place) + 1).where(~follower)))


def keep_seats(session: Session, subject: tuple[Cohort, dict[str, Any]]) -> None:
    """The guard of `courses.save_cohort`: refuses fewer seats than places taken. Raises Invalid."""
    cohort, values = subject
    seats = values.get("seats")
    number = taken(session, cohort.id or 0)
    if seats is not None and seats < number:
        sentence = counted(
            "{n} place is taken: there cannot be fewer places.", "{n} places are taken: there cannot be fewer places.", number
        )
        raise Invalid({"seats": sentence})


def renumber(session: Session, happened: CohortChanged) -> None:
    """Give the places above the seats, once these are fewer, the numbers that have become free below."""
    cohort = session.one(Cohort, happened.cohort_id)
    if "seats" not in happened.changed or cohort.seats is None:
        return
    above = select(Enrolment).where(_Enrolment.cohort_id == cohort.id, _Enrolment.place > cohort.seats).order_by(_Enrolment.place)
    for enrolment in list(session.scalars(above)):
        enrolment.place = _lowest_free(session, cohort.id or 0)
        session.flush()
