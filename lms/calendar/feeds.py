"""A person's dates as an iCalendar file (RFC 5545, RFC 7986)."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lms.kernel import clock, i18n
from lms.kernel.dates import Dated
from lms.kernel.i18n import N_
from lms.kernel.text import tidy

if TYPE_CHECKING:
    from icalendar import Event

PAST, AHEAD = timedelta(days=60), timedelta(days=400)
FRESH = timedelta(hours=4)
"""How often a calendar is asked to look again."""


def mark(entries: Sequence[Dated]) -> str:
    """A weak entity tag (RFC 9110 §8.8.1): another one when anything changes that a calendar shows. The time of making does not count."""
    told = repr((i18n.locale(), [(str(entry.kind), entry) for entry in entries]))
    return f'W/"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def write(entries: Sequence[Dated], base_url: str, host: str) -> bytes:
    """The file, in the locale in force."""
    from icalendar import Calendar, vText  # here: importing it takes a fifth of a second, and few processes are asked for a calendar

    name = str(N_("Aula Sur: my dates"))
    calendar = Calendar()
    calendar.add("prodid", "-//Aula Sur//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", vText(name))
    calendar.add("x-wr-calname", vText(name))
    calendar.add("refresh-interval", FRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vText(f"PT{FRESH // timedelta(hours=1)}H"))
    for entry in entries:
        calendar.add_component(_event(entry, base_url, host))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Dated, base_url: str, host: str) -> "Event":
    from icalendar import Event, vText

    event, link = Event(), f"{base_url}{entry.url}"
    event.add("uid", vText(f"{entry.uid}@{host}"))
    event.add("dtstamp", clock.now())
    event.add("sequence", entry.version)
    event.add("summary", vText(summary(entry)))
    event.add("dtstart", _utc(entry.starts))
    if entry.ends is not None:
        # The day in DTEND is the first that does not belong to it (RFC 5545 §3.6.1).
        event.add("dtend", _utc(entry.ends) if isinstance(entry.ends, datetime) else entry.ends + timedelta(days=1))
    event.add("description", vText("\n".join(line for line in (tidy(entry.about), link) if line)))
    event.add("url", link)
    event.add("transp", "TRANSPARENT")  # a deadline does not make anybody busy
    return event


def summary(entry: Dated) -> str:
    """What an entry is called in a list of others: "Due: Map of actors"."""
    return f"{entry.kind}: {tidy(entry.title)}"


def _utc(at: datetime | date) -> Any:
    return at.astimezone(UTC) if isinstance(at, datetime) else at
