"""Tokens with which programs act for a person: made, listed, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lms.kernel import api_tokens, audit, clock
from lms.kernel.api_tokens import DAYS, MOST_DAYS, SCOPES, ApiToken
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Forbidden, Invalid, NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_ApiToken: Any = ApiToken

AT_ONCE = 50
NAME_LIMIT = 80


class TooManyTokens(Refused):
    """Nobody needs so many; whoever makes them in a loop should notice."""

    message = N_("You have {count} tokens that work. Revoke one first.")


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A line of the list of tokens."""

    code: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    is_good: bool


def make(
    session: Session, actor: Actor, person_id: int, *, name: str = "", scopes: Sequence[str] = SCOPES, days: int = DAYS
) -> tuple[str, ApiToken]:
    """A new token for the person who asks, or for anybody by a command; shown once. Raises Invalid, TooManyTokens, Forbidden."""
    _check_owner(actor, person_id)
    errors = {}
    if not 1 <= days <= MOST_DAYS:
        errors["days"] = str(N_("From 1 to {most} days.")).format(most=MOST_DAYS)
    if not scopes or set(scopes) - set(SCOPES):
        errors["scopes"] = str(N_("Please choose one of the options."))
    if len(tidy(name)) > NAME_LIMIT:
        errors["name"] = str(N_("At most {max_length} characters.")).format(max_length=NAME_LIMIT)
    if errors:
        raise Invalid(errors)
    good = session.scalar(select(func.count()).select_from(ApiToken).where(*_good(person_id)))
    if good >= AT_ONCE:
        raise TooManyTokens(count=good)
    token, row = api_tokens.make(session, person_id, tidy(name), tuple(scope for scope in SCOPES if scope in scopes), days)
    audit.record(session, actor, "token.made", "person", person_id, None, {"scopes": row.scopes, "expires_at": row.expires_at})
    return token, row


def listed(session: ReadSession, person_id: int) -> list[TokenRow]:
    """The tokens of a person, the newest first; those that were revoked or expired too, as long as they are kept."""
    rows: Any = session.rows(
        select(
            _ApiToken.code, _ApiToken.name, _ApiToken.scopes, _ApiToken.created_at, _ApiToken.expires_at, _ApiToken.last_used_at,
            _ApiToken.revoked_at,
        ).where(_ApiToken.person_id == person_id).order_by(_ApiToken.id.desc()).limit(200)
    )  # fmt: skip
    now = clock.now()
    return [
        TokenRow(r.code, r.name, tuple(r.scopes), r.created_at, r.expires_at, r.last_used_at, r.revoked_at is None and r.expires_at > now)
        for r in rows
    ]


def revoke(session: Session, actor: Actor, code: str) -> None:
    """Let a token of one's own open nothing any more. Raises NotFound."""
    row: ApiToken | None = session.scalars(select(ApiToken).where(_ApiToken.code == code)).first()
    if row is None or (row.person_id != actor.id and not actor.unlimited):
        raise NotFound()
    _end(session, actor, row)


def revoke_all(session: Session, actor: Actor, person_id: int) -> int:
    """Let no token of this person open anything any more; answers how many did. Raises Forbidden."""
    _check_owner(actor, person_id)
    rows: list[ApiToken] = list(session.scalars(select(ApiToken).where(*_good(person_id))))
    for row in rows:
        _end(session, actor, row)
    return len(rows)


def export(session: ReadSession, person_id: int) -> list[dict[str, Any]]:
    """What is kept of a person's tokens, for that person."""
    return [
        {
            "name": row.name,
            "scopes": row.scopes,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "last_used_at": row.last_used_at,
        }
        for row in listed(session, person_id)
    ]


def _end(session: Session, actor: Actor, row: ApiToken) -> None:
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        session.flush()
        audit.record(session, actor, "token.revoked", "person", row.person_id, None, {"made_at": row.created_at})


def _good(person_id: int) -> tuple[Any, ...]:
    return _ApiToken.person_id == person_id, _ApiToken.revoked_at.is_(None), _ApiToken.expires_at > clock.now()


def _check_owner(actor: Actor, person_id: int) -> None:
    if actor.id != person_id and not actor.unlimited:
        raise Forbidden()
