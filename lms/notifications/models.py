"""Tables of news, and of the summaries that go out by mail."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, UniqueConstraint
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime, reference

RHYTHMS = ("daily", "weekly", "never")


class Notification(Row, table=True):
    """One happening for one person: its kind and its facts, put in words when it is shown."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "key"),
        Index("ix_notification_person", "person_id", "happened_at", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    person_id: int = Field(sa_column=reference("person.id", ondelete="CASCADE", index=False))
    kind: str
    key: str
    """Which happening of this kind."""
    url: str
    """The path of the place it leads to."""
    facts: dict[str, str | float] = Field(sa_column=Column(JSON, nullable=False))
    happened_at: datetime = Field(sa_type=UtcDateTime, index=True)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DigestChoice(Row, table=True):
    """How often a person wants a summary; without a row it is as the roles of the person suggest."""

    __tablename__ = "digest_choice"
    __table_args__ = (CheckConstraint(f"rhythm IN {RHYTHMS}", name="rhythm_known"),)
    person_id: int = Field(sa_column=Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))
    rhythm: str
    chosen_at: datetime = Field(sa_type=UtcDateTime)


class DigestTurn(Row, table=True):
    """A person's turn on a day, over once it is written here: with the mail, or because there was nothing to say."""

    __tablename__ = "digest_turn"
    person_id: int = Field(sa_column=Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))
    day: date = Field(primary_key=True)
    """On the clocks of the person."""
    done_at: datetime = Field(sa_type=UtcDateTime, index=True)
    was_sent: bool
