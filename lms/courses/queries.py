"""What screens show of courses and cohorts: constant numbers of selects into frozen rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from lms.accounts.models import Programme, Region
from lms.accounts.places import region_names, titled
from lms.courses.models import Cohort, CohortRegion, Course, Progress, Topic
from lms.kernel import clock
from lms.kernel.database import ReadSession, UtcDateTime
from lms.kernel.lists import after_row, with_words
from lms.kernel.permissions import Reach

# SQLModel types a column as its value; in a statement it is a column.
_Course: Any = Course
_Cohort: Any = Cohort
_CohortRegion: Any = CohortRegion
_Region: Any = Region
_Topic: Any = Topic
_Programme: Any = Programme
_Progress: Any = Progress

PAGE = 50


@dataclass(frozen=True, slots=True)
class CohortCard:
    """A cohort as lists show it. `calling` says whether one can get in: open, soon, ended, or staff (staff enrol)."""

    id: int
    code: str
    course_id: int
    title: str
    language: str
    status: str
    starts_on: date | None
    ends_on: date | None
    seats: int | None
    enrolment_method: str
    enrol_from: datetime | None
    enrol_until: datetime | None
    regions: tuple[str, ...] = ()

    @property
    def calling(self) -> str:
        """Whether people can get in by themselves now."""
        return calling(self)


def calling(cohort: CohortCard | Cohort) -> str:
    """Whether people can get into a cohort by themselves now: open, soon, ended, or staff (staff enrol)."""
    now = clock.now()
    if (cohort.enrol_until and cohort.enrol_until < now) or (cohort.ends_on and cohort.ends_on < clock.today()):
        return "ended"
    if cohort.enrolment_method == "staff" or cohort.status != "published":
        return "staff"
    return "soon" if cohort.enrol_from and cohort.enrol_from > now else "open"


@dataclass(frozen=True, slots=True)
class StaffCourse:
    """A line of the list of courses."""

    id: int
    code: str
    title: str
    language: str
    status: str
    topic: str
    cohorts: int


_COLUMNS = (
    _Cohort.id, _Cohort.code, _Cohort.course_id, _Cohort.title, _Cohort.language, _Cohort.status, _Cohort.starts_on, _Cohort.ends_on,
    _Cohort.seats, _Cohort.enrolment_method, _Cohort.enrol_from, _Cohort.enrol_until,
)  # fmt: skip


IS_CALLING: Any = (
    (_Cohort.status == "published")
    & (_Cohort.enrolment_method != "staff")
    & or_(_Cohort.enrol_from.is_(None), _Cohort.enrol_from <= bindparam("now"))
    & or_(_Cohort.enrol_until.is_(None), _Cohort.enrol_until >= bindparam("now"))
    & or_(_Cohort.ends_on.is_(None), _Cohort.ends_on >= bindparam("today"))
)
"""The condition that people can get into a cohort by themselves now. A statement with it is asked with `moment()`."""


def moment() -> dict[str, Any]:
    """The present, for statements that compare with it: `now` and `today`."""
    return {"now": clock.now(), "today": clock.today()}


def cohort_cards(
    session: ReadSession,
    locale: str,
    *conditions: Any,
    limit: int | None = None,
    newest: bool = False,
    values: Mapping[str, Any] | None = None,
) -> list[CohortCard]:
    """The cohorts that meet the conditions (which may compare with `values`), by start, with the names of their regions. Three queries."""
    statement: Any = (_NEWEST if newest else _BY_START).where(*conditions)
    rows: Any = session.rows(statement.limit(limit) if limit else statement, values).all()
    regions = regions_of(session, locale, [row.id for row in rows])
    return [CohortCard(**row._mapping, regions=regions.get(row.id, ())) for row in rows]


# The databases disagree about where a cohort without dates belongs.
_BY_START: Any = select(*_COLUMNS).order_by(_Cohort.starts_on.nulls_last(), _Cohort.id)
_NEWEST: Any = select(*_COLUMNS).order_by(_Cohort.starts_on.desc().nulls_last(), _Cohort.id.desc())
_REGIONS: Any = (
    select(_CohortRegion.cohort_id, _Region.code)
    .join(Region, _Region.id == _CohortRegion.region_id)
    .where(_CohortRegion.cohort_id.in_(bindparam("cohorts", expanding=True)))
    .order_by(_CohortRegion.cohort_id, _Region.code)
)


def regions_of(session: ReadSession, locale: str, cohort_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The names of the regions of each cohort. Two queries."""
    rows: Any = session.rows(_REGIONS, {"cohorts": list(cohort_ids)}).all()
    names = titled(region_names(session, {code for _cohort, code in rows}, locale))
    found: dict[int, tuple[str, ...]] = {}
    for cohort_id, code in rows:
        found[cohort_id] = (*found.get(cohort_id, ()), names.get(code, code))
    return found


