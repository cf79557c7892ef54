"""Signing in: the check of address and password, with limits on guessing."""

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select

from lms.accounts import passwords
from lms.accounts.models import Account, Person
from lms.accounts.people import address
from lms.kernel import sessions
from lms.kernel.database import Database
from lms.kernel.errors import Invalid, Refused
from lms.kernel.i18n import N_

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Account: Any = Account

QUARTER_HOUR = timedelta(minutes=15)
logger = logging.getLogger("lms.sign_in")
TRIES_PER_PLACE, TRIES_PER_ADDRESS, TRIES_PER_MACHINE = 10, 60, 200  # a machine may be the shared line of a whole course

_FIND: Any = (
    select(_Person.id, _Person.language, _Account.password_hash, _Account.email_confirmed_at)
    .join_from(Person, Account, _Account.person_id == _Person.id)
    .where(_Person.email == bindparam("email"))
)


class WrongPassword(Refused):
    """One sentence for all causes, so that nobody learns which addresses exist."""

    status = 422
    message = N_("E-mail address or password is not right.")


class NotConfirmed(Refused):
    """The password is right, but nobody has shown yet that the address belongs to the person."""

    status = 422
    message = N_(
        "Please confirm your e-mail address first, with the link we sent you. You can ask for a new link with “Forgot your password?”."
    )


def check(database: Database, email: str, password: str, ip: str) -> tuple[int, str]:
    """The person with this address and password, and the person's language. Raises WrongPassword, NotConfirmed, TooMany.

    Takes equally long whether or not the address is known. Opens its own transactions: a refused try must be counted.
    """
    email = address(email) or ""
    limit(database, f"sign-in:{ip}:{email}", TRIES_PER_PLACE)
    limit(database, f"sign-in:{email}", TRIES_PER_ADDRESS)
    limit(database, f"sign-in:{ip}", TRIES_PER_MACHINE)
    with database.reading() as session:
        row = session.execute(_FIND, {"email": email}).first()
    if not passwords.matches(row.password_hash if row else None, password) or row is None:
        _note("wrong", email, ip, row.id if row else None)
        raise WrongPassword()
    if row.email_confirmed_at is None:
        _note("not confirmed", email, ip, row.id)
        raise NotConfirmed()
    _note("right", email, ip, row.id)
    sessions.forget(database, f"sign-in:{ip}:{email}")
    if passwords.is_outdated(row.password_hash):
        hashed = passwords.digest(password)
        with database.transaction() as writing:
            passwords.store(writing, row.id, hashed)
    return row.id, row.language


def confirm(database: Database, person_id: int, password: str) -> None:
    """Have somebody who has signed in prove it again, before what would let a stranger at her desk in for good. Raises Invalid, TooMany."""
    limit(database, f"password:{person_id}", 10)
    with database.reading() as session:
        stored = passwords.stored_for(session, person_id)
    if not passwords.matches(stored, password):
        raise Invalid({"current": N_("This is not your present password.")})


def _note(outcome: str, email: str, ip: str, person_id: int | None) -> None:
    """A line in the log. The address stands there as a digest: enough to see that one is tried again and again."""
    facts = {"outcome": outcome, "person": person_id, "address": sessions.limit_key(email)[:12], "ip": ip}
    logger.log(logging.INFO if outcome == "right" else logging.WARNING, "sign-in", extra={"facts": facts})


def limit(database: Database, about: str, times: int, within: timedelta = QUARTER_HOUR) -> None:
    """Count a try. Raises TooMany."""
    sessions.limit(database, about, times, within)
