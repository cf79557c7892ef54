"""Pages of staff: home, the list of courses, a course and its editing, its preview."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from lms.courses import editing, illustrating, learning, loading, queries
from lms.courses.forms import CopyForm, CourseForm, Id, NewCourseForm, VersionForm
from lms.courses.learning_pages import around, piece, send_file, types_of
from lms.courses.models import Activity, Cohort, Course, CourseText
from lms.courses.refusing import Stand, keeping_both, told_at
from lms.courses.topics import topic_name
from lms.kernel import i18n, storage
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Forbidden, Invalid, NotFound
from lms.kernel.i18n import N_, LazyText, _, pgettext_lazy
from lms.kernel.lists import next_url
from lms.kernel.permissions import Actor
from lms.kernel.rendering import open_to
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, page, panels, read_form, redirect, redisplay
from lms.plugin import CohortFigure

pages = Router()
_Cohort: Any = Cohort
_CourseText: Any = CourseText

COHORTS = 20
"""How many cohorts the page of a course lists."""

COURSE_STATUS_TITLES: dict[str, LazyText] = {
    "draft": N_("Draft"), "published": pgettext_lazy("course", "Published"), "archived": pgettext_lazy("course", "Archived"),
}  # fmt: skip
COHORT_STATUS_TITLES: dict[str, LazyText] = {
    "draft": N_("Draft"), "published": pgettext_lazy("cohort", "Published"), "closed": pgettext_lazy("cohort", "Closed"),
}  # fmt: skip


def status_options(titles: Mapping[str, LazyText]) -> list[tuple[str, str]]:
    """States with their words."""
    return [(name, str(title)) for name, title in titles.items()]


def language_options(campus: Campus) -> list[tuple[str, str]]:
    """The languages that content may be in."""
    codes = dict.fromkeys([*campus.settings.locales, "en", "es", "fr", "pt"])
    return [(code, i18n.language_name(code)) for code in codes]


@pages.get("/staff", permission="courses.adapt")
def home(request: Request, me: Me, session: Read, campus: Here) -> Response:
    """What runs, and what plugins have to say."""
    found = queries.staff_cohorts(session, me.reach("courses.adapt"), i18n.locale(), status="published", limit=12)[0]
    return page(
        request, "courses/staff_home.html", cohorts=found, panels=panels(request, session, "staff.home"),
        figures=figures_of(campus, session, me, found),
    )  # fmt: skip


def figures_of(campus: Campus, session: ReadSession, me: Actor, cohorts: Sequence[queries.CohortCard]) -> dict[int, list[CohortFigure]]:
    """What the plugins count of these cohorts, as far as this person may know, by cohort."""
    found: dict[int, list[CohortFigure]] = {cohort.id: [] for cohort in cohorts}
    for figures in open_to(me, campus.plugins, "cohort_figures") if cohorts else ():
        for cohort_id, counted in figures.function(session, me, cohorts).items():
            found[cohort_id].extend(counted)
    return {cohort_id: sorted(counted, key=lambda figure: not figure.asks) for cohort_id, counted in found.items()}


@pages.get("/staff/courses", permission="courses.view_drafts")
def courses_page(request: Request, me: Me, session: Read, q: str = "", status: str = "", after: str = "") -> Response:
    """The list of courses, with search."""
    found, following = queries.staff_courses(session, me.reach("courses.view_drafts"), q[:200], status, after)
    return page(
        request, "courses/staff_courses.html", courses=found, q=q, chosen=status, statuses=COURSE_STATUS_TITLES,
        next_url=next_url(request, after=following), status_options=status_options(COURSE_STATUS_TITLES),
    )  # fmt: skip


@pages.get("/staff/courses/new", permission="courses.edit")
def new_course_page(request: Request, me: Me, session: Read, campus: Here) -> Response:
    """The form for a course, for those who may add one to a programme."""
    context = _form_context(session, campus, None, me)
    if not context["programmes"]:
        raise Forbidden()
    return page(request, "courses/course_form.html", **context)


@pages.post("/staff/courses/new", permission="courses.edit")
def add_course(request: Request, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Add a course."""
    context = _form_context(session, campus, None, me)
    with redisplay(request, "courses/course_form.html", form, **context):
        given = read_form(NewCourseForm, form)
        programme_id = given.programme or next((identifier for identifier, _name in context["programmes"]), None)
        course = editing.create_course(session, me, code=given.code, programme_id=programme_id, **_values(session, campus, given))
    return redirect(request, f"/staff/courses/{course.code}", _("Saved. Now add its modules."))


