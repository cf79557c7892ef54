"""Who has gone quiet: trainees of running cohorts who have done nothing for some time, so that a tutor can ask how they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from lms.accounts.models import Person, full_name
from lms.courses.models import Cohort
from lms.courses.queries import last_deed
from lms.courses.seeing import in_cohorts
from lms.enrollment.models import Enrolment
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Person: Any = Person
_Cohort: Any = Cohort

SILENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A trainee of whom nothing was heard; `since` is the last deed, or when the trainee could begin."""

    name: str
    email: str
    cohort_code: str
    cohort: str
    since: datetime | date

    @property
    def days(self) -> int:
        """How many days that is."""
        since = self.since.date() if isinstance(self.since, datetime) else self.since
        return (clock.today() - since).days


def quiet(session: ReadSession, me: Actor, most: int = 10) -> list[Quiet]:
    """Quiet trainees of the cohorts that a person looks after, the longest silence first. One query."""
    heard = last_deed(_Enrolment.cohort_id, _Enrolment.person_id)
    rows: Any = session.rows(
        select(_Person.given_name, _Person.family_name, _Person.email, _Cohort.code, _Cohort.title, heard, _Enrolment.enrolled_at,
               _Cohort.starts_on)
        .join(Person, _Person.id == _Enrolment.person_id)
        .join(Cohort, _Cohort.id == _Enrolment.cohort_id)
        .where(*_is_quiet(heard, me))
        .order_by(func.coalesce(heard, _Enrolment.enrolled_at), _Enrolment.id)
        .limit(most)
    )  # fmt: skip
    return [Quiet(full_name(r[0], r[1]), r[2] or "", r[3], r[4], r[5] or _could_begin(r[6], r[7])) for r in rows]


def counted(session: ReadSession, me: Actor, cohort_ids: Sequence[int]) -> dict[int, int]:
    """How many are quiet in each of these cohorts. One query."""
    heard = last_deed(_Enrolment.cohort_id, _Enrolment.person_id)
    rows: Any = session.rows(
        select(_Enrolment.cohort_id, func.count())
        .join(Cohort, _Cohort.id == _Enrolment.cohort_id)
        .where(*_is_quiet(heard, me), _Enrolment.cohort_id.in_(list(cohort_ids)))
        .group_by(_Enrolment.cohort_id)
    )
    return dict(rows.all())


def _could_begin(enrolled_at: datetime, starts_on: date | None) -> datetime | date:
    return starts_on if starts_on and starts_on > enrolled_at.date() else enrolled_at


def _is_quiet(heard: Any, me: Actor) -> list[Any]:
    since, today = clock.now() - SILENCE, clock.today()
    within = in_cohorts(_Enrolment.cohort_id, me.reach("enrollment.view"))
    return [
        _Enrolment.status == "active", _Enrolment.enrolled_at < since, or_(heard.is_(None), heard < since),
        _Cohort.status == "published", or_(_Cohort.starts_on.is_(None), _Cohort.starts_on < today - SILENCE),
        or_(_Cohort.ends_on.is_(None), _Cohort.ends_on >= today), *([] if within is None else [within]),
    ]  # fmt: skip
