"""Serial numbers without gaps, and codes that nobody can guess."""

import re
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Programme
from lms.certificates.models import Certificate, CertificateSeries
from lms.kernel.database import ReadSession, Session
from lms.kernel.text import fold, random_code

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate

LETTERS = 12  # of an alphabet of 31: 59 bits
TRIES = 10


class NoFreeCode(Exception):
    """Every code that was tried is taken: something is wrong with the source of chance."""


def next_serial(session: Session, programme: Programme, year: int) -> str:
    """The next serial of a programme's year, such as SFE-2013-000123.

    Holds the series until the transaction ends: what is rolled back leaves no gap.
    """
    prefix = f"{_short(programme)}-{year}"
    session.insert_new(CertificateSeries, prefix=prefix, next_number=1)
    series = session.lock(CertificateSeries, prefix)
    number, series.next_number = series.next_number, series.next_number + 1
    session.flush()
    return f"{prefix}-{number:06}"


def _short(programme: Programme) -> str:
    return re.sub(r"[^A-Z0-9]", "", fold(programme.code).upper()) or f"P{programme.id}"


def free_code(session: ReadSession) -> str:
    """A verification code that no certificate has. Raises NoFreeCode after ten that are taken."""
    for _number in range(TRIES):
        code = grouped(random_code(LETTERS))
        if session.scalar(select(_Certificate.id).where(_Certificate.code == code)) is None:
            return code
    raise NoFreeCode()


def grouped(text: str) -> str:
    """A code as it is kept, from what people type: capital letters and digits in groups of four, joined by hyphens."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper()[:100])
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))