def _form_context(session: ReadSession, campus: Campus, course: Course | None, me: Actor) -> dict[str, Any]:
    topics = [topic_name(code, name) for _id, code, name in queries.topics(session)]
    programmes = [] if course else queries.programmes_within(session, me.reach("courses.edit"))
    return {"course": course, "languages": language_options(campus), "topics": topics, "programmes": programmes, "stands": ()}


def _values(session: Session, campus: Campus, given: CourseForm) -> dict[str, Any]:
    if given.language not in dict(language_options(campus)):
        raise Invalid({"language": _("Please choose one of the options.")})
    values = given.model_dump(include={"title", "language", "summary", "description", "weeks", "hours"})
    known = {topic_name(code, name): identifier for identifier, code, name in queries.topics(session)}
    subject = None if given.topic in known else editing.topic(session, given.topic)
    return {**values, "topic_id": known.get(given.topic) or (subject.id if subject else None)}


@pages.get("/staff/courses/{code}", permission="courses.view_drafts")
def course_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """A course as staff see it: its parts, its state, its cohorts."""
    course = loading.load_course(session, me, code, "courses.view_drafts")
    return page(request, "courses/staff_course.html", **_course_context(session, campus, me, course))


def _course_context(session: ReadSession, campus: Campus, me: Actor, course: Course) -> dict[str, Any]:
    translated = set(session.scalars(select(_CourseText.language).where(_CourseText.course_id == course.id)))
    others = [(code, name) for code, name in language_options(campus) if code != course.language]
    cohorts = queries.cohort_cards(session, i18n.locale(), _Cohort.course_id == course.id, limit=COHORTS + 1, newest=True)
    return {
        "course": course, "parts": learning.syllabus(session, course.id or 0, None, sees_all=True), "types": types_of(campus),
        "cohorts": cohorts[:COHORTS], "has_more_cohorts": len(cohorts) > COHORTS,
        "statuses": COURSE_STATUS_TITLES, "cohort_statuses": COHORT_STATUS_TITLES,
        "may_edit": me.can("courses.edit", course.scope), "may_run": me.can("courses.run", course.scope),
        "translated": translated, "languages": others, "owner_url": f"/staff/courses/{course.code}",
    }  # fmt: skip


@pages.get("/staff/courses/{code}/edit", permission="courses.edit")
def edit_course_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """The form with the catalogue entry."""
    course = loading.load_course(session, me, code, "courses.edit")
    context = _form_context(session, campus, course, me)
    topic = next((topic_name(c, name) for identifier, c, name in queries.topics(session) if identifier == course.topic_id), "")
    known = {name: getattr(course, name) for name in (*editing.EDITABLE, "version")}
    known |= {name: known[name] or "" for name in ("weeks", "hours")}
    return page(request, "courses/course_form.html", form=FormInput({**known, "topic": topic}), **context)


