"""What news adds to pages of others."""

from datetime import timedelta

from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor
from lms.notifications import choosing, queries
from lms.plugin import Panel

MOST = 3
RECENT = timedelta(days=30)


def today(session: ReadSession, me: Actor, _subject: object) -> Panel | None:
    """What is new for a person and not read yet, where there is something. One query."""
    found = queries.unread(session, me.id or 0, clock.now() - RECENT, MOST + 1)
    return Panel("notifications/today.html", {"news": found[:MOST], "has_more": len(found) > MOST}) if found else None


def profile(session: ReadSession, me: Actor, person_id: int) -> Panel | None:
    """How often the person wants a summary. One query."""
    return Panel("notifications/profile.html", {"rhythm": choosing.rhythm_of(session, me), "titles": choosing.TITLES})
