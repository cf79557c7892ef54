"""Faults that are nobody's mistake and pass: the database is away, or a disk is full. People and programs are told so, to try again."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from lms.kernel.errors import Refused
from lms.kernel.i18n import N_

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SQLITE_FULL, SQLITE_AWAY = "SQLITE_FULL", ("SQLITE_BUSY", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PROTOCOL")
DISK_FULL = "53100"
# PostgreSQL: connections, resources, operator's intervention; a deadlock, which another try gets past.
AWAY = ("08", "53", "57P", "40P01")
_AWHILE = {"retry-after": "10"}


class NoRoom(Refused):
    """A disk is full."""

    status = 507  # RFC 4918 §11.5
    title = N_("No room left")
    message = N_("The server has no room left to keep this. Nothing of it was saved; what was saved before is safe.")
    headers = _AWHILE


class Away(Refused):
    """The database does not answer."""

    status = 503
    title = N_("Back in a moment")
    message = N_(
        "The database of this site is not there at the moment. If you sent something, it was not confirmed: please look, and send it again."
    )
    headers = _AWHILE


def outage(error: BaseException) -> Refused | None:
    """What to tell where an error comes from an outage; None for a mistake of ours."""
    for one in _chain(error):
        if isinstance(one, OSError) and one.errno in FULL:
            return NoRoom()
        if isinstance(one, NoFreeConnection):
            return Away()
        if (name := getattr(one, "sqlite_errorname", None)) is not None:
            return _of_sqlite(name)
        if type(one).__module__.partition(".")[0] == "psycopg":
            return _of_postgresql(one)
    return None


@contextmanager
def unless_out() -> Iterator[None]:
    """Leave out what can be left out: a note that cannot be written now must not keep people from reading."""
    try:
        yield
    except SQLAlchemyError as error:
        if outage(error) is None:
            raise


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from, as far as it is not hidden."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_sqlite(name: str) -> Refused | None:
    if name == SQLITE_FULL:
        return NoRoom()
    return Away() if name.startswith(SQLITE_AWAY) else None


def _of_postgresql(error: BaseException) -> Refused | None:
    state: str | None = getattr(error, "sqlstate", None)
    if state == DISK_FULL:
        return NoRoom()
    if state is None:  # no answer of the server at all: it refused the connection, or the connection broke
        return Away() if type(error).__name__ in ("OperationalError", "ConnectionTimeout") else None
    return Away() if state.startswith(AWAY) else None
