"""What imports keep about a person: told, and forgotten on request."""

from typing import Any

from sqlalchemy import select, update

from lms.imports import keeping
from lms.imports.models import ImportChange, ImportRun
from lms.kernel.database import ReadSession, Session

# SQLModel types a column as its value; in a statement it is a column.
_Run: Any = ImportRun
_Change: Any = ImportChange


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """The files that said something about a person."""
    rows: Any = session.rows(
        select(_Run.importer, _Run.started_at, _Change.line, _Change.before, _Change.after)
        .join(ImportRun, _Run.id == _Change.run_id)
        .where(_Change.person_id == person_id)
        .order_by(_Change.id)
    )
    return {"imports": [{**row._mapping, "started_at": row.started_at.isoformat()} for row in rows]}


def erase(session: Session, person_id: int) -> None:
    """Forget the values; that there was a change stays, and can no longer be undone."""
    keeping.forget_person(session, person_id)
    about = update(ImportChange).where(_Change.person_id == person_id)
    session.execute(about.values(before={}, after={}, person_id=None, left="erased"))
