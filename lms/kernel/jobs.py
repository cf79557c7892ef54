"""Background work: put it in line inside a transaction, follow it, cancel it, run it.

Delivery is at least once: a worker that dies leaves its job to another. So a job's effect must be idempotent, or be written
together with the end of the job in one transaction (`JobRun.finish`).
"""

import logging
import os
import random
import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from lms.kernel import clock
from lms.kernel.database import Database, ReadSession, Session
from lms.kernel.errors import Refused
from lms.kernel.job_following import JobNotRepeatable, JobNotStoppable, JobStatus, cancel, retry, status, status_for
from lms.kernel.job_table import ATTEMPTS, UNFINISHED, Claim, Job, announce, claim, database_time, finish, job, write_held

if TYPE_CHECKING:
    from lms.kernel.storage import Storage
    from lms.settings import Settings

__all__ = [
    "Cancelled", "Job", "JobNotRepeatable", "JobNotStoppable", "JobRegistry", "JobRun", "JobStatus", "LeaseLost", "WorkerContext",
    "cancel", "enqueue", "perform", "retry", "run_pending", "status", "status_for", "worker_name",
]  # fmt: skip

log = logging.getLogger(__name__)
JobFunction = Callable[..., Mapping[str, Any] | None]
LEASE = timedelta(seconds=30)


class Cancelled(Exception):
    """The job was asked to stop. Let it pass; what was committed before stays."""


class LeaseLost(Exception):
    """Another worker holds the job now. Let it pass; nothing more may be written."""


class DeclaresJobs(Protocol):
    """What a plugin shows of its jobs."""

    @property
    def name(self) -> str: ...
    @property
    def jobs(self) -> Mapping[str, JobFunction]: ...


class JobRegistry:
    """Which function does the job of which name."""

    def __init__(self, functions: Mapping[str, JobFunction] | None = None) -> None:
        self._functions: dict[str, JobFunction] = dict(functions or {})
        self.plugins: Any = ()
        """The loaded plugins, for work on what others declare."""

    @classmethod
    def of(cls, plugins: Iterable[DeclaresJobs], kernel: Mapping[str, JobFunction] | None = None) -> "JobRegistry":
        """The jobs of these plugins, and of the kernel itself. Raises ValueError where a name is used twice."""
        registry = cls(kernel)
        registry.plugins = plugins
        for plugin in plugins:
            for name, function in plugin.jobs.items():
                registry.add(name, function)
        return registry

    def add(self, name: str, function: JobFunction) -> None:
        """Let `function(run, **arguments)` do the jobs of this name. Raises ValueError where there is one already."""
        if name in self._functions:
            raise ValueError(f"job {name} is declared twice")
        self._functions[name] = function

    def find(self, name: str) -> JobFunction | None:
        """The function of this name, or None where its plugin is not loaded."""
        return self._functions.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)


# --- putting in line --------------------------------------------------------------------------------------------------


def enqueue(
    session: Session,
    name: str,
    arguments: Mapping[str, Any],
    *,
    by: int | None = None,
    title: str = "",
    dedupe: str | None = None,
    run_at: datetime | None = None,
    priority: int = 0,
    max_attempts: int = ATTEMPTS,
) -> int:
    """Put a job in line in the caller's transaction: it exists if and only if that commits. Returns its id.

    `by` is the id of the person who starts it and may follow it. `dedupe`: while a job with this key is queued or running, its id is
    returned and nothing is added. `run_at`: not before this instant. A lower `priority` runs first.
    """
    now = clock.now()
    row = {
        "name": name, "arguments": dict(arguments), "title": title, "state": "queued", "priority": priority, "run_at": run_at or now,
        "attempt": 0, "max_attempts": max_attempts, "progress_done": 0, "progress_total": 0, "note": "", "dedupe": dedupe,
        "started_by": by, "cancel_requested": False, "created_at": now,
    }  # fmt: skip
    job_id = _insert(session, row)
    while job_id is None:  # the key is taken; unless that job ended this very moment, it is the answer
        found = session.scalar(select(job.c.id).where(job.c.dedupe == dedupe, UNFINISHED))
        if found is not None:
            return int(found)
        job_id = _insert(session, row)
    announce(session, job_id, run_at, priority)
    return job_id


def _insert(session: Session, row: Mapping[str, Any]) -> int | None:
    insert = postgresql.insert(job) if session.dialect == "postgresql" else sqlite.insert(job)
    adding = insert.values(**row).on_conflict_do_nothing(index_elements=["dedupe"], index_where=UNFINISHED).returning(job.c.id)
    found = session.execute(adding).scalar()
    return None if found is None else int(found)


# --- running ----------------------------------------------------------------------------------------------------------


def back_off(attempt: int) -> timedelta:
    """How long to wait after this failed attempt: about 2, 4, 8 ... seconds, at most an hour, spread out by chance."""
    return timedelta(seconds=min(3600.0, 2.0**attempt) * random.uniform(0.5, 1.5))


@dataclass(frozen=True)
class WorkerContext:
    """What a worker needs: where the jobs are, who does them, and what they may use."""

    database: Database
    registry: JobRegistry
    settings: "Settings"
    storage: "Storage"
    schedules: tuple[Any, ...] = ()
    lease: timedelta = LEASE
    poll: timedelta = timedelta(seconds=0.5)
    back_off: Callable[[int], timedelta] = back_off