@pages.post("/staff/courses/{code}/edit", permission="courses.edit")
def save_course(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Save the catalogue entry, unless somebody else saved meanwhile."""
    course = loading.load_course(session, me, code, "courses.edit")
    context = _form_context(session, campus, course, me)
    with keeping_both(request, "courses/course_form.html", form, context, lambda: words_stand(course)):
        given, read = read_form(CourseForm, form), read_form(VersionForm, form)
        editing.save_course(session, me, course.id or 0, read.version, _values(session, campus, given))
    return redirect(request, f"/staff/courses/{code}", _("Saved."))


def words_stand(words: Course | CourseText) -> list[Stand]:
    """The words of a course as they are now, for somebody whose save came second."""
    return [(_("Title"), words.title), (_("Summary"), words.summary), (_("Description"), words.description)]


@pages.post("/staff/courses/{code}/status", permission="courses.edit")
def set_status(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Publish, unpublish or archive."""
    course = loading.load_course(session, me, code, "courses.edit")
    with told_at(request, f"/staff/courses/{code}"):
        editing.set_status(session, me, course.id or 0, form.get("status"))
    return redirect(request, f"/staff/courses/{code}", _("Saved."))


@pages.get("/staff/courses/{code}/duplicate", permission="courses.edit")
def duplicate_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """Ask for the copy's code and title."""
    course = loading.load_course(session, me, code, "courses.edit")
    return page(request, "courses/duplicate.html", course=course, form=FormInput({"title": course.title}))


@pages.post("/staff/courses/{code}/duplicate", permission="courses.edit")
def duplicate(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Make the copy."""
    course = loading.load_course(session, me, code, "courses.edit")
    with redisplay(request, "courses/duplicate.html", form, course=course):
        given = read_form(CopyForm, form)
        copy = editing.duplicate(session, me, types_of(campus), course, given.code, given.title)
    return redirect(request, f"/staff/courses/{copy.code}", _("This is the copy; it is a draft."))


@pages.get("/staff/courses/{code}/preview", permission="courses.view_drafts")
def preview_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """What trainees of a cohort will find, in the course's own language."""
    course = loading.load_course(session, me, code, "courses.view_drafts")
    parts = learning.syllabus(session, course.id or 0, None)
    base = f"/staff/courses/{code}/preview"
    return page(request, "courses/preview.html", course=course, steps=learning.steps(parts, base, None, False, me.timezone))


@pages.get("/staff/courses/{code}/preview/{activity_id}", permission="courses.view_drafts")
def preview_activity(request: Request, code: str, activity_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """An activity as trainees will see it; nothing is recorded."""
    course, activity = _previewed(session, me, code, activity_id)
    base = f"/staff/courses/{code}/preview"
    parts = learning.syllabus(session, course.id or 0, None, sees_all=not activity.published)
    return page(
        request, "courses/activity.html", cohort=None, **around(activity, parts, base, True), language=course.language,
        piece=piece(request, session, types_of(campus), me, activity, base, course.language), side=[], learns=False, can_mark=False,
        preview=True, sees_all=True, back_title=course.title, back_url=base, base=base,
    )  # fmt: skip


@pages.get("/staff/courses/{code}/preview/{activity_id}/file", permission="courses.view_drafts")
def preview_file(code: str, activity_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """The file of an activity of a course."""
    return send_file(session, campus, _previewed(session, me, code, activity_id)[1])


@pages.get("/staff/courses/{code}/preview/{activity_id}/pictures/{number}", permission="courses.view_drafts")
def preview_whole_picture(code: str, activity_id: Id, number: Id, me: Me, session: Read, campus: Here) -> Response:
    """A picture of a course in its full size, to keep."""
    activity = _previewed(session, me, code, activity_id)[1]
    return storage.download(campus.storage, illustrating.file_of(session, activity.id or 0, number, None))


@pages.get("/staff/courses/{code}/preview/{activity_id}/pictures/{number}/{width}", permission="courses.view_drafts")
def preview_picture(code: str, activity_id: Id, number: Id, width: Id, me: Me, session: Read, campus: Here) -> Response:
    """A picture of a course in a width that pages show."""
    activity = _previewed(session, me, code, activity_id)[1]
    return storage.picture(campus.storage, illustrating.file_of(session, activity.id or 0, number, width))


def _previewed(session: ReadSession, me: Actor, code: str, activity_id: int) -> tuple[Course, Activity]:
    course = loading.load_course(session, me, code, "courses.view_drafts")
    activity = session.get(Activity, activity_id)
    if activity is None or activity.course_id != course.id or activity.cohort_id is not None:
        raise NotFound()
    return course, activity
