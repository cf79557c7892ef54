"""What screens show of journals: one select each, into frozen rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from aula_sur_journal.models import JournalEntry, JournalPrompt
from lms.accounts.models import Person
from lms.courses.models import Activity, Cohort
from lms.kernel.database import ReadSession
from lms.kernel.i18n import N_, LazyText

# SQLModel types a column as its value; in a statement it is a column.
_Entry: Any = JournalEntry
_Prompt: Any = JournalPrompt
_Activity: Any = Activity
_Cohort: Any = Cohort
_Person: Any = Person

INTENTION_TITLES: dict[str, LazyText] = {
    "yes": N_("I will try it"),
    "perhaps": N_("Perhaps"),
    "no": N_("Not in my work"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """An entry with where it was written and by whom."""

    id: int
    activity_id: int
    title: str
    question: str
    cohort: str
    cohort_title: str
    person_id: int
    given_name: str
    family_name: str
    text: str
    intention: str
    is_shared: bool
    changed_at: datetime

    @property
    def name(self) -> str:
        """Of the writer."""
        return f"{self.given_name} {self.family_name}".strip()


_WRITTEN: Any = (
    select(
        _Entry.id, _Entry.activity_id, _Activity.title, func.coalesce(_Prompt.question, ""), _Cohort.code, _Cohort.title, _Person.id,
        _Person.given_name, _Person.family_name, _Entry.text, _Entry.intention, _Entry.is_shared, _Entry.changed_at,
    )
    .join(Activity, _Activity.id == _Entry.activity_id)
    .join(Cohort, _Cohort.id == _Entry.cohort_id)
    .join(Person, _Person.id == _Entry.person_id)
    .outerjoin(JournalPrompt, _Prompt.activity_id == _Entry.activity_id)
    .order_by(_Entry.id.desc())
)  # fmt: skip


def intention_options() -> list[tuple[str, str]]:
    """The three answers, as a choice."""
    return [(name, str(title)) for name, title in INTENTION_TITLES.items()]


def entry_of(session: ReadSession, activity_id: int | None, person_id: int | None) -> JournalEntry | None:
    """The person's entry in an activity."""
    found = select(JournalEntry).where(_Entry.activity_id == activity_id, _Entry.person_id == person_id)
    return session.scalars(found).first()


def mine(session: ReadSession, person_id: int) -> list[Written]:
    """Everything a person wrote, the latest first."""
    rows: Any = session.execute(_WRITTEN.where(_Entry.person_id == person_id))
    return [Written(*row) for row in rows]


def shared(session: ReadSession, cohort_id: int, before: int | None = None, limit: int | None = None) -> list[Written]:
    """What the people of a cohort share with their tutors, the latest first."""
    conditions = [_Entry.cohort_id == cohort_id, _Entry.is_shared, *([_Entry.id < before] if before else [])]
    rows: Any = session.execute(_WRITTEN.where(*conditions).limit(limit))
    return [Written(*row) for row in rows]


def counts(session: ReadSession, cohort_id: int, person_id: int | None = None) -> tuple[int, int]:
    """How many entries there are in a cohort (of one person, where one is named), and how many of them are shared."""
    conditions = [_Entry.cohort_id == cohort_id, *([_Entry.person_id == person_id] if person_id else [])]
    found: Any = session.execute(select(func.count(), func.count().filter(_Entry.is_shared)).where(*conditions))
    total, given = found.one()
    return total, given
