"""The table of jobs and the statements that claim, keep and finish one.

A claim gives a lease and a new attempt number; every later write names both, so a worker that lost its lease changes nothing.
Leases are measured on the database's clock, which all workers share; `run_at` is on `clock`, which tests can set.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Select,
    Text,
    Update,
    and_,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import Field

from lms.kernel import clock
from lms.kernel.database import Database, Row, Session, UtcDateTime

STATES = ("queued", "running", "done", "failed", "cancelled")
UNFINISHED = text("state IN ('queued', 'running')")
ATTEMPTS = 5


class Job(Row, table=True):
    """One piece of work done outside a request, with how far it got."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint("attempt >= 0 AND max_attempts > 0", name="attempts_counted"),
        CheckConstraint("progress_done >= 0 AND progress_total >= 0", name="progress_counted"),
        Index("uq_job_dedupe", "dedupe", unique=True, sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
        Index("ix_job_ready", "priority", "run_at", "id", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
    )
    id: int | None = Field(default=None, primary_key=True)
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    title: str = ""
    state: str = "queued"
    priority: int = 0
    run_at: datetime = Field(sa_type=UtcDateTime)
    attempt: int = 0
    max_attempts: int = ATTEMPTS
    worker: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    progress_done: int = 0
    progress_total: int = 0
    note: str = ""
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    dedupe: str | None = None
    started_by: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("person.id", ondelete="SET NULL"), index=True))
    cancel_requested: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


job = Row.metadata.tables["job"]
c = job.c


class database_time(ColumnElement[datetime]):
    """The database's present instant plus some seconds, in the form that UtcDateTime stores."""

    type = UtcDateTime()
    inherit_cache = False

    def __init__(self, plus: timedelta = timedelta()) -> None:
        self.seconds = plus.total_seconds()


@compiles(database_time, "sqlite")
def _sqlite_time(element: database_time, compiler: SQLCompiler, **_: Any) -> str:
    # Six decimals, because UtcDateTime compares as text on SQLite.
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{element.seconds:+.3f} seconds')"


@compiles(database_time, "postgresql")
def _postgresql_time(element: database_time, compiler: SQLCompiler, **_: Any) -> str:
    return f"(clock_timestamp() + interval '{element.seconds:.3f} seconds')"


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that a worker holds: what to do, and the pair (worker, attempt) that proves the hold."""

    id: int
    name: str
    arguments: dict[str, Any]
    attempt: int
    max_attempts: int
    cancel_requested: bool
    worker: str


def _ready(now: datetime, job_id: int | None = None) -> Select[Any]:
    free = or_(c.state == "queued", and_(c.state == "running", c.lease_until < database_time()))
    found = select(c.id).where(UNFINISHED, c.run_at <= now, free)
    return found.where(c.id == job_id) if job_id is not None else found.order_by(c.priority, c.run_at, c.id).limit(1)


def claim(database: Database, worker: str, lease: timedelta, job_id: int | None = None) -> Claim | None:
    """Take the next ready job (or this one, if it is ready) for `lease`. None where there is nothing to take."""
    now = clock.now()
    with database.reading() as reading:  # an idle worker must not queue for the one writer of SQLite
        if reading.scalar(_ready(now, job_id)) is None:
            return None
    chosen = _ready(now, job_id).with_for_update(skip_locked=True).scalar_subquery()
    taking = (
        update(job)
        .where(c.id == chosen)
        .values(state="running", worker=worker, attempt=c.attempt + 1, lease_until=database_time(lease))
        .returning(c.id, c.name, c.arguments, c.attempt, c.max_attempts, c.cancel_requested)
    )
    with database.transaction() as session:
        row = session.execute(taking).first()
    return Claim(**row._mapping, worker=worker) if row else None


def held(claim: Claim) -> Update:
    """An update of the claimed job that finds no row once somebody else holds it."""
    return update(job).where(c.id == claim.id, c.worker == claim.worker, c.attempt == claim.attempt, c.state == "running")


def write_held(session: Session, claim: Claim, **values: Any) -> bool:
    """Change the claimed job in this transaction. False where the claim was lost, and then nothing is changed."""
    return session.execute(held(claim).values(**values).returning(literal_column("1"))).first() is not None


def finish(session: Session, claim: Claim, state: str, **values: Any) -> bool:
    """Close the claimed job as done, failed or cancelled. False where the claim was lost."""
    return write_held(session, claim, state=state, finished_at=clock.now(), lease_until=None, **values)


def announce(session: Session, job_id: int, at: datetime | None = None, priority: int = 0) -> None:
    """On PostgreSQL the line of procrastinate learns of the job in the same transaction; on SQLite workers look at the table."""
    if session.dialect == "postgresql":
        from lms.kernel import procrastinate_line  # loaded only where PostgreSQL is used: it brings a library along

        procrastinate_line.defer(session, job_id, at, priority)
