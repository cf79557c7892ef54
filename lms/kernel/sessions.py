"""Signing in: opaque tokens kept as hashes, form tokens against cross-site requests, and limits on how often something may be tried."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, bindparam, delete, select, update
from sqlmodel import Field

from lms.kernel import clock
from lms.kernel.database import Database, ReadSession, Row, Session, UtcDateTime
from lms.kernel.errors import TooMany
from lms.kernel.outages import unless_out

COOKIE = "session"
VISITOR_COOKIE = "visitor"
_SALT = 16
_SEEN_EVERY = timedelta(minutes=10)  # how stale the "last seen" of a session may be: a write per page would cost more than it tells


class SignIn(Row, table=True):
    """One browser in which a person has signed in."""

    __tablename__ = "sign_in"
    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    person_id: int = Field(sa_column=Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True))
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ip: str = ""
    agent: str = ""


class RateLimit(Row, table=True):
    """How often something was tried in the present window."""

    __tablename__ = "rate_limit"
    key: str = Field(primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    count: int = 0


# SQLModel types a column as its value; in a statement it is a column.
_SignIn: Any = SignIn
_RateLimit: Any = RateLimit

_FIND: Any = select(_SignIn.id, _SignIn.person_id, _SignIn.seen_at).where(
    _SignIn.token_hash == bindparam("token_hash"), _SignIn.expires_at > bindparam("now")
)


def token_hash(token: str) -> str:
    """What is stored of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(session: Session, person_id: int, days: int, agent: str = "") -> str:
    """Sign a person in; answers the token for the cookie, which is stored nowhere else."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        SignIn(
            token_hash=token_hash(token),
            person_id=person_id,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(days=days),
            ip=session.origin.ip,
            agent=agent[:200],
        )
    )
    return token


def find_session(session: ReadSession, token: str) -> tuple[int, bool] | None:
    """The person of a live session, and whether its "last seen" wants renewing."""
    row = session.rows(_FIND, {"token_hash": token_hash(token), "now": clock.now()}).first()
    return None if row is None else (row.person_id, clock.now() - row.seen_at > _SEEN_EVERY)


def renew_session(session: Session, token: str, days: int, longest: int) -> None:
    """Note that the session is in use and let it live on, but for no more than `longest` days in all."""
    now, mine = clock.now(), _SignIn.token_hash == token_hash(token)
    began: datetime | None = session.scalar(select(_SignIn.created_at).where(mine))
    if began:
        ends = min(now + timedelta(days=days), began + timedelta(days=longest))
        session.execute(update(SignIn).where(mine).values(seen_at=now, expires_at=ends))


def renew_if_possible(database: Database, token: str, days: int, most_days: int) -> bool:
    """The same in a transaction of its own. While nothing can be written, because a disk is full, pages can still be read."""
    is_renewed = False
    with unless_out(), database.transaction() as session:
        renew_session(session, token, days, most_days)
        is_renewed = True
    return is_renewed


def close_session(session: Session, token: str) -> None:
    """Sign out of one browser."""
    session.execute(delete(SignIn).where(_SignIn.token_hash == token_hash(token)))


def close_all_sessions(session: Session, person_id: int) -> None:
    """Sign out everywhere."""
    session.execute(delete(SignIn).where(_SignIn.person_id == person_id))


def cookie_name(name: str, is_https: bool) -> str:
    """How a cookie is called: over https so that browsers take it from this very host alone, never from a neighbour or from plain http."""
    return f"__Host-{name}" if is_https else name


def form_token(secret: bytes, seed: str, salt: str = "") -> str:
    """The token that a form of this session (or visitor) must send back.

    Another one each time: one that stayed the same could be guessed from the size of compressed pages (BREACH).
    """
    salt = salt or secrets.token_hex(_SALT // 2)
    return salt + hmac.new(secret, f"form:{salt}:{seed}".encode(), hashlib.sha256).hexdigest()[:40]


def form_token_matches(secret: bytes, seed: str, token: str) -> bool:
    """Whether a form's token belongs to this session (or visitor)."""
    return bool(seed) and token.isascii() and hmac.compare_digest(form_token(secret, seed, token[:_SALT]), token)


def limit_key(about: str) -> str:
    """Under which tries are counted: a digest, because what they are about may name an address or a machine."""
    return hashlib.sha256(about.encode()).hexdigest()[:40]


def limit(database: Database, about: str, times: int, within: timedelta) -> None:
    """Count one try. Raises TooMany after `times` within the window. A transaction of its own, so that a refused try counts too."""
    now, key = clock.now(), limit_key(about)
    with database.transaction() as session:
        session.insert_new(RateLimit, key=key, started_at=now, count=0)
        row = session.lock(RateLimit, key)
        if row.started_at + within <= now:
            row.started_at, row.count = now, 0
        row.count += 1
        count, ends = row.count, row.started_at + within
    if count > times:
        raise TooMany(minutes=max(1, round((ends - now).total_seconds() / 60)))


def check_limit(session: ReadSession, about: str, times: int, within: timedelta) -> None:
    """Raise TooMany where `times` tries within the window have been counted; counts none."""
    row = session.get(RateLimit, limit_key(about))
    now = clock.now()
    if row and row.count >= times and row.started_at + within > now:
        raise TooMany(minutes=max(1, round((row.started_at + within - now).total_seconds() / 60)))


def forget(database: Database, about: str) -> None:
    """Forget the tries that were counted, after one that succeeded."""
    with database.transaction() as session:
        session.execute(delete(RateLimit).where(_RateLimit.key == limit_key(about)))
