"""What news and summaries keep about a person: told, and forgotten on request."""

from typing import Any

from sqlalchemy import delete, select

from lms.kernel.database import ReadSession, Session
from lms.notifications.models import DigestChoice, DigestTurn, Notification

# SQLModel types a column as its value; in a statement it is a column.
_Notification: Any = Notification
_Turn: Any = DigestTurn


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """The news of a person, how often she wants a summary, and when she got one."""
    columns = (_Notification.kind, _Notification.facts, _Notification.happened_at, _Notification.read_at)
    news: Any = session.rows(select(*columns).where(_Notification.person_id == person_id).order_by(_Notification.id))
    sent: Any = session.scalars(select(_Turn.done_at).where(_Turn.person_id == person_id, _Turn.was_sent).order_by(_Turn.day))
    choice = session.get(DigestChoice, person_id)
    return {
        "news": [dict(row._mapping) for row in news],
        "summary": {"rhythm": choice.rhythm if choice else None, "sent_at": list(sent)},
    }


def erase(session: Session, person_id: int) -> None:
    """Forget all of it."""
    tables: tuple[Any, ...] = (Notification, DigestChoice, DigestTurn)
    for table in tables:
        session.execute(delete(table).where(table.person_id == person_id))
