"""How long files of imports are kept, and what is forgotten with a person."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update

from lms.accounts.models import Person
from lms.imports.given import ImportFile, ImportRow
from lms.imports.models import ImportChange, ImportRun
from lms.kernel import clock, jobs
from lms.kernel.database import Session
from lms.kernel.discarding import delete_rows

# SQLModel types a column as its value; in a statement it is a column.
_Run: Any = ImportRun
_Row: Any = ImportRow
_File: Any = ImportFile
_Change: Any = ImportChange
_Person: Any = Person

KEPT = timedelta(days=30)
"""Long enough to mend and to undo, too short to become a second register of people."""


def forget_old(session: Session) -> list[str]:
    """Forget the files and rows of imports that were given a while ago, and whole imports that were never brought in.

    Answers the keys of the bytes, to be deleted after the commit.
    """
    old: Any = select(_Run.id).where(_Run.started_at < clock.now() - KEPT)
    ids = list(session.scalars(old.join(ImportFile, _File.run_id == _Run.id)))
    session.execute(delete(ImportRow).where(_Row.run_id.in_(ids)))
    keys = _forget_bytes(session, ids)
    session.execute(delete(ImportRun).where(_Run.id.in_(ids), _Run.state.in_(("waiting", "checking", "checked"))))
    return keys


def _forget_bytes(session: Session, run_ids: Iterable[int]) -> list[str]:
    """Forget the stored files of these imports; answers their keys."""
    file_ids = list(session.scalars(select(_File.file_id).where(_File.run_id.in_(run_ids), _File.file_id.is_not(None))))
    session.execute(update(ImportFile).where(_File.run_id.in_(run_ids)).values(file_id=None))
    return delete_rows(session, file_ids)


def forget_person(session: Session, person_id: int) -> None:
    """Forget the rows about a person, and the files that they stood in: those cannot be cut. The bytes go by a job."""
    email = session.scalar(select(_Person.email).where(_Person.id == person_id))
    changed = select(_Change.run_id, _Change.line).where(_Change.person_id == person_id)
    places = {tuple(row) for row in session.rows(changed)}
    if email:
        named = select(_Row.run_id, _Row.line).where(func.lower(_Row.label) == email)
        places |= {tuple(row) for row in session.rows(named)}
    if not places:
        return
    session.execute(delete(ImportRow).where(or_(*(and_(_Row.run_id == run_id, _Row.line == line) for run_id, line in places))))
    if keys := _forget_bytes(session, {run_id for run_id, _line in places}):
        jobs.enqueue(session, "imports.forget_files", {"keys": keys})
