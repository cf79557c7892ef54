"""The public catalogue: what visitors find, in their language where there are words in it."""

from collections import defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from lms.accounts.models import Region
from lms.accounts.places import region_names, titled
from lms.courses.models import Cohort, CohortRegion, Course, CourseText, Topic
from lms.courses.queries import IS_CALLING, CohortCard, cohort_cards, moment
from lms.courses.topics import topic_name
from lms.kernel import i18n
from lms.kernel.database import ReadSession
from lms.kernel.lists import after_row, with_words

# SQLModel types a column as its value; in a statement it is a column.
_Course: Any = Course
_Text: Any = CourseText
_Cohort: Any = Cohort
_CohortRegion: Any = CohortRegion
_Region: Any = Region
_Topic: Any = Topic

PAGE = 24
COHORTS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a visitor looks for."""

    q: str = ""
    region: str = ""
    topic: str = ""
    language: str = ""
    open: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether anything was chosen."""
        return bool(self.q or self.region or self.topic or self.language or self.open)


@dataclass(frozen=True, slots=True)
class CourseCard:
    """A course in the catalogue. `language` is that of the words shown."""

    id: int
    code: str
    title: str
    summary: str
    language: str
    topic: str
    weeks: int
    hours: int
    cohorts: list[CohortCard] = field(default_factory=list)
    """The next cohorts, those one can get into first; not all of them."""


@dataclass(frozen=True, slots=True)
class CatalogueFilters:
    """What can be chosen: only what leads to a course."""

    regions: list[tuple[str, str]]
    topics: list[tuple[str, str]]
    languages: list[tuple[str, str]]


def _has_cohort(*conditions: Any) -> Any:
    return select(1).where(_Cohort.course_id == _Course.id, _Cohort.status == "published", *conditions).exists()


# Put together once: that costs more than asking.
_rank: Any = case((_has_cohort(IS_CALLING), 0), else_=1)
_CARDS: Any = (
    select(
        _Course.id, _Course.code, func.coalesce(_Text.title, _Course.title).label("title"),
        func.coalesce(_Text.summary, _Course.summary).label("summary"), func.coalesce(_Text.language, _Course.language).label("language"),
        _Topic.code.label("topic_code"), _Topic.name.label("topic"), _Course.weeks, _Course.hours, _rank.label("rank"),
    )
    .outerjoin(CourseText, and_(_Text.course_id == _Course.id, _Text.language == bindparam("locale")))
    .outerjoin(Topic, _Topic.id == _Course.topic_id)
    .where(_Course.status == "published")
    .order_by(_rank, _Course.title, _Course.id)
    .limit(bindparam("limit", type_=Integer()))
)  # fmt: skip
_AHEAD: Any = and_(_Cohort.status == "published", or_(_Cohort.ends_on.is_(None), _Cohort.ends_on >= bindparam("today")))


def _next_cohorts() -> Any:
    """The condition of being among the first cohorts ahead of one of these courses."""
    order = (case((IS_CALLING, 0), else_=1), _Cohort.starts_on.nulls_last(), _Cohort.id)
    number = func.row_number().over(partition_by=_Cohort.course_id, order_by=order).label("number")
    ahead = select(_Cohort.id, number).where(_Cohort.course_id.in_(bindparam("courses", expanding=True)), _AHEAD).subquery()
    return _Cohort.id.in_(select(ahead.c.id).where(ahead.c.number <= COHORTS_SHOWN))


_NEXT: Any = _next_cohorts()


def catalogue(session: ReadSession, wanted: Wanted, locale: str, after: str = "", limit: int = PAGE) -> tuple[list[CourseCard], str | None]:
    """The published courses that are wanted, those one can get into first, and the cursor of the next page. Four queries."""
    conditions = _wanted(wanted) + ([_after(after)] if after else [])
    statement = _CARDS.where(*conditions) if conditions else _CARDS
    rows: Any = session.rows(statement, {**moment(), "locale": locale, "limit": limit + 1}).all()
    shown = rows[:limit]
    cohorts = defaultdict(list)
    nearest = cohort_cards(session, locale, _NEXT, values={**moment(), "courses": [row.id for row in shown]})
    for cohort in sorted(nearest, key=lambda c: c.calling != "open"):
        cohorts[cohort.course_id].append(cohort)
    cards = [
        CourseCard(r.id, r.code, r.title, r.summary, r.language, topic_name(r.topic_code, r.topic), r.weeks, r.hours, cohorts[r.id])
        for r in shown
    ]
    return cards, f"{shown[-1].rank}-{shown[-1].code}" if len(rows) > limit else None


