"""Tables of assignments, submissions and grades."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from lms.kernel.database import Points, Row, UtcDateTime, reference

SUBMISSION_STATES = ("draft", "submitted", "reopened")
GRADE_STATES = ("marked", "released")
_LATEST = text("latest")
_DRAFT = text("status = 'draft'")


class Assignment(Row, table=True):
    """What an assignment activity asks for; its instructions and dates are the activity's."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("pass_points >= 0 AND pass_points <= points", name="pass_within_points"),
        CheckConstraint("weight >= 0", name="weight_not_negative"),
    )
    activity_id: int = Field(sa_column=reference("activity.id", ondelete="CASCADE", primary_key=True))
    points: Decimal = Field(default=Decimal(100), sa_type=Points)
    pass_points: Decimal = Field(default=Decimal(0), sa_type=Points)
    weight: Decimal = Field(default=Decimal(1), sa_type=Points)
    allow_text: bool = True
    max_files: int = 3
    max_file_mb: int = 10
    file_types: str = "pdf doc docx odt rtf txt md jpg jpeg png xlsx ods csv pptx odp"
    """Accepted file name endings, space-separated."""


class Submission(Row, table=True):
    """One attempt of a person at an assignment. Handing in again makes the next attempt; the earlier ones stay as evidence.

    The latest is the last one handed in: that is what gets marked. A draft beside it is the attempt to come. `version` counts on over all
    attempts of the person, so that it tells whether anything has been saved since somebody looked.
    """

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("activity_id", "person_id", "attempt"),
        Index("uq_submission_latest", "activity_id", "person_id", unique=True, sqlite_where=_LATEST, postgresql_where=_LATEST),
        # Holds what the marking queue compares, so that it need not read the texts of work that was marked long ago.
        Index("ix_submission_queue", "cohort_id", "person_id", "latest", "activity_id", "submitted_at"),
        Index("uq_submission_draft", "activity_id", "person_id", unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT),
        CheckConstraint(f"status IN {SUBMISSION_STATES}", name="status_known"),
        CheckConstraint("(status = 'submitted') = (submitted_at IS NOT NULL)", name="submitted_has_time"),
        CheckConstraint("NOT latest OR status <> 'draft'", name="latest_is_no_draft"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    activity_id: int = Field(sa_column=reference("activity.id"))
    cohort_id: int = Field(sa_column=reference("cohort.id", index=False))
    person_id: int = Field(sa_column=reference("person.id"))
    attempt: int = 1
    latest: bool = False
    status: str = "draft"
    text: str = ""
    words: int = 0
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SubmissionFile(Row, table=True):
    """A file of a submission."""

    __tablename__ = "submission_file"
    __table_args__ = (UniqueConstraint("submission_id", "file_id"),)
    id: int | None = Field(default=None, primary_key=True)
    submission_id: int = Field(sa_column=reference("submission.id", ondelete="CASCADE"))
    file_id: int = Field(sa_column=reference("stored_file.id"))
    position: int = 0


class GradeItem(Row, table=True):
    """A column of a cohort's gradebook: of an assignment, or one that a tutor added (without an activity) and fills in by hand."""

    __tablename__ = "grade_item"
    __table_args__ = (
        UniqueConstraint("cohort_id", "name"),
        UniqueConstraint("activity_id"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("weight >= 0", name="weight_not_negative"),
    )
    id: int | None = Field(default=None, primary_key=True)
    cohort_id: int = Field(sa_column=reference("cohort.id"))
    activity_id: int | None = Field(default=None, sa_column=reference("activity.id", ondelete="CASCADE", nullable=True))
    name: str
    points: Decimal = Field(sa_type=Points)
    pass_points: Decimal = Field(default=Decimal(0), sa_type=Points)
    weight: Decimal = Field(default=Decimal(1), sa_type=Points)
    position: int = 0


class Grade(Row, table=True):
    """A person's grade on a grade item. `version` is what a marker has read; saving needs it unchanged."""

    __tablename__ = "grade"
    __table_args__ = (
        UniqueConstraint("grade_item_id", "person_id"),
        CheckConstraint(f"status IN {GRADE_STATES}", name="status_known"),
        CheckConstraint("points IS NULL OR points >= 0", name="points_not_negative"),
        CheckConstraint("(status = 'released') = (released_at IS NOT NULL)", name="released_has_time"),
    )
    id: int | None = Field(default=None, primary_key=True)
    grade_item_id: int = Field(sa_column=reference("grade_item.id"))
    person_id: int = Field(sa_column=reference("person.id"))
    submission_id: int | None = Field(default=None, sa_column=reference("submission.id", ondelete="SET NULL", nullable=True))
    points: Decimal | None = Field(default=None, sa_type=Points)
    feedback: str = ""
    feedback_html: str = ""
    status: str = "marked"
    version: int = 1
    graded_by: int | None = Field(default=None, sa_column=reference("person.id", ondelete="SET NULL", nullable=True))
    graded_at: datetime = Field(sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GradeChange(Row, table=True):
    """What a grade was at each version: who, when, how many points.

    The database refuses to change or delete it; only the words about somebody who was erased can be taken out.
    """

    __tablename__ = "grade_change"
    __table_args__ = (UniqueConstraint("grade_id", "version"),)
    id: int | None = Field(default=None, primary_key=True)
    grade_id: int = Field(sa_column=reference("grade.id", ondelete="CASCADE"))
    version: int
    points: Decimal | None = Field(default=None, sa_type=Points)
    feedback: str = ""
    status: str
    changed_by: int | None = Field(default=None, sa_column=reference("person.id", ondelete="SET NULL", nullable=True))
    changed_at: datetime = Field(sa_type=UtcDateTime)
