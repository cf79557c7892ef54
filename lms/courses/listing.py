"""What the API shows of courses and cohorts: what everybody may see, and what is within a person's reach. Constant numbers of selects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from lms.accounts.models import Person, Programme, Region, full_name
from lms.courses.models import Cohort, CohortRegion, Course, Topic
from lms.courses.queries import cohorts_within, courses_within
from lms.kernel.database import ReadSession
from lms.kernel.lists import with_words
from lms.kernel.permissions import Actor, RoleGrant

# SQLModel types a column as its value; in a statement it is a column.
_Course: Any = Course
_Cohort: Any = Cohort
_CohortRegion: Any = CohortRegion
_Programme: Any = Programme
_Region: Any = Region
_Topic: Any = Topic
_Person: Any = Person
_RoleGrant: Any = RoleGrant


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course; `programme` and `topic` are codes."""

    id: int
    code: str
    title: str
    language: str
    topic: str | None
    programme: str
    summary: str
    description: str
    weeks: int
    hours: int
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A cohort; `course`, `programme` and `regions` are codes, `tutors` names."""

    id: int
    code: str
    course: str
    programme: str
    title: str
    language: str
    timezone: str
    starts: date | None
    ends: date | None
    seats: int | None
    status: str
    enrolment_method: str
    enrol_from: datetime | None
    enrol_until: datetime | None
    version: int
    regions: tuple[str, ...] = ()
    tutors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedCourses:
    """What a list is narrowed to. Empty: all."""

    q: str = ""
    language: str = ""
    topic: str = ""
    programme: str = ""
    status: str = ""
    code: str = ""

    def conditions(self) -> list[Any]:
        """The same for a statement."""
        pairs = ((_Course.language, self.language), (_Topic.code, self.topic), (_Programme.code, self.programme),
                 (_Course.status, self.status), (_Course.code, self.code))  # fmt: skip
        return [*with_words(_Course.search_text, self.q), *(column == value for column, value in pairs if value)]


@dataclass(frozen=True, slots=True)
class WantedCohorts:
    """What a list is narrowed to. Empty: all."""

    q: str = ""
    course: str = ""
    region: str = ""
    language: str = ""
    programme: str = ""
    status: str = ""
    code: str = ""

    def conditions(self) -> list[Any]:
        """The same for a statement."""
        pairs = ((_Course.code, self.course), (_Cohort.language, self.language), (_Programme.code, self.programme),
                 (_Cohort.status, self.status), (_Cohort.code, self.code))  # fmt: skip
        conditions = [*with_words(_Cohort.search_text, self.q), *(column == value for column, value in pairs if value)]
        if self.region:
            of_region = select(_CohortRegion.cohort_id).join(Region, _Region.id == _CohortRegion.region_id)
            conditions.append(_Cohort.id.in_(of_region.where(_Region.code == self.region)))
        return conditions


_COURSES: Any = (
    select(
        _Course.id, _Course.code, _Course.title, _Course.language, _Topic.code.label("topic"), _Programme.code.label("programme"),
        _Course.summary, _Course.description, _Course.weeks, _Course.hours, _Course.status, _Course.version,
    )
    .join(Programme, _Programme.id == _Course.programme_id)
    .outerjoin(Topic, _Topic.id == _Course.topic_id)
    .order_by(_Course.id)
)  # fmt: skip
_COHORTS: Any = (
    select(
        _Cohort.id, _Cohort.code, _Course.code.label("course"), _Programme.code.label("programme"), _Cohort.title, _Cohort.language,
        _Cohort.timezone, _Cohort.starts_on.label("starts"), _Cohort.ends_on.label("ends"), _Cohort.seats, _Cohort.status,
        _Cohort.enrolment_method, _Cohort.enrol_from, _Cohort.enrol_until, _Cohort.version,
    )
    .join(Course, _Course.id == _Cohort.course_id)
    .join(Programme, _Programme.id == _Cohort.programme_id)
    .order_by(_Cohort.id)
)  # fmt: skip


def courses(session: ReadSession, actor: Actor, wanted: WantedCourses, after: int = 0, limit: int = 1) -> list[CourseRow]:
    """Courses by id, above `after`: those in the catalogue, and drafts within reach. One query."""
    open_to = or_(_Course.status != "draft", courses_within(actor.reach("courses.view_drafts")))
    rows: Any = session.rows(_COURSES.where(_Course.id > after, open_to, *wanted.conditions()).limit(limit))
    return [CourseRow(**row._mapping) for row in rows]


def cohorts(session: ReadSession, actor: Actor, wanted: WantedCohorts, after: int = 0, limit: int = 1) -> list[CohortRow]:
    """Cohorts by id, above `after`: those that everybody may see, and drafts that the person looks after. Three queries."""
    looked_after = [cohorts_within(actor.reach(permission)) for permission in ("courses.adapt", "courses.run")]
    open_to = or_(_Cohort.status != "draft", *looked_after)
    rows: Any = session.rows(_COHORTS.where(_Cohort.id > after, open_to, *wanted.conditions()).limit(limit)).all()
    ids = [row.id for row in rows]
    regions, tutors = _regions(session, ids), _tutors(session, ids)
    return [CohortRow(**row._mapping, regions=regions.get(row.id, ()), tutors=tutors.get(row.id, ())) for row in rows]


def _regions(session: ReadSession, cohort_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    rows: Any = session.rows(
        select(_CohortRegion.cohort_id, _Region.code)
        .join(Region, _Region.id == _CohortRegion.region_id)
        .where(_CohortRegion.cohort_id.in_(cohort_ids))
        .order_by(_Region.code)
    )
    found: dict[int, tuple[str, ...]] = {}
    for cohort_id, code in rows:
        found[cohort_id] = (*found.get(cohort_id, ()), code)
    return found


def _tutors(session: ReadSession, cohort_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The names of the tutors of exactly these cohorts, as their public pages show them."""
    rows: Any = session.rows(
        select(_RoleGrant.scope_id, _Person.given_name, _Person.family_name)
        .join(Person, _Person.id == _RoleGrant.person_id)
        .where(_RoleGrant.role == "tutor", _RoleGrant.scope_kind == "cohort", _RoleGrant.scope_id.in_(cohort_ids))
        .order_by(_RoleGrant.id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for cohort_id, given, family in rows:
        found[cohort_id] = (*found.get(cohort_id, ()), full_name(given, family))
    return found
