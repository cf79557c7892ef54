"""What the search of the site finds of trainees, for tutors: staff who see all people find them there."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from lms.accounts.models import Person, full_name
from lms.courses.models import Cohort
from lms.courses.seeing import in_cohorts
from lms.enrollment.models import Enrolment
from lms.kernel.database import ReadSession
from lms.kernel.finding import Hit, Search
from lms.kernel.i18n import N_
from lms.kernel.lists import with_words
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Cohort: Any = Cohort
_Enrolment: Any = Enrolment


def trainees(session: ReadSession, actor: Actor, words: str, most: int) -> list[Hit]:
    """Trainees of the cohorts that a person looks after, the latest cohort first. One query."""
    within = in_cohorts(_Enrolment.cohort_id, actor.reach("enrollment.view"))
    if actor.can("accounts.view_people"):
        return []
    rows: Any = session.rows(
        select(_Person.given_name, _Person.family_name, _Cohort.code, _Cohort.title)
        .join(Enrolment, _Enrolment.person_id == _Person.id)
        .join(Cohort, _Cohort.id == _Enrolment.cohort_id)
        .where(*with_words(_Person.search_text, words), *([] if within is None else [within]), _Person.erased_at.is_(None))
        .order_by(_Cohort.id.desc(), _Person.id)
        .limit(most)
    )
    found = [(full_name(given, family), code, title) for given, family, code, title in rows]
    return [Hit(name, f"/staff/cohorts/{code}/trainees?{urlencode({'q': name})}", title) for name, code, title in found]


SEARCHES = (Search("trainees", N_("Trainees"), trainees, "enrollment.view", 40),)
