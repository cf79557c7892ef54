"""A person's journal, taken along or forgotten. Counts stay; words go."""

from typing import Any

from sqlalchemy import update

from aula_sur_journal import queries
from aula_sur_journal.models import JournalEntry
from lms.kernel.database import ReadSession, Session

# SQLModel types a column as its value; in a statement it is a column.
_Entry: Any = JournalEntry


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """Everything the person wrote."""
    kept = ("title", "question", "cohort", "text", "intention", "is_shared", "changed_at")
    return {"entries": [{name: getattr(entry, name) for name in kept} for entry in queries.mine(session, person_id)]}


def erase(session: Session, person_id: int) -> None:
    """Take out the words, and send nothing more."""
    blank = {"text": "", "is_shared": False, "remind_on": None}
    session.execute(update(JournalEntry).where(_Entry.person_id == person_id).values(**blank))
