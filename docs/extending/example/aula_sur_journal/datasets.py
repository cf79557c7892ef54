"""What journals tell for statistics: one row for each entry. Its words are nobody's figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, select

from aula_sur_journal.models import JournalEntry
from aula_sur_journal.queries import INTENTION_TITLES
from lms.accounts.models import Person
from lms.accounts.places import country_names
from lms.courses.models import Cohort
from lms.kernel.database import ReadSession
from lms.kernel.datasets import Dataset, Dimension, Measure, Shortcut, titled, year_of
from lms.kernel.i18n import N_

# SQLModel types a column as its value; in a statement it is a column.
_Entry: Any = JournalEntry
_Cohort: Any = Cohort
_Person: Any = Person

# Every join finds exactly one row, so that an entry counts once whatever is asked.
_SOURCE: Any = (
    select(JournalEntry).join(Cohort, _Cohort.id == _Entry.cohort_id).join(Person, _Person.id == _Entry.person_id).get_final_froms()[0]
)


def _countries(_session: ReadSession, codes: Sequence[str], locale: str) -> Mapping[str, str]:
    return country_names(codes, locale)


INTENTIONS = Dataset(
    name="intentions",
    title=N_("What trainees will try"),
    description=N_("Entries of journals. An entry counts whether or not it is shared; its words are never shown."),
    source=_SOURCE,
    permission="journal.count",
    date=_Entry.written_at,
    scope={"programme": _Cohort.programme_id, "course": _Cohort.course_id, "cohort": _Cohort.id},
    dimensions=(
        Dimension("intention", N_("Intention"), _Entry.intention, titled(INTENTION_TITLES), is_public=True, is_filter=True),
        Dimension("country", N_("Country"), _Person.country_code, _countries, is_public=True),
        Dimension("cohort", N_("Cohort"), _Cohort.code),
        Dimension("year", N_("Year"), year_of(_Entry.written_at), is_public=True, is_ordered=True),
    ),
    measures=(
        Measure("entries", N_("Entries"), func.count(_Entry.id)),
        Measure("writers", N_("Writers"), func.count(_Entry.person_id.distinct())),
        Measure("will_try", N_("Will try it"), func.count(case((_Entry.intention == "yes", 1)))),
        Measure("will_try_rate", N_("Share of entries"), ratio=("will_try", "entries")),
    ),
    shortcuts=(Shortcut(N_("By intention"), ("intention",)), Shortcut(N_("By country"), ("country",))),
)
