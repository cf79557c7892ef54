"""The letter to oneself: weeks after a cohort, everybody is sent what they meant to try."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from aula_sur_journal.models import JournalEntry, JournalPrompt
from lms.accounts.models import Person
from lms.courses.events import CohortCompleted
from lms.courses.models import Activity
from lms.kernel import clock, mail
from lms.kernel.database import ReadSession, Session
from lms.kernel.jobs import JobRun

# SQLModel types a column as its value; in a statement it is a column.
_Entry: Any = JournalEntry
_Prompt: Any = JournalPrompt

LATE = timedelta(days=3)


def plan(session: Session, happened: CohortCompleted) -> None:
    """Somebody completed a cohort (we may be told more than once): from now on the days count."""
    rows: Any = session.execute(
        select(JournalEntry, _Prompt.remind_after)
        .join(JournalPrompt, _Prompt.activity_id == _Entry.activity_id)
        .where(_Entry.cohort_id == happened.cohort_id, _Entry.person_id == happened.person_id, _Entry.remind_on.is_(None))
    )
    for entry, days in rows:
        if days and entry.intention != "no":
            entry.remind_on = clock.today() + timedelta(days=days)
    session.flush()


def remind(run: JobRun) -> dict[str, int]:
    """The job of every morning. Mail and mark are written in one transaction, so that repeating it sends nothing twice."""
    with run.database.reading() as reading:
        due = list(reading.scalars(select(_Entry.id).where(*_due()).order_by(_Entry.id)))
    for number, entry_id in enumerate(due):
        run.progress(number, len(due))
        with run.database.transaction() as session:
            _send(session, session.lock(JournalEntry, entry_id))
    return {"sent": len(due)}


def _due() -> tuple[Any, ...]:
    return _Entry.remind_on <= clock.today(), _Entry.reminded_at.is_(None)


def _send(session: Session, entry: JournalEntry) -> None:
    person = session.one(Person, entry.person_id)
    if entry.reminded_at is None and person.email:
        title = session.one(Activity, entry.activity_id).title
        values = {"name": person.name, "title": title, "text": entry.text, "written_at": entry.written_at, "zone": person.timezone}
        mail.send(session, person.email, "journal/mail/reminder", person.language, **values)
    entry.reminded_at = clock.now()


def check(session: ReadSession) -> None:
    """The health check: letters that should have gone days ago mean that no worker runs."""
    late = session.scalar(select(func.count()).where(_Entry.remind_on < clock.today() - LATE, _Entry.reminded_at.is_(None)))
    if late:
        raise RuntimeError(f"{late} letters are late: is a worker running?")
