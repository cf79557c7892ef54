"""News as it is kept: written in the transaction of what happened, read, forgotten."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update

from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import NotFound
from lms.kernel.jobs import JobRun
from lms.kernel.notices import News, Noticed
from lms.kernel.text import random_code
from lms.notifications import queries
from lms.notifications.models import DigestTurn, Notification

# SQLModel types a column as its value; in a statement it is a column.
_Notification: Any = Notification
_Turn: Any = DigestTurn

KEPT = timedelta(days=180)


def write(session: Session, noticed: Noticed) -> None:
    """Told of every piece of news."""
    keep(session, noticed.notice.name, noticed.news, clock.now())


def keep(session: Session, kind: str, news: News, at: datetime) -> None:
    """Keep a piece of news; one that was told before changes nothing."""
    session.insert_new(
        Notification, code=random_code(), person_id=news.person_id, kind=kind, key=news.key, url=news.url, facts=dict(news.facts),
        happened_at=at,
    )  # fmt: skip


def find(session: ReadSession, person_id: int, code: str) -> tuple[str, bool]:
    """Where a piece of news of this person leads, and whether it has been read. Raises NotFound."""
    row: Any = session.rows(queries.ONE, {"person_id": person_id, "code": code}).first()
    if row is None:
        raise NotFound()
    return row.url, row.read_at is not None


def mark_read(session: Session, person_id: int, code: str = "") -> None:
    """Note that a person has read this piece of news; without a code, all that there is."""
    mine = [_Notification.person_id == person_id, _Notification.read_at.is_(None)]
    if code:
        mine.append(_Notification.code == code)
    session.execute(update(Notification).where(*mine).values(read_at=clock.now()))


def tidy(run: JobRun) -> dict[str, Any]:
    """The job: forget news of half a year ago, and whose turn it was then."""
    with run.database.transaction() as session:
        return forget_before(session, clock.now() - KEPT)


def forget_before(session: Session, at: datetime) -> dict[str, Any]:
    """Forget what happened before an instant; answers how much it was."""
    news: Any = session.execute(delete(Notification).where(_Notification.happened_at < at))
    turns: Any = session.execute(delete(DigestTurn).where(_Turn.done_at < at))
    return {"news": news.rowcount, "turns": turns.rowcount}
