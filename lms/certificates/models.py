"""Tables of certificates."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, text
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime, reference

CERTIFICATE_STATES = ("valid", "revoked", "replaced", "expired")
_VALID = text("status = 'valid'")


class CertificateSeries(Row, table=True):
    """The next number of each series, so that serials have no gaps."""

    __tablename__ = "certificate_series"
    prefix: str = Field(primary_key=True)
    next_number: int = 1


class Certificate(Row, table=True):
    """One issued document. What is printed is frozen in `snapshot` at issue; the file's bytes are kept with their hash."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint(f"status IN {CERTIFICATE_STATES}", name="status_known"),
        # Nobody has two valid certificates of a kind for one cohort, whatever runs at the same time.
        Index("uq_certificate_valid", "enrolment_id", "kind", unique=True, sqlite_where=_VALID, postgresql_where=_VALID),
    )
    id: int | None = Field(default=None, primary_key=True)
    serial: str = Field(unique=True)
    code: str = Field(unique=True)
    """The verification code: unguessable, in groups joined by hyphens."""
    enrolment_id: int = Field(sa_column=reference("enrolment.id"))
    person_id: int = Field(sa_column=reference("person.id"))
    cohort_id: int = Field(sa_column=reference("cohort.id"))
    kind: str = "completion"
    status: str = "valid"
    language: str = "en"
    snapshot: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    issued_on: date
    issued_at: datetime = Field(sa_type=UtcDateTime)
    issued_by: int | None = Field(default=None, sa_column=reference("person.id", ondelete="SET NULL", nullable=True))
    file_id: int | None = Field(default=None, sa_column=reference("stored_file.id", nullable=True))
    """The drawn document; empty until a job has drawn it, and again when the person is forgotten."""
    file_sha256: str | None = Field(default=None, index=True)
    """The document's hash: a file that somebody brings along is the issued one if it has the same."""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = ""
    replaced_by_id: int | None = Field(default=None, sa_column=reference("certificate.id", ondelete="SET NULL", nullable=True))
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the person was forgotten: the certificate still counts, but its code confirms nothing any more."""


class CertificateExport(Row, table=True):
    """A ZIP of a cohort's certificates that somebody asked for, kept for a few days."""

    __tablename__ = "certificate_export"
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(unique=True)
    cohort_id: int = Field(sa_column=reference("cohort.id", ondelete="CASCADE"))
    file_id: int = Field(sa_column=reference("stored_file.id"))
    made_at: datetime = Field(sa_type=UtcDateTime)
