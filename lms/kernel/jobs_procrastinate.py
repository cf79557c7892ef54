"""Jobs on PostgreSQL: procrastinate decides who works on what and when; our table keeps state, progress and result.

Its line holds nothing but the id of a job. So what it delivers twice, or after the job has ended, finds nothing to claim and does no harm.
"""

import asyncio
import logging
import threading
from datetime import timedelta
from functools import partial

import procrastinate
from sqlalchemy import or_, select
from sqlalchemy.engine import make_url

from lms.kernel import clock
from lms.kernel.job_table import UNFINISHED, claim, database_time, job
from lms.kernel.jobs import WorkerContext, perform, worker_name
from lms.kernel.procrastinate_line import QUEUE, TASK, defer_again, install_procrastinate
from lms.kernel.worker import keep_schedules

__all__ = ["install_procrastinate", "run_worker", "sweep"]

log = logging.getLogger(__name__)


def run_worker(context: WorkerContext, stop: threading.Event, threads: int = 2) -> None:
    """Do jobs until `stop` is set, then wait for those that run."""
    helpers = [threading.Thread(target=watch, args=(context, stop), daemon=True) for watch in (keep_schedules, sweep_until)]
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
        tidying = asyncio.create_task(_retry_stalled(app))
        waiting = asyncio.create_task(asyncio.to_thread(stop.wait))
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        tidying.cancel()
        serving.cancel()  # procrastinate takes this as the wish to end gracefully
        outcome, _ = await asyncio.gather(serving, tidying, return_exceptions=True)
    if isinstance(outcome, Exception):  # the process must end with an error, so that its keeper starts another
        raise outcome


async def _retry_stalled(app: procrastinate.App) -> None:
    """Give entries that a dead worker left in procrastinate's line to another, every half minute."""
    while True:
        await asyncio.sleep(30)
        try:
            for entry in await app.job_manager.get_stalled_jobs(queue=QUEUE):
                await app.job_manager.retry_job(entry)
        except Exception:
            log.exception("the stalled entries could not be looked for; trying again")


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
        found = session.scalars(select(job.c.id).where(UNFINISHED, lost).order_by(job.c.id).limit(200)).all()
        return sum(defer_again(session, job_id) for job_id in found)
