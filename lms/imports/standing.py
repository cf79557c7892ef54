"""Where an import stands, also when the work on it ended without a word, and for whom it is open."""

import re
from typing import Any

from sqlalchemy import select

from lms.imports.given import ImportFile
from lms.imports.models import ImportRun
from lms.kernel import jobs
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import NotFound, WrongMove
from lms.kernel.i18n import _
from lms.kernel.jobs import JobStatus
from lms.kernel.permissions import SITE, Actor

# SQLModel types a column as its value; in a statement it is a column.
_Run: Any = ImportRun

USE = "imports.use"
BUSY = {"checking": "waiting", "running": "cancelled", "undoing": "done"}
"""States in which work is under way -> where it leaves the import when it fails or is stopped."""

UNDOABLE = ("done", "cancelled", "failed")


def load(session: ReadSession, me: Actor, code: str) -> ImportRun:
    """The import at this address, for whoever began it and for staff of the whole site. Raises NotFound."""
    run: ImportRun | None = session.scalars(select(ImportRun).where(_Run.code == code)).first()
    if run is None or not (me.can(USE, SITE) or (me.id is not None and run.started_by == me.id)):
        raise NotFound()
    return run


def file_of(session: ReadSession, run: ImportRun) -> ImportFile | None:
    """The file behind an import; None where it came by the command line."""
    return session.get(ImportFile, run.id)


def job_of(session: ReadSession, file: ImportFile | None) -> JobStatus | None:
    """The work under way, or done last."""
    return jobs.status(session, file.job_id) if file and file.job_id else None


def state(run: ImportRun, job: JobStatus | None) -> str:
    """Where the import stands."""
    if run.state in BUSY and job is not None and job.is_finished:
        return BUSY[run.state]
    return run.state


def failure(job: JobStatus | None) -> str:
    """Why the work did not get through, in words."""
    if job is None or job.state != "failed":
        return ""
    # What is no refusal begins with the name of a programming error, which says nothing to staff.
    is_error = job.error is None or re.match(r"[A-Z]\w*(Error|Exception)\b", job.error)
    return _("This did not work. You may try again; what was done before is kept.") if is_error else str(job.error)


def hold(session: Session, run: ImportRun, *states: str) -> ImportRun:
    """The import, held to do something that is possible in these states alone. Raises WrongMove."""
    held = session.lock(ImportRun, run.id)
    held.state = state(held, job_of(session, file_of(session, held)))
    if held.state not in states:
        raise WrongMove()
    return held
