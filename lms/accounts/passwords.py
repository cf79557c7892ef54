"""Passwords: how they are stored, checked and set."""

import gzip
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from lms.accounts.models import Account
from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_
from lms.kernel.text import fold

# SQLModel types a column as its value; in a statement it is a column.
_Account: Any = Account

SHORTEST, LONGEST = 10, 200
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's recommendation for argon2id
_COMMON = ("password", "contrasena", "123456789", "987654321", "qwertyuiop", "iloveyou", "letmein")
_LEAKED = Path(__file__).parent / "data" / "common_passwords.txt.gz"  # the 49,000 most used ones of known leaks, as zxcvbn-ts ships them
_CONTEXT = ("aula sur", "aulasur")
_ADDED = 6
"""Characters around a known word that make a password no better: a year, a sign."""


def check_strength(password: str, *personal: str) -> None:
    """Refuse a password that is short, among those known from leaks, or made of `personal` words (name, e-mail, site). Raises Invalid.

    What characters it is made of is nobody's business: a short sentence is better than a sign in a word.
    """
    folded = fold(password)
    if len(password) < SHORTEST:
        raise Invalid({"password": str(N_("At least {count} characters; a short sentence is good.")).format(count=SHORTEST)})
    if len(password) > LONGEST:
        raise Invalid({"password": str(N_("At most {count} characters.")).format(count=LONGEST)})
    guessable = len(set(folded)) < 4 or any(folded.startswith(word) and len(folded) < len(word) + 5 for word in _COMMON)
    if guessable or _is_personal(folded, [*personal, *_CONTEXT]) or _is_leaked(folded):
        raise Invalid({"password": N_("This password is too easy to guess.")})


def _is_personal(folded: str, personal: Iterable[str]) -> bool:
    """Whether little is left of it without the person's own words."""
    words = {word for text in personal for word in (fold(text), *re.split(r"[\W_]+", fold(text))) if len(word) > 3}
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(rest) < len(folded) and len(rest) <= _ADDED


def _is_leaked(folded: str) -> bool:
    """Whether it is one of the most used passwords, also with a year or some signs around it, or written twice."""
    half = folded[: len(folded) // 2]
    bare = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", folded)
    tried = {folded, folded.replace(" ", "")}
    tried |= {half} if half * 2 == folded else set()
    tried |= {bare} if len(folded) - len(bare) <= _ADDED else set()
    # Read anew each time: passwords are set seldom, and the list would stay in the memory of every process.
    leaked = "\n" + gzip.decompress(_LEAKED.read_bytes()).decode()
    return any(f"\n{word}\n" in leaked for word in tried)


def digest(password: str) -> str:
    """What is stored of a password. Takes about 20 ms: do it before a transaction begins."""
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password. Takes as long for a person who has none, so that nobody can tell who has an account."""
    try:
        is_right: bool = _HASHER.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return is_right and stored is not None


@cache
def _nobody() -> str:
    return _HASHER.hash("the password of nobody")


def is_outdated(stored: str) -> bool:
    """Whether the password was stored with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def stored_for(session: ReadSession, person_id: int) -> str | None:
    """What is stored of this person's password, if there is one."""
    stored: str | None = session.scalar(select(_Account.password_hash).where(_Account.person_id == person_id))
    return stored


def set_password(session: Session, person_id: int, password: str, confirmed: bool = False) -> None:
    """Give a person this password, and an account where there is none. Strength is the caller's business (`check_strength`)."""
    store(session, person_id, digest(password), confirmed)


def store(session: Session, person_id: int, hashed: str, confirmed: bool = False) -> None:
    """Keep a password's digest. `confirmed`: the person has just proved to read mail at the address."""
    now = clock.now()
    session.insert_new(Account, person_id=person_id, created_at=now)
    account = session.lock(Account, person_id)
    account.password_hash = hashed
    if confirmed and account.email_confirmed_at is None:
        account.email_confirmed_at = now
    session.flush()