def _wanted(wanted: Wanted) -> list[Any]:
    conditions: list[Any] = with_words(_Course.search_text, wanted.q)
    if wanted.topic:
        conditions.append(_Course.topic_id.in_(select(_Topic.id).where(_Topic.code == wanted.topic)))
    of_cohort: list[Any] = []
    if wanted.region:
        within = select(_CohortRegion.cohort_id).where(_CohortRegion.region_id.in_(_subtree(wanted.region)))
        of_cohort.append(_Cohort.id.in_(within))
    if wanted.open:
        of_cohort.append(IS_CALLING)
    if wanted.language and not of_cohort:
        conditions.append(or_(_Course.language == wanted.language, _has_cohort(_Cohort.language == wanted.language)))
    elif wanted.language:
        of_cohort.append(_Cohort.language == wanted.language)
    if of_cohort:
        # One cohort must meet all of it: an open one in Spanish is not found by a closed one in Spanish and an open one in English.
        conditions.append(_has_cohort(*of_cohort))
    return conditions


def _subtree(code: str) -> Any:
    """The ids of a region and of everything in it."""
    tree: Any = select(_Region.id).where(_Region.code == code).cte("within", recursive=True)
    child: Any = aliased(Region)
    return select(tree.union(select(child.id).where(child.parent_id == tree.c.id)).c.id)


def _after(cursor: str) -> Any:
    seen_rank, _sep, code = cursor.partition("-")
    place = int(seen_rank) if seen_rank in ("0", "1") else 0
    return or_(_rank > place, and_(_rank == place, after_row(Course, code, _Course.title)))


def _offered() -> tuple[Any, Any, Any]:
    """Where the courses of the catalogue are taught, what about, and in which languages: three questions."""
    public = select(_Cohort.id).join(Course, _Course.id == _Cohort.course_id).where(
        _Cohort.status == "published", _Course.status == "published"
    )  # fmt: skip
    used: Any = aliased(Region)
    regions = (
        select(_Region.code)
        .join(used, or_(_Region.id == used.id, _Region.id == used.macro_id))
        .join(CohortRegion, _CohortRegion.region_id == used.id)
        .where(_CohortRegion.cohort_id.in_(public))
        .distinct()
    )
    topics = select(_Topic.code, _Topic.name).where(_Topic.id.in_(select(_Course.topic_id).where(_Course.status == "published")))
    spoken = select(_Cohort.language).where(_Cohort.id.in_(public)).union(select(_Course.language).where(_Course.status == "published"))
    return regions, topics, spoken


_REGIONS, _TOPICS, _LANGUAGES = _offered()


def filters(session: ReadSession, locale: str) -> CatalogueFilters:
    """What the catalogue can be narrowed by. Four queries."""
    taught: Any = session.rows(_TOPICS)
    names = titled(region_names(session, [row[0] for row in session.rows(_REGIONS)], locale))
    topics = [(code, topic_name(code, name)) for code, name in taught]
    languages = titled({row[0]: i18n.language_name(row[0], locale) for row in session.rows(_LANGUAGES)})
    by_name = itemgetter(1)
    return CatalogueFilters(sorted(names.items(), key=by_name), sorted(topics, key=by_name), sorted(languages.items(), key=by_name))


@dataclass(frozen=True, slots=True)
class CoursePage:
    """A course's words in the reader's language, as far as there are."""

    title: str
    summary: str
    description_html: str
    language: str
    topic: str


def course_words(session: ReadSession, course: Course, locale: str) -> CoursePage:
    """The words of a course for its page. Two queries."""
    text: CourseText | None = session.scalars(select(CourseText).where(_Text.course_id == course.id, _Text.language == locale)).first()
    topic = session.get(Topic, course.topic_id) if course.topic_id else None
    name = topic_name(topic.code, topic.name) if topic else ""
    shown: Course | CourseText = text or course
    return CoursePage(shown.title, shown.summary, shown.description_html or (course.description_html), shown.language, name)
