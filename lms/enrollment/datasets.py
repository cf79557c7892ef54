"""What enrolments tell for statistics: the dataset `trainees`, one row for each enrolment."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import aliased

from lms.accounts.models import Country, Organisation, Person, Programme, Region
from lms.accounts.places import country_names, region_names
from lms.accounts.titles import GENDER_TITLES, ORGANISATION_TITLES
from lms.courses.models import Cohort, Course, CourseText, Topic
from lms.courses.topics import topic_name
from lms.enrollment.models import Enrolment
from lms.enrollment.titles import ENROLMENT_TITLES
from lms.kernel import i18n
from lms.kernel.database import ReadSession
from lms.kernel.datasets import Dataset, Dimension, Measure, Shortcut, titled, year_of
from lms.kernel.i18n import N_, pgettext_lazy

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Person: Any = Person
_Country: Any = Country
_Organisation: Any = Organisation
_Programme: Any = Programme
_Cohort: Any = Cohort
_Course: Any = Course
_Text: Any = CourseText
_Topic: Any = Topic
_Region: Any = aliased(Region, name="nearest")
_Macro: Any = aliased(Region, name="macro")

# Every join finds at most one row, so that an enrolment counts once whatever is asked.
_SOURCE: Any = (
    select(Enrolment)
    .join(Person, _Person.id == _Enrolment.person_id)
    .join(Cohort, _Cohort.id == _Enrolment.cohort_id)
    .join(Course, _Course.id == _Cohort.course_id)
    .join(Programme, _Programme.id == _Cohort.programme_id)
    .outerjoin(Topic, _Topic.id == _Course.topic_id)
    .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
    .outerjoin(Country, _Country.code == _Person.country_code)
    .outerjoin(_Region, _Region.id == func.coalesce(_Person.region_id, _Country.region_id))
    .outerjoin(_Macro, _Macro.id == _Region.macro_id)
    .get_final_froms()[0]
)


def _regions(session: ReadSession, codes: Sequence[str], locale: str) -> Mapping[str, str]:
    return region_names(session, codes, locale)


def _countries(_session: ReadSession, codes: Sequence[str], locale: str) -> Mapping[str, str]:
    return country_names(codes, locale)


def _languages(_session: ReadSession, codes: Sequence[str], locale: str) -> Mapping[str, str]:
    names = {code: i18n.language_name(code, locale) for code in codes}
    return {code: name for code, name in names.items() if name != code}


def _courses(session: ReadSession, codes: Sequence[str], locale: str) -> Mapping[str, str]:
    translated = and_(_Text.course_id == _Course.id, _Text.language == locale)
    title = func.coalesce(_Text.title, _Course.title)
    rows: Any = session.rows(select(_Course.code, title).outerjoin(CourseText, translated).where(_Course.code.in_(codes)))
    return dict(rows.all())


def _cohorts(session: ReadSession, codes: Sequence[str], _locale: str) -> Mapping[str, str]:
    rows: Any = session.rows(select(_Cohort.code, _Cohort.title).where(_Cohort.code.in_(codes)))
    return dict(rows.all())


def _topics(session: ReadSession, codes: Sequence[str], locale: str) -> Mapping[str, str]:
    rows: Any = session.rows(select(_Topic.code, _Topic.name).where(_Topic.code.in_(codes)))
    with i18n.using(locale):
        return {code: topic_name(code, name) for code, name in rows}


def _programmes(session: ReadSession, codes: Sequence[str], _locale: str) -> Mapping[str, str]:
    rows: Any = session.rows(select(_Programme.code, _Programme.name).where(_Programme.code.in_(codes)))
    return dict(rows.all())


def _within_regions(codes: Sequence[str]) -> Any:
    """In one of these regions or in a part of it."""
    whole: Any = aliased(Region)
    part: Any = aliased(Region)
    tree: Any = select(whole.id).where(whole.code.in_(codes)).cte("regions_within", recursive=True)
    return _Region.id.in_(select(tree.union(select(part.id).where(part.parent_id == tree.c.id)).c.id))


def _having(status: str) -> Any:
    return func.count(case((_Enrolment.status == status, 1)))


_TRAINEES = Measure(
    "trainees", N_("Trainees"), func.count(_Enrolment.person_id.distinct()),
    definition=N_("Distinct people with at least one enrolment. Nobody counts twice, whatever the number of courses."),
)  # fmt: skip
_PARTICIPATIONS = Measure(
    "participations", N_("Participations"), func.count(_Enrolment.id), definition=N_("Enrolments: places in cohorts.")
)

TRAINEES = Dataset(
    name="trainees",
    title=N_("Trainees"),
    description=N_(
        "A person is in the region of the country, unless a region was set by hand. Someone who took two courses is one trainee and two"
        " participations; the total is counted over everyone, never summed."
    ),
    source=_SOURCE,
    permission="reports.view",
    date=_Enrolment.enrolled_at,
    scope={"programme": _Cohort.programme_id, "course": _Cohort.course_id, "cohort": _Cohort.id},
    dimensions=(
        Dimension(
            "region", N_("Region"), _Region.code, _regions, drill="country", within=_within_regions, is_public=True,
            definition=N_("The nearest region of the person: the one set by hand, else the one that holds the country."),
        ),
        Dimension(
            "macroregion", N_("Macro-region"), _Macro.code, _regions, drill="region", is_public=True,
            definition=N_("The part of the world that holds the person's region, just below the world as a whole."),
        ),
        Dimension(
            "country", N_("Country"), _Country.code, _countries, drill="cohort", is_public=True,
            definition=N_("The country of the person (ISO 3166)."),
        ),
        Dimension(
            "gender", N_("Gender"), _Person.gender, titled({**GENDER_TITLES, "undisclosed": N_("Not disclosed")}),
            is_public=True, is_filter=True, definition=N_("As the person has told it; not disclosed where nothing was told."),
        ),
        Dimension(
            "organisation_type", N_("Kind of organisation"), _Organisation.type, titled(ORGANISATION_TITLES), drill="country",
            is_public=True, is_filter=True, definition=N_("The kind of organisation where the person works now."),
        ),
        Dimension(
            "course", N_("Course"), _Course.code, _courses, drill="cohort", is_filter=True,
            definition=N_("The course that the cohort follows."),
        ),
        Dimension("cohort", N_("Cohort"), _Cohort.code, _cohorts, definition=N_("The delivery of a course that the person enrolled in.")),
        Dimension("topic", N_("Topic"), _Topic.code, _topics, drill="course", definition=N_("What the course is about.")),
        Dimension(
            "language", N_("Language"), _Cohort.language, _languages, drill="cohort", is_public=True,
            definition=N_("The language of the cohort, which may differ from the person's."),
        ),
        Dimension(
            "programme", N_("Programme"), _Programme.code, _programmes, drill="course",
            definition=N_("The programme that runs the cohort."),
        ),
        Dimension(
            "year", N_("Year"), year_of(_Enrolment.enrolled_at), drill="cohort", is_ordered=True, is_filter=True,
            definition=N_("The year of enrolment, in UTC."),
        ),
        Dimension(
            "status", N_("State"), _Enrolment.status, titled(ENROLMENT_TITLES), is_public=True,
            definition=N_("How the enrolment stands now."),
        ),
    ),
    measures=(
        _TRAINEES,
        _PARTICIPATIONS,
        Measure(
            "active", pgettext_lazy("participations", "Active"), _having("active"),
            definition=N_("Enrolments that are under way."),
        ),
        Measure(
            "completed", pgettext_lazy("participations", "Completed"), _having("completed"),
            definition=N_("Enrolments that met the rules of the course."),
        ),
        Measure(
            "failed", pgettext_lazy("participations", "Failed"), _having("failed"),
            definition=N_("Enrolments that ended without meeting the rules of the course."),
        ),
        Measure(
            "withdrawn", pgettext_lazy("participations", "Withdrawn"), _having("withdrawn"),
            definition=N_("Enrolments that were given up."),
        ),
        Measure(
            "completion_rate", N_("Completion rate"), ratio=("completed", "participations"),
            definition=N_("Completed divided by participations; withdrawn and suspended ones count among the participations."),
        ),
    ),
    figures=(
        Measure("trainees", N_("Trainees, each counted once"), _TRAINEES.column),
        Measure("participations", N_("Participations"), _PARTICIPATIONS.column),
        Measure("cohorts", N_("Cohorts"), func.count(_Cohort.id.distinct())),
        Measure("countries", N_("Countries"), func.count(_Country.code.distinct())),
    ),
    shortcuts=(
        Shortcut(N_("Trainees by macro-region"), ("macroregion",)),
        Shortcut(N_("Trainees by region"), ("region",)),
        Shortcut(N_("Trainees by country"), ("country",)),
        Shortcut(N_("Trainees by kind of organisation"), ("organisation_type",)),
        Shortcut(N_("Trainees by gender"), ("gender",)),
        Shortcut(N_("Trainees by course and year"), ("course", "year")),
    ),
)  # fmt: skip
