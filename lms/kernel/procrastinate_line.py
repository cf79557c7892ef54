"""procrastinate's line on PostgreSQL: making it, and putting ids of jobs in it inside the caller's transaction."""

from datetime import datetime

import procrastinate
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, inspect

from lms.kernel.database import Session

TASK = "lms.do_job"
QUEUE = "lms"

# Deferring writes through the caller's own connection: this connector opens none.
_line = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(session: Session, job_id: int, at: datetime | None = None, priority: int = 0) -> None:
    """Put the job's id in the line, in the caller's transaction. A lower `priority` runs first; procrastinate counts the other way."""
    connection = session.driver_connection()
    _line.configure_task(TASK, queue=QUEUE, schedule_at=at, priority=-priority, connection=connection).defer(job_id=job_id)


def defer_again(session: Session, job_id: int) -> bool:
    """Put the job's id in the line once more, unless that has been done and is still waiting. True where it was added."""
    task = _line.configure_task(TASK, queue=QUEUE, queueing_lock=f"job:{job_id}", connection=session.driver_connection())
    try:
        with session.attempt():
            task.defer(job_id=job_id)
    except procrastinate.exceptions.AlreadyEnqueued:
        return False
    return True


def install_procrastinate(engine: Engine) -> bool:
    """Make procrastinate's tables and functions where they are missing; existing ones are left. True where they were made."""
    if inspect(engine).has_table("procrastinate_jobs"):
        return False
    connection = engine.raw_connection()
    try:
        # Without parameters the driver sends the whole script at once, which PostgreSQL then runs as one transaction.
        connection.cursor().execute(SchemaManager.get_schema())
        connection.commit()
    finally:
        connection.close()
    return True
