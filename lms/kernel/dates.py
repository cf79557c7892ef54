"""What has a date for a person: plugins tell it (`Plugin.dates`), a calendar and a summary by mail show it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from lms.kernel import clock, i18n
from lms.kernel.database import ReadSession
from lms.kernel.i18n import LazyText
from lms.kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class Dated:
    """Something of a person that has a date."""

    uid: str
    """The same for ever and used by nothing else, such as "activity-12-due": calendars know their entries by it."""
    kind: LazyText | str
    """What happens then, in a word or two: "Due"."""
    title: str
    starts: datetime | date
    """An instant; or a whole day, wherever the reader is."""
    url: str
    """The path of its page."""
    about: str = ""
    """The title of its cohort."""
    ends: datetime | date | None = None
    """Of the same kind as `starts`; a last day counts."""
    state: str = ""
    """todo: the person has to do it by then; done: she has; empty: there is nothing to do."""
    version: int = 0
    """Rises when it changes."""

    @property
    def is_late(self) -> bool:
        """Whether its time has passed and it is not done."""
        return self.state == "todo" and isinstance(self.starts, datetime) and self.starts < clock.now()

    def day(self, zone: str) -> date:
        """The day it falls on, on the clocks of a zone."""
        return self.starts.astimezone(i18n.zone_of(zone)).date() if isinstance(self.starts, datetime) else self.starts


DatesOf = Callable[[ReadSession, Actor, datetime, datetime], Sequence[Dated]]
"""What has a date for a person within a time: from the first instant on and before the second, both on the clocks of the person."""


def gather(plugins: Iterable[Any], session: ReadSession, actor: Actor, since: datetime, until: datetime) -> list[Dated]:
    """What every plugin tells, in order of time; whole days come before the hours of the same day."""
    zone = i18n.zone_of(actor.timezone)
    here = (since.astimezone(zone), until.astimezone(zone))
    found = [entry for plugin in plugins if plugin.dates for entry in plugin.dates(session, actor, *here)]
    return sorted(found, key=lambda entry: (_instant(entry.starts, actor.timezone), entry.uid))


def midnight(day: date, zone: str) -> datetime:
    """The beginning of a day on the clocks of a zone."""
    return datetime.combine(day, time(), tzinfo=i18n.zone_of(zone))


def _instant(starts: datetime | date, zone: str) -> datetime:
    return starts if isinstance(starts, datetime) else midnight(starts, zone)
