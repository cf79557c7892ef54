"""Following a job from a page: how far it is, stopping it, starting it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.job_table import ATTEMPTS, announce, job
from lms.kernel.permissions import Actor


class JobNotStoppable(Refused):
    """The job has ended already."""

    message = N_("This task has already ended.")


class JobNotRepeatable(Refused):
    """The job has not failed, or the same work is under way already."""

    message = N_("Only a task that failed or was cancelled can be started again, and only while the same task is not under way.")


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What the page of a job shows."""

    id: int
    name: str
    title: str
    state: str
    done: int
    total: int
    note: str
    result: Mapping[str, Any] | None
    error: str | None
    attempt: int
    max_attempts: int
    cancel_requested: bool
    started_by: int | None
    run_at: datetime
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in ("queued", "running")

    @property
    def percent(self) -> int:
        """Share done, 0 to 100; 0 while the total is unknown."""
        return 100 if self.state == "done" else min(100, self.done * 100 // self.total) if self.total else 0

    def is_visible_to(self, actor: Actor) -> bool:
        """Whether this person started the job or is an administrator of the site."""
        is_administrator = any(g.role == "administrator" and g.scope_kind == "site" for g in actor.grants)
        return actor.unlimited or is_administrator or (actor.id is not None and actor.id == self.started_by)


_STATUS = select(
    job.c.id, job.c.name, job.c.title, job.c.state, job.c.progress_done, job.c.progress_total, job.c.note, job.c.result, job.c.error,
    job.c.attempt, job.c.max_attempts, job.c.cancel_requested, job.c.started_by, job.c.run_at, job.c.created_at, job.c.finished_at,
)  # fmt: skip


def status(session: ReadSession, job_id: int) -> JobStatus | None:
    """How far the job is. Says nothing about who may know: pages use `status_for`."""
    row = session.execute(_STATUS.where(job.c.id == job_id)).first()
    return JobStatus(**dict(zip(JobStatus.__slots__, row, strict=True))) if row else None


def status_for(session: ReadSession, actor: Actor, job_id: int) -> JobStatus:
    """How far the job is, for the person who started it or an administrator. Raises NotFound for others."""
    found = status(session, job_id)
    if found is None or not found.is_visible_to(actor):
        raise NotFound()
    return found


def cancel(session: Session, actor: Actor, job_id: int) -> None:
    """Stop a job: at once while it waits, at its next check while it runs. Raises NotFound, JobNotStoppable."""
    status_for(session, actor, job_id)
    one = update(job).where(job.c.id == job_id).values(cancel_requested=True).returning(job.c.id)
    waiting = one.where(job.c.state == "queued").values(state="cancelled", finished_at=clock.now())
    running = one.where(job.c.state == "running")
    if all(session.execute(stopping).first() is None for stopping in (waiting, running)):
        raise JobNotStoppable()


def retry(session: Session, actor: Actor, job_id: int) -> None:
    """Put a failed or cancelled job in line again, with as many attempts as at first. Raises NotFound, JobNotRepeatable."""
    status_for(session, actor, job_id)
    again = (
        update(job)
        .where(job.c.id == job_id, job.c.state.in_(("failed", "cancelled")))
        # The attempt number only ever grows: a worker that was thought dead must not fit the new round.
        .values(state="queued", max_attempts=job.c.attempt + ATTEMPTS, run_at=clock.now(), cancel_requested=False)
        .values(error=None, finished_at=None)
        .returning(job.c.id)
    )
    try:
        with session.attempt():
            if session.execute(again).first() is None:
                raise JobNotRepeatable()
    except IntegrityError as taken:
        raise JobNotRepeatable() from taken
    announce(session, job_id)
