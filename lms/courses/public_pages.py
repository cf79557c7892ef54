"""Pages for everybody: the catalogue, a course, a cohort."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.courses import catalogue, cohorts, learning, loading
from lms.courses.catalogue import Wanted
from lms.courses.models import Cohort, Course
from lms.courses.queries import cohort_cards
from lms.kernel import clock, i18n
from lms.kernel.errors import NotFound
from lms.kernel.lists import next_url
from lms.kernel.permissions import PUBLIC
from lms.kernel.web import Me, Read, Router, page, panels

pages = Router()
_Cohort: Any = Cohort


@pages.get("/", permission=PUBLIC)
def catalogue_page(
    request: Request, session: Read, q: str = "", region: str = "", topic: str = "", language: str = "", open: str = "", after: str = ""
) -> Response:
    """The catalogue, with filters and search."""
    wanted = Wanted(q[:200], region, topic, language, open == "1")
    cards, following = catalogue.catalogue(session, wanted, i18n.locale(), after)
    return page(
        request, "courses/catalogue.html", courses=cards, wanted=wanted, next_url=next_url(request, after=following), after=after,
        filters=catalogue.filters(session, i18n.locale()),
    )  # fmt: skip


@pages.get("/courses/{code}", permission=PUBLIC)
def course_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """A course: what it is, its syllabus, its cohorts."""
    course = loading.course_by_code(session, code)
    if course.status == "draft" and not me.can("courses.view_drafts", course.scope):
        raise NotFound()
    locale = i18n.locale()
    public = _Cohort.status.in_(("published", "closed"))
    shown = cohort_cards(session, locale, _Cohort.course_id == course.id, public, limit=60, newest=True)
    past = [cohort for cohort in shown if cohort.status == "closed" or (cohort.ends_on and cohort.ends_on < clock.today())]
    return page(
        request, "courses/course.html", course=course, words=catalogue.course_words(session, course, locale),
        parts=learning.syllabus(session, course.id or 0, locale), past=past,
        cohorts=[cohort for cohort in reversed(shown) if cohort not in past],
    )  # fmt: skip


@pages.get("/cohorts/{code}", permission=PUBLIC)
def cohort_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """A cohort: when, where, for whom, with whom; and how to get in."""
    cohort = loading.cohort_by_code(session, code)
    if cohort.status == "draft" and not loading.looks_after(me, cohort):
        raise NotFound()
    course = session.one(Course, cohort.course_id)
    parts = learning.outline(session, [cohort.id or 0], None)[cohort.id or 0]
    return page(
        request, "courses/cohort.html", cohort=cohort, course=course, card=cohort_cards(session, i18n.locale(), _Cohort.id == cohort.id)[0],
        words=catalogue.course_words(session, course, i18n.locale()), tutors=list(cohorts.tutors(session, cohort.id or 0).values()),
        parts=parts, opens_on={part.id: i18n.format_date(part.opens_at, cohort.timezone) for part in parts if not part.is_open},
        panels=panels(request, session, "course.cohort", cohort),
        learns=loading.looks_after(me, cohort) or loading.is_trainee(me, cohort),
    )  # fmt: skip
