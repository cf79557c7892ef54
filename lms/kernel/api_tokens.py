"""Bearer tokens of the JSON API: made once, shown once, kept as hashes."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, bindparam, delete, select, update
from sqlmodel import Field

from lms.kernel import clock
from lms.kernel.database import ReadSession, Row, Session, UtcDateTime, reference
from lms.kernel.sessions import token_hash
from lms.kernel.text import random_code

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE)
DAYS, MOST_DAYS = 90, 365
PREFIX = "aula_"
"""Begins every token, so that programs which look for leaked secrets recognise one."""
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_USED_EVERY = timedelta(minutes=10)  # how stale "last used" may be: a write per request would cost more than it tells


class ApiToken(Row, table=True):
    """What lets a program act for a person until it expires or is revoked. The token itself is nowhere."""

    __tablename__ = "api_token"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires_later"),)
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    token_hash: str = Field(unique=True)
    person_id: int = Field(sa_column=reference("person.id", ondelete="CASCADE"))
    name: str = ""
    """What the person calls it; not for the audit log."""
    scopes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# SQLModel types a column as its value; in a statement it is a column.
_ApiToken: Any = ApiToken
_FIND: Any = select(_ApiToken.id, _ApiToken.person_id, _ApiToken.scopes, _ApiToken.expires_at, _ApiToken.last_used_at).where(
    _ApiToken.token_hash == bindparam("token_hash"), _ApiToken.expires_at > bindparam("now"), _ApiToken.revoked_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Held:
    """A token that is good: whose it is and what it opens."""

    id: int
    person_id: int
    scopes: tuple[str, ...]
    expires_at: datetime
    wants_noting: bool
    """Whether its "last used" is out of date."""


def looks_like_one(token: str) -> bool:
    """Whether this could be a token of ours, before anything is asked of the database."""
    return _SHAPE.fullmatch(token) is not None


def make(session: Session, person_id: int, name: str, scopes: tuple[str, ...], days: int) -> tuple[str, ApiToken]:
    """A new token and its row. The token is stored nowhere else."""
    token, now = PREFIX + secrets.token_urlsafe(32), clock.now()
    row = ApiToken(
        code=random_code(), token_hash=token_hash(token), person_id=person_id, name=name, scopes=list(scopes), created_at=now,
        expires_at=now + timedelta(days=days),
    )  # fmt: skip
    return token, session.add(row)


def find(session: ReadSession, token: str) -> Held | None:
    """The token where it is good now."""
    now = clock.now()
    row = session.rows(_FIND, {"token_hash": token_hash(token), "now": now}).first()
    if row is None:
        return None
    is_stale = row.last_used_at is None or now - row.last_used_at > _USED_EVERY
    return Held(row.id, row.person_id, tuple(row.scopes), row.expires_at, is_stale)


def note_use(session: Session, token_id: int) -> None:
    """Keep when a token was used last."""
    session.execute(update(ApiToken).where(_ApiToken.id == token_id).values(last_used_at=clock.now()))


def forget_all(session: Session, person_id: int) -> None:
    """Delete every token of a person."""
    session.execute(delete(ApiToken).where(_ApiToken.person_id == person_id))
