"""A row of a file of enrolments: what it says, what the enrolment will be by it, and what is wrong with it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lms.accounts import people
from lms.enrollment.models import ENROLMENT_STATES
from lms.kernel import clock
from lms.kernel.days import day_of, moment, read_day
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Incoming, Underway

FIELDS = ("status", "place", "enrolled_at", "completed_at", "withdrawn_at")


@dataclass(slots=True)
class Wanted(Underway):
    """A row on its way: what it says, what is stored, what will be, what is wrong."""

    email: str
    status: str = ""
    enrolled_on: date | None = None
    completed_on: date | None = None
    cohort: Any = None
    person_id: int = 0
    stored: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    change: Change | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Person and cohort."""
        return self.person_id, self.cohort.id

    @property
    def is_seated(self) -> bool:
        """Whether a place is held already."""
        return self.stored is not None and self.stored.place is not None

    @property
    def differs(self) -> bool:
        """Whether there is anything to write."""
        return self.stored is None or any(self.values[name] != getattr(self.stored, name) for name in FIELDS)

    @property
    def moves(self) -> bool:
        """Whether an enrolment that is there gets another state."""
        return self.stored is not None and self.stored.status != self.values["status"]


def read(row: Incoming) -> Wanted:
    """What the row says, checked as far as that needs nobody else."""
    one = Wanted(row, people.address(row.cells["email"]) or "", row.cells.get("status", "").lower())
    if one.status and one.status not in ENROLMENT_STATES:
        one.refuse("status", N_("One of: active, suspended, completed, failed, withdrawn."))
    one.enrolled_on, one.completed_on = _day(one, "enrolled_on"), _day(one, "completed_on")
    return one


def _day(one: Wanted, column: str) -> date | None:
    text = one.row.cells.get(column, "")
    if not text:
        return None
    day = read_day(text)
    if day is None:
        one.refuse(column, N_("Please write a date as year-month-day, for example 2026-03-31."))
    elif day > clock.today():
        one.refuse(column, N_("This day is still to come."))
    return day


def settle(one: Wanted) -> None:
    """What the enrolment will be. Empty cells leave what is stored alone."""
    stored = one.stored
    status = one.status or (stored.status if stored else "active")
    if one.completed_on and status != "completed":
        one.refuse("completed_on", N_("Only where the state is “completed”."))
    enrolled_at = stored.enrolled_at if stored else moment(_first_day(one))
    if one.enrolled_on and one.enrolled_on != day_of(enrolled_at):
        enrolled_at = moment(one.enrolled_on)
    one.values = {
        "status": status, "place": stored.place if stored else None, "enrolled_at": enrolled_at,
        "completed_at": _completed_at(one) if status == "completed" else None,
        "withdrawn_at": _withdrawn_at(stored) if status == "withdrawn" else None,
    }  # fmt: skip
    completed_on = day_of(one.values["completed_at"])
    if completed_on and completed_on < (day_of(enrolled_at) or completed_on):
        one.refuse("completed_on" if one.completed_on else "enrolled_on", N_("Nobody completes a cohort before being enrolled in it."))


def _first_day(one: Wanted) -> date:
    """When somebody came of whom that is not told: with the cohort, as far as that has begun."""
    known = (clock.today(), one.cohort.starts_on, one.completed_on)
    return min(day for day in known if day)


def _completed_at(one: Wanted) -> Any:
    known = one.stored.completed_at if one.stored else None
    if one.completed_on:
        return known if day_of(known) == one.completed_on else moment(one.completed_on)
    # Noted today where somebody was under way until now; of history without a day, none is made up.
    return clock.now() if one.stored and one.stored.status != "completed" else known


def _withdrawn_at(stored: Any) -> Any:
    """Today for somebody who was there until now; of history nothing is made up."""
    return stored and (stored.withdrawn_at if stored.status == "withdrawn" else clock.now())
