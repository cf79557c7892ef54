"""Writing in the journal: the rules."""

from typing import Any

from sqlalchemy import select

from aula_sur_journal.models import INTENTIONS, JournalEntry
from lms.courses import completion
from lms.courses.completion import CohortIsClosed
from lms.courses.models import Activity, Cohort
from lms.kernel import clock
from lms.kernel.database import Session
from lms.kernel.errors import Invalid, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, require

# SQLModel types a column as its value; in a statement it is a column.
_Entry: Any = JournalEntry
_Activity: Any = Activity

LONGEST = 10_000


class EntriesAreKept(Refused):
    """Somebody has written here."""

    message = N_("People have written in this journal, and their words are kept. Unpublish it instead.")


def write(
    session: Session, actor: Actor, cohort: Cohort, activity: Activity, *, text: str, intention: str, is_shared: bool
) -> JournalEntry:
    """Write the actor's entry, or write it anew. Raises Forbidden, CohortIsClosed, Invalid."""
    require(actor, "journal.write", cohort.scope)
    if cohort.status != "published":
        raise CohortIsClosed()
    _check(text, intention)
    now = clock.now()
    key = {"activity_id": activity.id, "person_id": actor.id}
    values = {"cohort_id": cohort.id, "text": "", "intention": intention, "is_shared": False, "written_at": now, "changed_at": now}
    session.insert_new(JournalEntry, **key, **values)  # one of two that come at once makes the row, and both find it
    found = select(_Entry.id).where(_Entry.activity_id == activity.id, _Entry.person_id == actor.id)
    entry = session.lock(JournalEntry, session.scalar(found))
    entry.text, entry.intention, entry.is_shared, entry.changed_at = text.strip(), intention, is_shared, now
    completion.record(session, actor.id or 0, activity, "submitted")
    return entry


def _check(text: str, intention: str) -> None:
    errors: dict[str, Any] = {}
    if not text.strip():
        errors["text"] = N_("Please write at least a sentence.")
    if len(text) > LONGEST:
        errors["text"] = N_("At most {n} characters.").format(n=LONGEST)
    if intention not in INTENTIONS:
        errors["intention"] = N_("Please choose one of the three.")
    if errors:
        raise Invalid(errors)


def keep_entries(session: Session, activity: Activity) -> None:
    """The guard of `courses.delete_activity`: what people wrote is not thrown away. Raises EntriesAreKept."""
    if session.scalar(select(_Entry.id).where(_Entry.activity_id == activity.id).limit(1)) is not None:
        raise EntriesAreKept()
