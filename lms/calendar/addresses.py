"""The secret address of a person's calendar: made, made anew, taken away, recognised."""

from typing import Any

from sqlalchemy import delete, select

from lms.calendar.models import CalendarFeed
from lms.kernel import audit, clock, secret_names
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import NotFound
from lms.kernel.permissions import Actor
from lms.kernel.text import random_code

# SQLModel types a column as its value; in a statement it is a column.
_Feed: Any = CalendarFeed

PURPOSE = "calendar"


def token_of(session: ReadSession, secret: bytes, person_id: int) -> str:
    """That of a person; empty for somebody who has no address."""
    feed = session.get(CalendarFeed, person_id)
    return secret_names.signed(secret, PURPOSE, feed.handle) if feed else ""


def renew(session: Session, actor: Actor) -> None:
    """Make an address for the person; one that there was leads nowhere from now on."""
    handle, now = random_code(16), clock.now()
    if not session.insert_new(CalendarFeed, person_id=actor.id, handle=handle, made_at=now):
        feed = session.lock(CalendarFeed, actor.id)
        feed.handle, feed.made_at = handle, now
        session.flush()
    audit.record(session, actor, "calendar.address_made", "person", actor.id)


def remove(session: Session, actor: Actor) -> None:
    """Take the address away."""
    erase(session, actor.id or 0)
    audit.record(session, actor, "calendar.address_removed", "person", actor.id)


def holder(session: ReadSession, secret: bytes, given: str) -> int:
    """The person whose address this is. Raises NotFound."""
    handle = secret_names.read(secret, PURPOSE, given)
    person_id: int | None = session.scalar(select(_Feed.person_id).where(_Feed.handle == handle))
    if person_id is None:
        raise NotFound()
    return person_id


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """Since when a person has an address."""
    feed = session.get(CalendarFeed, person_id)
    return {"address_made_at": feed.made_at if feed else None}


def erase(session: Session, person_id: int) -> None:
    """Forget the address of a person."""
    session.execute(delete(CalendarFeed).where(_Feed.person_id == person_id))
