"""The audit log: who did what, when and from where, with the values before and after. The database refuses to change or delete an entry."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, Integer
from sqlmodel import Field

from lms.kernel import clock
from lms.kernel.database import Row, Session, UtcDateTime
from lms.kernel.permissions import Actor


class AuditEntry(Row, table=True):
    """One thing that somebody did."""

    __tablename__ = "audit_entry"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    # No foreign key: an entry outlives every person, and nothing may change it.
    actor_id: int | None = Field(default=None, sa_column=Column(Integer, nullable=True, index=True))
    action: str = Field(index=True)
    subject_kind: str
    subject_id: str
    ip: str = ""
    request_id: str = ""
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: int | str | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write one entry in the caller's transaction. Values must not hold secrets; dates and decimals are written as text."""
    session.add(
        AuditEntry(
            at=clock.now(),
            actor_id=actor.id,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            ip=session.origin.ip,
            request_id=session.origin.request_id,
            before=_plain(before),
            after=_plain(after),
        )
    )


def _plain(values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {key: str(value) if isinstance(value, datetime | date | Decimal) else value for key, value in values.items()}
