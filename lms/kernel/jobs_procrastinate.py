"""Jobs on PostgreSQL: procrastinate decides who works on what and when; our table keeps state, progress and result.

Its line holds nothing but the id of a job. So what it delivers twice, or after the job has ended, finds nothing to claim and does no harm.
"""

import asyncio
import logging
import threading
from datetime import datetime, timedelta
from functools import partial

import procrastinate
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, inspect, or_, select
from sqlalchemy.engine import make_url

from lms.kernel import clock
from lms.kernel.database import Session
from lms.kernel.job_table import UNFINISHED, claim, database_time, job
from lms.kernel.jobs import WorkerContext, perform, worker_name

log = logging.getLogger(__name__)
TASK = "lms.do_job"
QUEUE = "lms"

# Deferring writes through the caller's own connection: this connector opens none.
_line = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(session: Session, job_id: int, at: datetime | None = None) -> None:
    """Put the job's id in procrastinate's line, in the caller's transaction."""
    task = _line.configure_task(TASK, queue=QUEUE, schedule_at=at, connection=session.driver_connection())
    task.defer(job_id=job_id)


def install_procrastinate(engine: Engine) -> bool:
    """Make procrastinate's tables and functions where they are missing; existing ones are left. True where they were made."""
    if inspect(engine).has_table("procrastinate_jobs"):
        return False
    connection = engine.raw_connection()
    try:
        driver = connection.driver_connection
        assert driver is not None  # just opened
        # Without parameters the driver sends the whole script at once, which PostgreSQL then runs as one transaction.
        driver.execute(SchemaManager.get_schema())
        connection.commit()
    finally:
        connection.close()
    return True


def run_worker(context: WorkerContext, stop: threading.Event, threads: int = 2) -> None:
    """Do jobs until `stop` is set, then wait for those that run."""
    from lms.kernel.worker import keep_schedules

    helpers = [threading.Thread(target=job, args=(context, stop), daemon=True) for job in (keep_schedules, sweep_until)]
    for helper in helpers:
        helper.start()
    asyncio.run(_serve(context, stop, threads))
    for helper in helpers:
        helper.join()


async def _serve(context: WorkerContext, stop: threading.Event, threads: int) -> None:
    url = make_url(context.database.url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    app.task(name=TASK, queue=QUEUE)(partial(do_job, context))
    async with app.open_async():
        serving = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=threads,
                install_signal_handlers=False,
                fetch_job_polling_interval=context.poll.total_seconds(),
                delete_jobs="always",
            )
        )
        waiting = asyncio.create_task(asyncio.to_thread(stop.wait))
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        serving.cancel()  # procrastinate takes this as the wish to end gracefully
        await asyncio.gather(serving, return_exceptions=True)


def do_job(context: WorkerContext, job_id: int) -> None:
    """Do this job, if it is still to be done by somebody. One that another worker holds is looked after by `sweep`."""
    held = claim(context.database, worker_name(), context.lease, job_id)
    if held is not None:
        perform(context, held)


def sweep_until(context: WorkerContext, stop: threading.Event) -> None:
    """Sweep again and again until `stop` is set."""
    while not stop.wait(min(10.0, context.lease.total_seconds())):
        try:
            sweep(context)
        except Exception:
            log.exception("jobs of lost workers could not be looked for; trying again")


def sweep(context: WorkerContext) -> int:
    """Put in line again the jobs whose worker was lost, or that were never announced. Returns how many."""
    late = clock.now() - max(context.lease, timedelta(seconds=1))
    lost = or_(job.c.lease_until < database_time(), (job.c.state == "queued") & (job.c.run_at < late))
    with context.database.transaction() as session:
        found = session.scalars(select(job.c.id).where(UNFINISHED, lost).order_by(job.c.id)).all()
        return sum(_defer_once(session, job_id) for job_id in found)


def _defer_once(session: Session, job_id: int) -> bool:
    task = _line.configure_task(TASK, queue=QUEUE, queueing_lock=f"job:{job_id}", connection=session.driver_connection())
    try:
        with session.attempt():
            task.defer(job_id=job_id)
    except procrastinate.exceptions.AlreadyEnqueued:
        return False
    return True
