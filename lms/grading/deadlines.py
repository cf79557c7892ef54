"""When work may be handed in, and how late it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.kernel.i18n import counted


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when an assignment takes work: it opens with its module, is late after the due date, and closes after the cut-off."""

    opens_at: datetime | None
    due_at: datetime | None
    cutoff_at: datetime | None

    def state(self, now: datetime) -> str:
        """ "soon", "open", "late" or "closed". Exactly on time is not late, and exactly at the cut-off is still taken."""
        if self.opens_at and now < self.opens_at:
            return "soon"
        if self.cutoff_at and now > self.cutoff_at:
            return "closed"
        return "late" if self.due_at and now > self.due_at else "open"


def late_by(submitted_at: datetime | None, due_at: datetime | None) -> timedelta | None:
    """How long after the due date it came; None for what is on time."""
    if submitted_at is None or due_at is None or submitted_at <= due_at:
        return None
    return submitted_at - due_at


def in_words(late: timedelta | None) -> str:
    """ "2 days late": in the largest unit that is full. Nothing for what is on time."""
    if late is None:
        return ""
    seconds = max(1, int(late.total_seconds()))
    if seconds >= 86400:
        return counted("{n} day late", "{n} days late", seconds // 86400)
    if seconds >= 3600:
        return counted("{n} hour late", "{n} hours late", seconds // 3600)
    if seconds >= 60:
        return counted("{n} minute late", "{n} minutes late", seconds // 60)
    return counted("{n} second late", "{n} seconds late", seconds)
