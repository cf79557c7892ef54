"""A month of a person's dates, week by week."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from babel import dates as babel_dates

from lms.kernel import i18n
from lms.kernel.dates import Dated

FIRST, LAST = 1970, 2200
"""Years that can be looked at."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry on its day."""

    kind: str
    title: str
    url: str
    about: str
    time: str
    """On the reader's clocks; empty for a whole day."""
    mark: str
    """late, done or nothing."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a week that is shown."""

    day: date
    label: str
    is_today: bool
    is_outside: bool
    """Whether it belongs to the month before or after."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month as a page shows it: whole weeks, from the reader's first day of the week on."""

    first: date
    weeks: tuple[date, ...]
    """The first day of each week."""
    today: date

    @property
    def name(self) -> str:
        """ "March 2026"."""
        return babel_dates.format_skeleton("yMMMM", self.first, locale=i18n.cldr(i18n.locale()))

    @property
    def since(self) -> date:
        """The first day shown."""
        return self.weeks[0]

    @property
    def until(self) -> date:
        """The day after the last one shown."""
        return self.weeks[-1] + timedelta(weeks=1)

    @property
    def is_present(self) -> bool:
        """Whether today is in it."""
        return (self.first.year, self.first.month) == (self.today.year, self.today.month)

    @property
    def before(self) -> str:
        """The month before, as an address says it."""
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        """The month after, as an address says it."""
        return f"{self.first + timedelta(days=31):%Y-%m}"


def month(asked: str, today: date) -> Month:
    """The month of an address ("2026-03"); the present one where that is none."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", asked, re.ASCII)
    is_known = found is not None and FIRST <= int(found[1]) <= LAST
    first = date(int(found[1]), int(found[2]), 1) if found and is_known else today.replace(day=1)
    begins = first - timedelta(days=(first.weekday() - i18n.cldr(i18n.locale()).first_week_day) % 7)
    following = (first + timedelta(days=31)).replace(day=1)
    count = -(-(following - begins).days // 7)
    return Month(first, tuple(begins + timedelta(weeks=number) for number in range(count)), today)


def weeks(shown: Month, entries: Sequence[Dated], zone: str) -> list[list[Day]]:
    """The days of the month in their weeks, with what happens on each; the cohort is named where there are several."""
    names_cohort = len({entry.about for entry in entries}) > 1
    by_day = {
        day: tuple(_line(entry, zone, names_cohort) for entry in found)
        for day, found in groupby(entries, key=lambda entry: entry.day(zone))
    }
    return [[_day(shown, begins + timedelta(days=number), by_day) for number in range(7)] for begins in shown.weeks]


def _day(shown: Month, day: date, by_day: dict[date, tuple[Line, ...]]) -> Day:
    is_outside = day.month != shown.first.month
    label = babel_dates.format_skeleton("MMMEd" if is_outside else "EEEd", day, locale=i18n.cldr(i18n.locale()))
    return Day(day, label, day == shown.today, is_outside, by_day.get(day, ()))


def _line(entry: Dated, zone: str, names_cohort: bool) -> Line:
    known = i18n.cldr(i18n.locale())
    at = entry.starts if isinstance(entry.starts, datetime) else None
    time = babel_dates.format_time(at, "short", tzinfo=i18n.zone_of(zone), locale=known) if at else ""
    state = "late" if entry.is_late else "done" if entry.state == "done" else ""
    about = entry.about if names_cohort and entry.about != entry.title else ""
    return Line(str(entry.kind), entry.title, entry.url, about, time, state)
