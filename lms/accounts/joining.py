"""Making an account and setting a new password: both by a link in a mail, which proves that the address is the person's."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import select, update

from lms.accounts import passwords, people
from lms.accounts.models import Account, OneTimeToken, Person
from lms.kernel import audit, clock, mail, sessions
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import SYSTEM, Actor

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_OneTimeToken: Any = OneTimeToken

LIFETIMES = {"confirm": timedelta(days=3), "reset": timedelta(hours=2)}


class LinkIsSpent(Refused):
    """The link was used, or it is too old, or the address has changed since."""

    status = 404
    title = N_("This link no longer works")
    message = N_("This link has been used or has expired. Please ask for a new one.")


def join(
    session: Session,
    base_url: str,
    *,
    email: str,
    given_name: str = "",
    family_name: str = "",
    country_code: str | None = None,
    language: str = "en",
    timezone: str = "UTC",
    back: str = "",
) -> None:
    """Make an account that waits for its confirmation, and send the link, which leads on to the page `back`.

    The caller says the same to everybody: whether an address is known here is told to its owner alone, by mail. The password is chosen
    behind the link, so that nobody can prepare an account with somebody else's address and wait.
    """
    person = people.find_by_email(session, email)
    if person is None:
        person = people.create(
            session, SYSTEM, email=email, given_name=given_name, family_name=family_name, country_code=country_code,
            language=language, timezone=timezone,
        )  # fmt: skip
    session.insert_new(Account, person_id=_id(person), created_at=clock.now())
    if session.lock(Account, person.id).email_confirmed_at:
        send_link(session, base_url, person, "reset", "confirm_known", back)
    else:
        send_link(session, base_url, person, "confirm", "confirm", back)


def ask_reset(session: Session, base_url: str, email: str) -> None:
    """Send a link for a new password to whoever has this address; nothing happens for an unknown one."""
    person = people.find_by_email(session, email)
    if person and not person.erased_at:
        send_link(session, base_url, person, "reset", "reset")


def invite(session: Session, base_url: str, person: Person) -> None:
    """Send a person whom staff added the link to choose a password."""
    send_link(session, base_url, person, "confirm", "confirm_invited")


def send_link(session: Session, base_url: str, person: Person, purpose: str, template: str, back: str = "") -> None:
    """Mail a link that works once. Only its digest is kept."""
    token, email = secrets.token_urlsafe(32), person.email or ""
    session.add(
        OneTimeToken(
            token_hash=sessions.token_hash(token),
            person_id=_id(person),
            purpose=purpose,
            email=email,
            expires_at=clock.now() + LIFETIMES[purpose],
        )
    )
    url = f"{base_url.rstrip('/')}/{purpose}/{token}" + (f"?next={quote(back)}" if back else "")
    mail.send(session, email, template, person.language, url=url)


def holder(session: ReadSession, token: str, purpose: str) -> Person:
    """The person whom a link was sent to. Raises LinkIsSpent."""
    found: Person | None = session.scalars(
        select(Person)
        .join(OneTimeToken, _OneTimeToken.person_id == _Person.id)
        .where(*_live(token, purpose, clock.now()), _OneTimeToken.email == _Person.email)
    ).first()
    if found is None:
        raise LinkIsSpent()
    return found


def use_link(session: Session, token: str, purpose: str, password_digest: str) -> Person:
    """Set the password, confirm the address, sign out everywhere; the link and its sisters are spent. Raises LinkIsSpent.

    Two uses of one link at once: the update finds the row unused only once.
    """
    person = holder(session, token, purpose)
    used: Any = session.execute(update(OneTimeToken).where(*_live(token, purpose, clock.now())).values(used_at=clock.now()))
    if not used.rowcount:
        raise LinkIsSpent()
    unused = (_OneTimeToken.person_id == person.id, _OneTimeToken.used_at.is_(None))
    session.execute(update(OneTimeToken).where(*unused).values(used_at=clock.now()))
    passwords.store(session, _id(person), password_digest, confirmed=True)
    sessions.close_all_sessions(session, _id(person))
    audit.record(session, SYSTEM, "password.set", "person", person.id)
    return person


def change_password(session: Session, actor: Actor, password_digest: str) -> None:
    """Set one's own new password and sign out everywhere."""
    passwords.store(session, actor.id or 0, password_digest)
    sessions.close_all_sessions(session, actor.id or 0)
    audit.record(session, actor, "password.changed", "person", actor.id)


def _live(token: str, purpose: str, now: datetime) -> tuple[Any, ...]:
    return (
        _OneTimeToken.token_hash == sessions.token_hash(token),
        _OneTimeToken.purpose == purpose,
        _OneTimeToken.used_at.is_(None),
        _OneTimeToken.expires_at > now,
    )


def _id(person: Person) -> int:
    if person.id is None:
        raise ValueError("the person is not saved yet")
    return person.id
