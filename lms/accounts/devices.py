"""The browsers in which a person has signed in: shown, and signed out one by one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from lms.accounts.models import Person
from lms.kernel import audit, clock, sessions
from lms.kernel.database import ReadSession, Session
from lms.kernel.permissions import Actor, require
from lms.kernel.sessions import SignIn

# SQLModel types a column as its value; in a statement it is a column.
_SignIn: Any = SignIn


@dataclass(frozen=True, slots=True)
class Device:
    """A browser in which somebody is signed in. `agent` is what it calls itself."""

    id: int
    agent: str
    ip: str
    since: datetime
    seen_at: datetime
    is_this: bool


def of_person(session: ReadSession, person_id: int, token: str) -> list[Device]:
    """Where a person is signed in, the latest used first. `token` is that of the browser that asks."""
    live = select(SignIn).where(_SignIn.person_id == person_id, _SignIn.expires_at > clock.now())
    rows: list[SignIn] = list(session.scalars(live.order_by(_SignIn.seen_at.desc(), _SignIn.id.desc()).limit(100)))
    own = sessions.token_hash(token)
    return [Device(r.id or 0, r.agent, r.ip, r.created_at, r.seen_at, r.token_hash == own) for r in rows]


def sign_out(session: Session, actor: Actor, device_ids: Collection[int]) -> int:
    """Sign the person who acts out of some of her browsers; answers of how many. Those of others are passed over."""
    mine = (_SignIn.person_id == actor.id, _SignIn.id.in_(list(device_ids)[:100]))
    gone: Any = session.execute(delete(SignIn).where(*mine))
    return int(gone.rowcount)


def sign_out_of_all(session: Session, actor: Actor, person: Person) -> None:
    """Sign somebody out everywhere, where a device was lost or a password is known to others. Raises Forbidden."""
    require(actor, "accounts.give_roles")
    sessions.close_all_sessions(session, person.id or 0)
    audit.record(session, actor, "person.signed_out", "person", person.id)
