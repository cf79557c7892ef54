"""What pages and mails show of news. One query each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from lms.kernel.database import ReadSession, UtcDateTime
from lms.kernel.notices import in_words
from lms.notifications.models import Notification

PAGE = 50

# SQLModel types a column as its value; in a statement it is a column.
_Notification: Any = Notification


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of news as it is shown."""

    code: str
    kind: str
    facts: Mapping[str, str | float]
    happened_at: datetime
    read_at: datetime | None

    @property
    def sentence(self) -> str:
        """What happened, in the locale in force."""
        return in_words(self.kind, self.facts)

    @property
    def url(self) -> str:
        """The address that notes it as read and leads on."""
        return f"/notifications/{self.code}"


# Built once: putting a statement together costs more than running it.
_MINE: Any = (
    select(*(getattr(_Notification, name) for name in Told.__slots__))
    .where(_Notification.person_id == bindparam("person_id"))
    .order_by(_Notification.happened_at.desc(), _Notification.id.desc())
    .limit(bindparam("limit"))
)
_UNREAD: Any = _MINE.where(_Notification.read_at.is_(None), _Notification.happened_at >= bindparam("since", type_=UtcDateTime()))
ONE: Any = select(_Notification.url, _Notification.read_at).where(
    _Notification.person_id == bindparam("person_id"), _Notification.code == bindparam("code")
)


def news_of(session: ReadSession, person_id: int, before: str = "", limit: int = PAGE) -> tuple[list[Told], str | None]:
    """A page of a person's news, the newest first, and the next cursor; `before` is the code of the last one seen."""
    statement = _MINE
    if before:
        seen: Any = aliased(Notification)
        key = select(seen.happened_at, seen.id).where(seen.code == before, seen.person_id == person_id).subquery()
        at, number = _Notification.happened_at, _Notification.id
        statement = statement.join(key, (at < key.c.happened_at) | ((at == key.c.happened_at) & (number < key.c.id)))
    rows: Any = session.rows(statement, {"person_id": person_id, "limit": limit + 1})
    found = [Told(*row) for row in rows]
    return found[:limit], found[limit - 1].code if len(found) > limit else None


def unread(session: ReadSession, person_id: int, since: datetime, limit: int) -> list[Told]:
    """The newest unread news of a person since an instant."""
    rows: Any = session.rows(_UNREAD, {"person_id": person_id, "since": since, "limit": limit})
    return [Told(*row) for row in rows]
