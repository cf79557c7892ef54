"""Telling whether a certificate is genuine: by its code, or by its file."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO

from sqlalchemy import select

from lms.certificates.models import Certificate
from lms.certificates.numbering import grouped
from lms.certificates.snapshots import Snapshot, from_json
from lms.kernel import sessions
from lms.kernel.database import Database, ReadSession

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate

WRONG_CODES, FILES = 30, 30
WITHIN = timedelta(minutes=15)
CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a certificate. `status` is valid, revoked, replaced, expired, unavailable (forgotten on request) or unknown."""

    status: str
    facts: Snapshot | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the certificate is genuine and in force."""
        return self.status == "valid"

    @property
    def is_known(self) -> bool:
        """Whether there is, or was, such a certificate."""
        return self.status != "unknown"

    def as_json(self) -> dict[str, Any]:
        """The answer for programs: facts only where there are any."""
        answer: dict[str, Any] = {"valid": self.is_valid, "status": self.status}
        if self.facts is None:
            return answer
        it = self.facts
        return answer | {
            "serial": it.serial, "code": it.code, "name": it.name, "programme": it.programme, "course": it.course, "cohort": it.cohort_code,
            "starts_on": _iso(it.starts_on), "ends_on": _iso(it.ends_on), "hours": it.hours or None,
            "region": ", ".join(it.regions) or None, "issued_on": it.issued_on.isoformat(),
        }  # fmt: skip


UNKNOWN = Verdict("unknown")


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None


def check(database: Database, code: str, visitor: str) -> Verdict:
    """What is known of the certificate with this code, however it is typed. Raises TooMany.

    Wrong codes are counted by `visitor` (an address); after too many of them even a right one is not answered for a while.
    """
    tries = f"verify:code:{visitor}"
    with database.reading() as session:
        sessions.check_limit(session, tries, WRONG_CODES, WITHIN)
        verdict = by_code(session, code)
    if not verdict.is_known:
        sessions.limit(database, tries, WRONG_CODES, WITHIN)
    return verdict


def check_file(database: Database, stream: BinaryIO, visitor: str) -> Verdict:
    """What is known of a file; each one is counted by `visitor`, because reading it costs. Raises TooMany."""
    sessions.limit(database, f"verify:file:{visitor}", FILES, WITHIN)
    with database.reading() as session:
        return by_file(session, stream)


def by_code(session: ReadSession, code: str) -> Verdict:
    """The verdict on a code, in capital or small letters, with or without hyphens."""
    return _verdict(session, _Certificate.code == grouped(code))


def by_file(session: ReadSession, stream: BinaryIO) -> Verdict:
    """The verdict on a file: known only where every byte is as issued."""
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return _verdict(session, _Certificate.file_sha256 == digest.hexdigest())


def _verdict(session: ReadSession, condition: Any) -> Verdict:
    columns = (_Certificate.status, _Certificate.erased_at, _Certificate.snapshot)
    row: Any = session.execute(select(*columns).where(condition).order_by(_Certificate.id.desc()).limit(1)).first()
    if row is None:
        return UNKNOWN
    if row.erased_at is not None:
        return Verdict("unavailable")
    return Verdict(row.status, from_json(row.snapshot))