def region_options(session: ReadSession, locale: str) -> list[tuple[int, str]]:
    """Every region, for staff to choose from: by name below its macro-region."""
    rows: Any = session.rows(select(_Region.id, _Region.code, _Region.level).order_by(_Region.level, _Region.code)).all()
    names = titled(region_names(session, [row.code for row in rows], locale))
    return [(row.id, names[row.code]) for row in sorted(rows, key=lambda r: (min(r.level, 2), names[r.code]))]


def topics(session: ReadSession) -> list[tuple[int, str, str]]:
    """Every topic: id, code, name."""
    rows: Any = session.rows(select(_Topic.id, _Topic.code, _Topic.name).order_by(_Topic.name))
    return [tuple(row) for row in rows]


def region_ids(session: ReadSession, cohort_id: int) -> list[int]:
    """The regions of one cohort."""
    return list(session.scalars(select(_CohortRegion.region_id).where(_CohortRegion.cohort_id == cohort_id)))


def last_deed(cohort_id: Any, person_id: Any) -> Any:
    """When a person last opened or did something new in a cohort; the column of a statement that has both ids as columns."""
    of_both = (_Progress.cohort_id == cohort_id, _Progress.person_id == person_id)
    latest = func.max(func.coalesce(_Progress.completed_at, _Progress.viewed_at), type_=UtcDateTime())
    return select(latest).where(*of_both).scalar_subquery()


def programmes_within(session: ReadSession, reach: Reach) -> list[tuple[int, str]]:
    """The programmes in the whole of which a permission holds: id and name, the oldest first."""
    statement: Any = select(_Programme.id, _Programme.name).order_by(_Programme.id)
    rows: Any = session.rows(statement if reach.everywhere else statement.where(_Programme.id.in_(reach.programmes)))
    return [tuple(row) for row in rows]


def courses_within(reach: Reach) -> Any:
    """The condition that a course lies where a permission holds."""
    if reach.everywhere:
        return _Course.id.is_not(None)
    return or_(_Course.programme_id.in_(reach.programmes), _Course.id.in_(reach.courses))


def cohorts_within(reach: Reach) -> Any:
    """The condition that a cohort lies where a permission holds."""
    if reach.everywhere:
        return _Cohort.id.is_not(None)
    return _lies_in(reach.programmes, reach.courses, reach.cohorts)


def _lies_in(programmes: Any, courses: Any, cohorts: Any) -> Any:
    return or_(_Cohort.programme_id.in_(programmes), _Cohort.course_id.in_(courses), _Cohort.id.in_(cohorts))


COHORTS_IN_REACH: Any = _lies_in(*(bindparam(name, expanding=True) for name in ("in_programmes", "in_courses", "in_cohorts")))
"""The same for a statement that is built once; `reach_values` gives what it compares with. Not for a reach that is everywhere."""


def reach_values(reach: Reach) -> dict[str, list[int]]:
    """What COHORTS_IN_REACH compares with."""
    return {"in_programmes": list(reach.programmes), "in_courses": list(reach.courses), "in_cohorts": list(reach.cohorts)}


def staff_courses(
    session: ReadSession, reach: Reach, search: str = "", status: str = "", after: str = "", limit: int = PAGE
) -> tuple[list[StaffCourse], str | None]:
    """The courses that staff may see, by title, and the cursor of the next page."""
    conditions: list[Any] = [courses_within(reach), *with_words(_Course.search_text, search)]
    if status:
        conditions.append(_Course.status == status)
    if after:
        conditions.append(after_row(Course, after, _Course.title))
    count = select(func.count()).where(_Cohort.course_id == _Course.id).scalar_subquery()
    rows: Any = session.rows(
        select(_Course.id, _Course.code, _Course.title, _Course.language, _Course.status, func.coalesce(_Topic.name, ""), count)
        .outerjoin(Topic, _Topic.id == _Course.topic_id)
        .where(*conditions)
        .order_by(_Course.title, _Course.id)
        .limit(limit + 1)
    ).all()
    shown = [StaffCourse(*row) for row in rows[:limit]]
    return shown, shown[-1].code if len(rows) > limit else None


def staff_cohorts(
    session: ReadSession, reach: Reach, locale: str, search: str = "", status: str = "", after: str = "", limit: int = PAGE
) -> tuple[list[CohortCard], str | None]:
    """The cohorts that staff or a tutor looks after, newest first, and the cursor of the next page."""
    conditions: list[Any] = [cohorts_within(reach), *with_words(_Cohort.search_text, search)]
    if status:
        conditions.append(_Cohort.status == status)
    if after:
        conditions.append(_Cohort.id < select(_Cohort.id).where(_Cohort.code == after).correlate(None).scalar_subquery())
    rows: Any = session.rows(select(*_COLUMNS).where(*conditions).order_by(_Cohort.id.desc()).limit(limit + 1)).all()
    regions = regions_of(session, locale, [row.id for row in rows[:limit]])
    shown = [CohortCard(**row._mapping, regions=regions.get(row.id, ())) for row in rows[:limit]]
    return shown, shown[-1].code if len(rows) > limit else None
