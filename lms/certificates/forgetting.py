"""A person's certificates as personal data: taken along, or forgotten. What was issued still counts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from lms.accounts.erasing import ERASED_NAME
from lms.certificates import exporting
from lms.certificates.models import Certificate, CertificateExport
from lms.kernel import clock, jobs
from lms.kernel.database import ReadSession, Session
from lms.kernel.discarding import delete_rows

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate
_Export: Any = CertificateExport


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """The certificates that a person was given, with everything they say."""
    rows: Any = session.execute(
        select(_Certificate.status, _Certificate.issued_at, _Certificate.revoked_at, _Certificate.reason, _Certificate.snapshot)
        .where(_Certificate.person_id == person_id)
        .order_by(_Certificate.id)
    )
    return {"certificates": [_taken_along(row) for row in rows]}


def _taken_along(row: Any) -> dict[str, Any]:
    shown = {name: value for name, value in row.snapshot.items() if name != "logo_file_id"}
    return {"status": row.status, "issued_at": row.issued_at, "revoked_at": row.revoked_at, "reason": row.reason, **shown}


def erase(session: Session, person_id: int) -> None:
    """Take the name off the certificates of a person and delete their documents, also those packed in ZIPs.

    Their codes confirm nothing any more.
    The bytes go by a job: they could not be brought back should the transaction fail.
    """
    mine = select(Certificate).where(_Certificate.person_id == person_id, _Certificate.erased_at.is_(None)).order_by(_Certificate.id)
    held: list[Certificate] = list(session.scalars(mine.with_for_update().execution_options(populate_existing=True)))
    file_ids = [certificate.file_id for certificate in held if certificate.file_id]
    for certificate in held:
        certificate.snapshot = _nameless(certificate.snapshot)
        certificate.reason, certificate.file_id, certificate.erased_at = "", None, clock.now()
    session.flush()
    keys = delete_rows(session, file_ids)
    keys += exporting.forget(session, _Export.cohort_id.in_({certificate.cohort_id for certificate in held}))
    if keys:
        jobs.enqueue(session, "certificates.forget_files", {"keys": keys})


def _nameless(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    return {**snapshot, "name": ERASED_NAME}
