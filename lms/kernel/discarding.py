"""Files that are needed no more: their rows go in the transaction that needs them no more, their bytes by a job once that is committed."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select

from lms.kernel import jobs
from lms.kernel.database import Session
from lms.kernel.jobs import JobRun
from lms.kernel.storage import StoredFile

# SQLModel types a column as its value; in a statement it is a column.
_StoredFile: Any = StoredFile


def delete_rows(session: Session, file_ids: Collection[int]) -> list[str]:
    """Delete the rows of these files; answers the keys of their bytes."""
    keys = list(session.scalars(select(_StoredFile.key).where(_StoredFile.id.in_(file_ids))))
    session.execute(delete(StoredFile).where(_StoredFile.id.in_(file_ids)))
    return keys


def discard(session: Session, file_ids: Collection[int], job: str) -> None:
    """Delete these files. `job` is what the caller's plugin calls `forget_files`: the bytes must stay should this transaction fail."""
    if keys := delete_rows(session, file_ids):
        jobs.enqueue(session, job, {"keys": keys})


def forget_files(run: JobRun, *, keys: Sequence[str]) -> dict[str, Any]:
    """The job: delete the bytes of files. Doing it twice is no harm."""
    for key in keys:
        run.storage.delete(key)
    return {"files": len(keys)}
