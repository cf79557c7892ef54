"""Answers kept for those who send the same request twice, to the API or as a form: the header Idempotency-Key.

The answer is written in the transaction of what was done, so that both exist or neither. Whoever sends the same key at the same moment
waits for that transaction in the database, and then gets its answer. What was refused is not kept: nothing was done, and the key is free.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, UniqueConstraint, delete, or_, select, update
from sqlmodel import Field
from starlette.responses import Response

from lms.kernel import clock
from lms.kernel.database import Row, Session, UtcDateTime, reference
from lms.kernel.errors import Conflict, Refused
from lms.kernel.i18n import N_
from lms.kernel.jobs import JobRun

KEPT = timedelta(hours=24)
KEPT_FORMS = timedelta(days=30)
"""Forms wait on a device until its line is back (`lms.kernel.once`)."""
_KEY = re.compile(r"[!-~]{1,200}")
_API = "/api/"


class ApiAnswer(Row, table=True):
    """What was answered to a request with a key. A row without an answer is seen by nobody but its own transaction."""

    __tablename__ = "api_answer"
    __table_args__ = (UniqueConstraint("person_id", "key"),)
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(sa_column=reference("person.id", ondelete="CASCADE", index=False))
    key: str
    method: str
    path: str
    body_hash: str
    status: int = 0
    headers: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    body: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


# SQLModel types a column as its value; in a statement it is a column.
_ApiAnswer: Any = ApiAnswer


class KeyUsedOtherwise(Refused):
    """The key belongs to another request."""

    status = 422
    title = N_("Key used for something else")
    message = N_("This Idempotency-Key was sent with another request. Use a new key for each thing that you do.")


class StillWorking(Conflict):
    """The first of two requests with one key has not ended."""

    title = N_("Under way already")
    message = N_("A request with this Idempotency-Key is being worked on. Please ask again in a moment.")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that shall be done once."""

    person_id: int
    key: str
    method: str
    path: str
    body_hash: str

    @property
    def kept(self) -> timedelta:
        """How long its answer is kept."""
        return KEPT if self.path.startswith(_API) else KEPT_FORMS


def is_key(text: str) -> bool:
    """Whether this can be a key."""
    return _KEY.fullmatch(text) is not None


def begin(session: Session, sent: Sent) -> Response | None:
    """Take the key for this transaction; answers what was answered before where it is taken. Raises KeyUsedOtherwise, StillWorking."""
    if _take(session, sent):
        return None
    kept: ApiAnswer | None = session.scalars(select(ApiAnswer).where(*_of(sent))).first()
    if kept is None:  # the other one was undone while we waited
        raise StillWorking()
    if kept.created_at + sent.kept <= clock.now():
        session.delete(kept)
        return begin(session, sent)
    if (kept.method, kept.path, kept.body_hash) != (sent.method, sent.path, sent.body_hash):
        raise KeyUsedOtherwise()
    return Response(kept.body, kept.status, {**kept.headers, "idempotent-replayed": "true"})


def _take(session: Session, sent: Sent) -> bool:
    return session.insert_new(
        ApiAnswer, person_id=sent.person_id, key=sent.key, method=sent.method, path=sent.path, body_hash=sent.body_hash, status=0,
        headers={}, body=b"", created_at=clock.now(),
    )  # fmt: skip


def _of(sent: Sent) -> tuple[Any, ...]:
    return _ApiAnswer.person_id == sent.person_id, _ApiAnswer.key == sent.key


def keep(session: Session, sent: Sent, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Write the answer beside what was done."""
    session.execute(update(ApiAnswer).where(*_of(sent)).values(status=status, headers=dict(headers), body=body))


def forget_all(session: Session, person_id: int) -> None:
    """Delete every answer that a person was given."""
    session.execute(delete(ApiAnswer).where(_ApiAnswer.person_id == person_id))


def forget_old(run: JobRun) -> None:
    """Delete what nobody will ask for again."""
    now = clock.now()
    is_over = or_(_ApiAnswer.path.startswith(_API), _ApiAnswer.created_at <= now - KEPT_FORMS)
    with run.database.transaction() as session:
        session.execute(delete(ApiAnswer).where(_ApiAnswer.created_at <= now - KEPT, is_over))
