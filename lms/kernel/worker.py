"""The worker: claims jobs and does them until told to stop. A process of its own, so that heavy work never slows a page.

Any number may run, on any number of machines. Stopping is graceful: a running job is finished, no new one is claimed.
"""

import logging
import os
import random
import signal
import threading

from lms.kernel.job_table import claim
from lms.kernel.jobs import WorkerContext, perform, worker_name
from lms.kernel.schedules import tick

log = logging.getLogger(__name__)


def run_worker(context: WorkerContext, stop: threading.Event, threads: int = 2) -> None:
    """Do jobs until `stop` is set: through procrastinate on PostgreSQL, from the table itself on SQLite."""
    if context.database.dialect == "postgresql":
        from lms.kernel import jobs_procrastinate  # loaded only where PostgreSQL is used: it brings a library along

        jobs_procrastinate.run_worker(context, stop, threads)
    else:
        run_embedded(context, stop, threads)


def run_embedded(context: WorkerContext, stop: threading.Event, threads: int = 2) -> None:
    """Do jobs straight from the table until `stop` is set, then wait for those that run."""
    crew = [threading.Thread(target=work, args=(context, stop), name=f"worker-{number}", daemon=True) for number in range(threads)]
    crew.append(threading.Thread(target=keep_schedules, args=(context, stop), name="worker-schedules", daemon=True))
    for member in crew:
        member.start()
    for member in crew:
        member.join()


def work(context: WorkerContext, stop: threading.Event) -> None:
    """Claim and do one job after the other until `stop` is set."""
    name, pause = worker_name(), context.poll.total_seconds()
    while not stop.is_set():
        try:
            held = claim(context.database, name, context.lease)
            if held is not None:
                perform(context, held)
                continue
        except Exception:  # a database that is away for a moment must not end the worker
            log.exception("the worker could not claim or close a job; it goes on")
        stop.wait(pause * random.uniform(0.8, 1.2))  # spread out, so that many workers do not ask at once


def keep_schedules(context: WorkerContext, stop: threading.Event) -> None:
    """Look once a second whether a schedule is due, until `stop` is set."""
    while not stop.is_set():
        try:
            tick(context.database, context.schedules)
        except Exception:
            log.exception("the schedules could not be looked at; trying again")
        stop.wait(1)


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` when the process is asked to end. For the main thread of a worker process."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def stop_with_parent(stop: threading.Event, parent: int) -> None:
    """Set `stop` when the process that started this one is gone, so that no worker outlives its server.

    `parent` is told by that process: one that was killed at once cannot be asked for here any more.
    """

    def watch() -> None:
        while not stop.wait(1):
            if os.getppid() != parent:
                stop.set()

    threading.Thread(target=watch, name="worker-parent", daemon=True).start()
