"""Tables of the journal."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime, reference

INTENTIONS = ("yes", "perhaps", "no")


class JournalPrompt(Row, table=True):
    """What one activity of type "journal" asks, and how long after the cohort its answers are sent back to their writers."""

    __tablename__ = "journal_prompt"
    __table_args__ = (CheckConstraint("remind_after BETWEEN 0 AND 365", name="days_of_a_year"),)
    activity_id: int = Field(sa_column=reference("activity.id", ondelete="CASCADE", primary_key=True))
    question: str
    remind_after: int = 42
    """Days; 0: never."""


class JournalEntry(Row, table=True):
    """What a person wrote in one activity. The writer alone reads it, unless it is shared with the tutors."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("activity_id", "person_id"),
        CheckConstraint(f"intention IN {INTENTIONS}", name="intention_known"),
    )
    id: int | None = Field(default=None, primary_key=True)
    activity_id: int = Field(sa_column=reference("activity.id"))
    cohort_id: int = Field(sa_column=reference("cohort.id"))
    person_id: int = Field(sa_column=reference("person.id"))
    text: str
    intention: str
    """Whether the writer means to try it."""
    is_shared: bool = False
    written_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    remind_on: date | None = None
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
