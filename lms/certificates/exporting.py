"""A cohort's certificates as one ZIP: the documents, and an index of them."""

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, BinaryIO

from sqlalchemy import delete, select

from lms.certificates import filing
from lms.certificates.filing import Document
from lms.certificates.models import Certificate, CertificateExport
from lms.kernel import clock, csvio
from lms.kernel.database import Database, Session
from lms.kernel.discarding import delete_rows
from lms.kernel.storage import Storage, clean_name

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate
_Export: Any = CertificateExport

INDEX = "index.csv"
COLUMNS = ("serial", "code", "name", "course", "cohort", "issued_on", "file", "sha256")
LONGEST = 200  # bytes of a name; file systems take 255, and letters of some scripts take three each

Follow = Callable[[int, int], None]
"""Told how many of how many are done; may raise, to stop the work."""


def write_zip(database: Database, storage: Storage, cohort_id: int, target: BinaryIO, follow: Follow) -> int:
    """Write the ZIP of a cohort's valid certificates to `target`, drawing documents that are missing. Returns how many there are.

    What is drawn is kept, so that whoever starts again after an interruption goes on where it ended.
    """
    with database.reading() as session:
        valid = select(_Certificate.id).where(_Certificate.cohort_id == cohort_id, _Certificate.status == "valid")
        ids = list(session.scalars(valid.where(_Certificate.erased_at.is_(None)).order_by(_Certificate.serial)))
    rows: list[tuple[Any, ...]] = []
    with zipfile.ZipFile(target, "w") as archive:
        for number, certificate_id in enumerate(ids):
            follow(number, len(ids))
            document = filing.document_of(database, storage, certificate_id)
            if document:  # else it was revoked a moment ago
                rows.append(_add(archive, storage, document))
        _write(archive, INDEX, _index(rows), clock.today(), zipfile.ZIP_DEFLATED)
    follow(len(ids), len(ids))
    return len(rows)


def _add(archive: zipfile.ZipFile, storage: Storage, document: Document) -> tuple[Any, ...]:
    it, file = document.snapshot, document.file
    name = entry_name(it.serial, it.name)
    with storage.open(file.key) as opened:
        _write(archive, name, opened.read(), it.issued_on, zipfile.ZIP_STORED)  # a PDF is compressed already
    return (it.serial, it.code, it.name, it.course, it.cohort_code, it.issued_on, name, file.sha256)


def _write(archive: zipfile.ZipFile, name: str, content: bytes, day: date, compression: int) -> None:
    entry = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
    entry.compress_type, entry.external_attr = compression, 0o644 << 16
    archive.writestr(entry, content)


def _index(rows: Iterable[tuple[Any, ...]]) -> bytes:
    return b"".join(csvio.write(COLUMNS, rows, bom=True))


def entry_name(serial: str, name: str) -> str:
    """The name of a document in the ZIP, "SERIAL Given Family.pdf", such that every system can keep it."""
    whole = re.sub(r"[/\\]", "-", f"{serial} {name}")  # "Rosa c/o Quispe" is one name, not a path
    plain = unicodedata.normalize("NFC", clean_name(whole))
    while len(plain.encode()) > LONGEST:
        plain = plain[:-1]
    while plain and unicodedata.category(plain[-1]) == "Mn":  # no mark without its letter
        plain = plain[:-1]
    return plain.rstrip(" .") + ".pdf"


def forget(session: Session, condition: Any) -> list[str]:
    """Delete the rows of kept ZIPs; answers the storage keys of their bytes, to be deleted once that is committed."""
    found: Any = session.rows(select(_Export.id, _Export.file_id).where(condition)).all()
    session.execute(delete(CertificateExport).where(_Export.id.in_([row.id for row in found])))
    return delete_rows(session, [row.file_id for row in found])
