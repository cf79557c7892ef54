"""Work that comes round: a schedule puts its job in line when it is due, once, however many workers look.

A tick moves `next_run` forward on condition that nobody else has; only the one who succeeds puts the job in line, in the same transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field

from lms.kernel import clock
from lms.kernel.database import Database, Row, Session, UtcDateTime
from lms.kernel.jobs import enqueue


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that is put in line again and again.

    `every` is a length of time between two runs, or a time of day (UTC) for a daily run. A run that was missed while no worker was
    there is made up for once, not once for each time.
    """

    name: str
    job: str
    every: timedelta | time
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def next_after(self, now: datetime, due: datetime | None = None) -> datetime:
        """The first run later than `now`, keeping the rhythm of the run that was `due`."""
        if isinstance(self.every, time):
            run = datetime.combine(now.astimezone(UTC).date(), self.every, tzinfo=UTC)
            return run if run > now else run + timedelta(days=1)
        if due is None or due > now:
            return now + self.every
        return due + self.every * ((now - due) // self.every + 1)


class NextRun(Row, table=True):
    """When a schedule is due next."""

    __tablename__ = "schedule"
    name: str = Field(primary_key=True)
    next_run: datetime = Field(sa_type=UtcDateTime)


schedule = Row.metadata.tables["schedule"]
_ALL = select(schedule.c.name, schedule.c.next_run)


def tick(database: Database, schedules: Iterable[Schedule]) -> int:
    """Put in line the jobs of all schedules that are due. Returns how many. Safe to call from any number of workers."""
    now = clock.now()
    with database.reading() as reading:  # most ticks find nothing due and write nothing
        known = {row.name: row.next_run for row in reading.execute(_ALL)}
    due = [s for s in schedules if s.name not in known or known[s.name] <= now]
    if not due:
        return 0
    with database.transaction() as session:
        return sum(_turn(session, one, known.get(one.name), now) for one in due)


def _turn(session: Session, one: Schedule, due: datetime | None, now: datetime) -> bool:
    """Move one schedule on. True where this caller did, and put the job in line."""
    if due is None:
        insert = postgresql.insert(schedule) if session.dialect == "postgresql" else sqlite.insert(schedule)
        session.execute(insert.values(name=one.name, next_run=one.next_after(now)).on_conflict_do_nothing())
        return False
    mine = schedule.c.name == one.name, schedule.c.next_run == due
    moved = update(schedule).where(*mine).values(next_run=one.next_after(now, due)).returning(schedule.c.name)
    if session.execute(moved).first() is None:
        return False
    # One that takes longer than its interval does not pile up behind itself.
    enqueue(session, one.job, one.arguments, dedupe=f"schedule:{one.name}")
    return True
