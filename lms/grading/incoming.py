"""A row of a file of grades: what it says, and what is wrong with it as far as that needs nobody else."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lms.accounts import people
from lms.grading.items import NAME_LENGTH
from lms.grading.marking import MOST_FEEDBACK
from lms.grading.points import MOST, read_points
from lms.kernel import clock
from lms.kernel.days import read_day
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, format_number
from lms.kernel.importing import Change, Fault, Incoming, Underway
from lms.kernel.text import tidy, tidy_lines

PLACES = 4
"""Decimals that the database keeps: what was worked out elsewhere has more than the two that people type."""


@dataclass(slots=True)
class Wanted(Underway):
    """A row on its way: what it says, what is stored, what is wrong."""

    email: str
    name: str
    score: Decimal = Decimal(0)
    most: Decimal | None = None
    feedback: str = ""
    graded_on: date | None = None
    cohort: Any = None
    person_id: int = 0
    item: Any = None
    stored: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def key(self) -> tuple[int, int]:
        """Column and person."""
        return self.item.id, self.person_id


def read(row: Incoming) -> Wanted:
    """What the row says."""
    cells = row.cells
    one = Wanted(row, people.address(cells["email"]) or "", tidy(cells["item"]))
    if not one.name or len(one.name) > NAME_LENGTH:
        one.refuse("item", N_("Please write a name of at most {length} characters.").format(length=NAME_LENGTH))
    one.score = _number(one, "score") or Decimal(0)
    if cells.get("max_score"):
        one.most = _number(one, "max_score")
        if one.most == 0:
            one.refuse("max_score", N_("More than 0."))
    if feedback := cells.get("feedback", ""):
        one.feedback = tidy_lines(feedback)
        if len(one.feedback) > MOST_FEEDBACK:
            one.refuse("feedback", N_("At most {most} characters.").format(most=format_number(MOST_FEEDBACK)))
    if graded_on := cells.get("graded_on", ""):
        one.graded_on = _day(one, graded_on)
    return one


def _number(one: Wanted, column: str) -> Decimal | None:
    number, reason = _read_number(one.row.cells[column])
    if reason:
        one.refuse(column, reason)
    return number


@lru_cache(maxsize=4096)
def _read_number(text: str) -> tuple[Decimal | None, str]:
    """Files hold the same few scores many times over."""
    try:
        number = read_points(text, MOST, places=PLACES)
    except Invalid as refusal:
        return None, refusal.sentence()
    return number, "" if number is not None else str(N_("Please fill this in."))


def _day(one: Wanted, text: str) -> date | None:
    day = read_day(text)
    if day is None:
        one.refuse("graded_on", N_("Please write a date as year-month-day, for example 2026-03-31."))
    elif day > clock.today():
        one.refuse("graded_on", N_("This day is still to come."))
    return day