class JobRun:
    """One attempt at a job, as its function sees it."""

    def __init__(self, context: WorkerContext, held: Claim) -> None:
        self.database = context.database
        self.storage = context.storage
        self.settings = context.settings
        self.plugins = context.registry.plugins
        self.job_id = held.id
        self.attempt = held.attempt
        self._claim = held
        self._lease = context.lease
        self._progress: dict[str, Any] = {}
        self._stop: type[Exception] | None = None
        self._over = threading.Event()
        self.is_finished = False

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far the work is; people see it about a second later. Raises Cancelled or LeaseLost where the work should stop.

        Only remembers the figures, the heartbeat writes them: so it may be called inside a transaction.
        """
        self._progress = {"progress_done": done, "progress_total": total, "note": note}
        if self._stop is not None:
            raise self._stop()

    def check_cancelled(self) -> None:
        """Raises Cancelled where somebody asked the job to stop, LeaseLost where another worker has it."""
        with self.database.reading() as session:
            self._look(session)
        if self._stop is not None:
            raise self._stop()

    def finish(self, session: Session, result: Mapping[str, Any] | None = None) -> None:
        """End the job in the transaction of its effect, which so happens exactly once. Raises LeaseLost. Nothing may follow it."""
        if not finish(session, self._claim, "done", error=None, result=_plain(result), **self._progress):
            raise LeaseLost()
        self.is_finished = True

    def _look(self, session: ReadSession) -> None:
        looking = select(job.c.cancel_requested, job.c.worker, job.c.attempt, job.c.state).where(job.c.id == self.job_id)
        row = session.execute(looking).first()
        if row is None or (row.worker, row.attempt) != (self._claim.worker, self._claim.attempt) or row.state != "running":
            self._stop = LeaseLost
        elif row.cancel_requested:
            self._stop = Cancelled

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the lease, show progress and hear of a cancel, from a thread of its own, for the length of the block."""
        heart = threading.Thread(target=self._beat, name=f"job-{self.job_id}-heartbeat", daemon=True)
        heart.start()
        try:
            yield
        finally:
            self._over.set()
            heart.join()

    def _beat(self) -> None:
        shown: dict[str, Any] = {}
        pause = min(1.0, self._lease.total_seconds() / 3)
        beats_between = max(1, int(self._lease.total_seconds() / 3 / pause))
        count = 0
        while not self._over.wait(pause):
            count += 1
            try:
                if self._progress != shown or count % beats_between == 0:
                    shown = self._progress
                    self._renew(shown)
                with self.database.reading() as session:
                    self._look(session)
            except Exception:  # the next beat may succeed; if none does, the lease runs out, as it should
                log.exception("heartbeat of job %s failed", self.job_id)

    def _renew(self, values: Mapping[str, Any]) -> None:
        with self.database.transaction() as session:
            if not self._over.is_set() and not write_held(session, self._claim, lease_until=database_time(self._lease), **values):
                self._stop = self._stop or LeaseLost


def _plain(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if result is None else dict(result)


def worker_name() -> str:
    """A name that no other worker ever has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def perform(context: WorkerContext, held: Claim) -> str:
    """Do one claimed job and write down how it ended. Returns the state it is in afterwards, or "lost"."""
    function = context.registry.find(held.name)
    if held.cancel_requested:
        return _end(context, held, "cancelled")
    if held.attempt > held.max_attempts:
        return _end(context, held, "failed", error="The worker stopped in the middle of every attempt.")
    if function is None:
        return _end(context, held, "failed", error=f"No loaded plugin does {held.name}.")
    run = JobRun(context, held)
    try:
        with run.kept():
            result = function(run, **held.arguments)
    except Cancelled:
        return _end(context, held, "cancelled", **run._progress)
    except LeaseLost:
        return "lost"
    except Refused as refusal:  # the rules say no: another attempt would hear the same
        return _end(context, held, "failed", error=refusal.sentence(), **run._progress)
    except Exception as error:
        log.exception("job %s (%s) failed in attempt %s of %s", held.id, held.name, held.attempt, held.max_attempts)
        return _fail(context, held, f"{type(error).__name__}: {error}"[:2000])
    return "done" if run.is_finished else _end(context, held, "done", error=None, result=_plain(result), **run._progress)


def _end(context: WorkerContext, held: Claim, state: str, **values: Any) -> str:
    with context.database.transaction() as session:
        return state if finish(session, held, state, **values) else "lost"


def _fail(context: WorkerContext, held: Claim, error: str) -> str:
    if held.attempt >= held.max_attempts:
        return _end(context, held, "failed", error=error)
    again = clock.now() + context.back_off(held.attempt)
    with context.database.transaction() as session:
        if not write_held(session, held, state="queued", run_at=again, error=error, worker=None, lease_until=None):
            return "lost"
        announce(session, held.id, again)
    return "queued"


def run_pending(database: Database, registry: JobRegistry, settings: "Settings", storage: "Storage", limit: int | None = None) -> int:
    """Do every job that is ready now, also those that they add, in this thread; at most `limit`. Returns how many were done."""
    context, name, count = WorkerContext(database, registry, settings, storage), worker_name(), 0
    while limit is None or count < limit:
        held = claim(database, name, context.lease)
        if held is None:
            break
        perform(context, held)
        count += 1
    return count
