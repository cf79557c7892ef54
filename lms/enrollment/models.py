"""Tables of enrolments and applications."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime, reference

ENROLMENT_STATES = ("active", "suspended", "completed", "failed", "withdrawn")
APPLICATION_STATES = ("submitted", "shortlisted", "accepted", "waitlisted", "rejected", "withdrawn")
OPEN_APPLICATION_STATES = ("submitted", "shortlisted", "waitlisted")
"""Those that wait for a decision."""


class Enrolment(Row, table=True):
    """One person's place in a cohort. The numbered place makes the database itself refuse to sell one twice."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("cohort_id", "person_id"),
        UniqueConstraint("cohort_id", "place"),
        CheckConstraint(f"status IN {ENROLMENT_STATES}", name="status_known"),
        CheckConstraint("(status = 'withdrawn') = (place IS NULL)", name="a_place_unless_withdrawn"),
        CheckConstraint("place IS NULL OR place >= 1", name="place_positive"),
    )
    id: int | None = Field(default=None, primary_key=True)
    cohort_id: int = Field(sa_column=reference("cohort.id"))
    person_id: int = Field(sa_column=reference("person.id"))
    status: str = "active"
    method: str = "staff"
    place: int | None = None
    """1 to the cohort's seats; empty when withdrawn."""
    enrolled_at: datetime = Field(sa_type=UtcDateTime, index=True)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Application(Row, table=True):
    """One person's answer to a cohort's call."""

    __tablename__ = "application"
    __table_args__ = (
        UniqueConstraint("cohort_id", "person_id"),
        CheckConstraint(f"status IN {APPLICATION_STATES}", name="status_known"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    cohort_id: int = Field(sa_column=reference("cohort.id"))
    person_id: int = Field(sa_column=reference("person.id"))
    answer: str = ""
    status: str = "submitted"
    submitted_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: int | None = Field(default=None, sa_column=reference("person.id", ondelete="SET NULL", nullable=True))
    decision_note: str = ""
