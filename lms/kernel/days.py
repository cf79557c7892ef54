"""Days as files name them (ISO 8601), and the moment that stands for one where only the day is known."""

import re
from datetime import UTC, date, datetime, time

from lms.kernel import clock

_ISO = re.compile(r"\d{4}-?\d\d-?\d\d", re.ASCII)
FIRST = date(1900, 1, 1)


def read_day(text: str) -> date | None:
    """The day of `2026-03-31` or `20260331`, from 1900 on; None for anything else."""
    if not _ISO.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day >= FIRST else None


def moment(day: date) -> datetime:
    """Noon of the day in UTC, which is the same day in nearly every zone; not later than now."""
    return min(datetime.combine(day, time(12), UTC), clock.now())


def day_of(at: datetime | None) -> date | None:
    """The day of a moment, in UTC."""
    return at.astimezone(UTC).date() if at else None
