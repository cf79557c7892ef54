"""Pages where the words of a course and of its parts are written in other languages."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.courses import content, editing, loading
from lms.courses.content_pages import url_of
from lms.courses.forms import Id, VersionForm, WordsForm
from lms.courses.models import Activity, Cohort, ContentText, Course, CourseText, Module
from lms.courses.refusing import Stand, keeping_both
from lms.courses.staff_pages import language_options, words_stand
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.i18n import _
from lms.kernel.permissions import Actor
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, page, read_form, redirect

pages = Router()

GONE = CourseText(course_id=0, language="", title="")
"""How words stand that somebody took away."""


@pages.get("/staff/courses/{code}/texts/{language}", permission="courses.edit")
def course_words_page(request: Request, code: str, language: str, me: Me, session: Read, campus: Here) -> Response:
    """The course's words in another language."""
    course = _translatable_course(session, me, code, language, campus)
    text = editing.course_text(session, course, language)
    known = {name: getattr(text, name) for name in ("title", "summary", "description", "version")} if text else {"version": 0}
    return page(request, "courses/words_form.html", course=course, language=language, form=FormInput(known), stands=())


@pages.post("/staff/courses/{code}/texts/{language}", permission="courses.edit")
def save_course_words(request: Request, code: str, language: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Keep the words."""
    course = _translatable_course(session, me, code, language, campus)
    context = {"course": course, "language": language}
    present = editing.course_text(session, course, language)
    context |= {"version": present.version if present else 0}
    with keeping_both(request, "courses/words_form.html", form, context, lambda: words_stand(present or GONE)):
        given, read = read_form(WordsForm, form), read_form(VersionForm, form)
        editing.save_course_text(session, me, course, language, version=read.version, **given.model_dump())
    return redirect(request, f"/staff/courses/{code}", _("Saved."))


def _translatable_course(session: ReadSession, me: Actor, code: str, language: str, campus: Campus) -> Course:
    course = loading.load_course(session, me, code, "courses.edit")
    if language == course.language or language not in dict(language_options(campus)):
        raise NotFound()
    return course


@pages.get("/staff/{part}/{part_id}/words/{language}", permission="courses.edit")
def part_words_page(request: Request, part: str, part_id: Id, language: str, me: Me, session: Read, campus: Here) -> Response:
    """The words of a course's module or activity in another language."""
    owner, loaded = _translatable_part(session, me, campus, part, part_id, language)
    text = content.words_of(session, loaded, language)
    form = FormInput({"title": text.title, "description": text.body, "version": text.version} if text else {"version": 0})
    return page(request, "courses/part_words_form.html", form=form, **_part_context(owner, loaded, language, text))


def _part_context(owner: Course | Cohort, part: Module | Activity, language: str, text: ContentText | None) -> dict[str, Any]:
    kind, original = ("modules", part.summary) if isinstance(part, Module) else ("activities", part.body)
    return {
        "part": part, "part_url": f"/staff/{kind}/{part.id}", "original": original, "owner": owner, "owner_url": url_of(owner),
        "language": language, "version": text.version if text else 0, "stands": (),
    }  # fmt: skip


@pages.post("/staff/{part}/{part_id}/words/{language}", permission="courses.edit")
def save_part_words(request: Request, part: str, part_id: Id, language: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Keep the words."""
    owner, loaded = _translatable_part(session, me, campus, part, part_id, language)
    text = content.words_of(session, loaded, language)
    context = _part_context(owner, loaded, language, text)

    def stands() -> list[Stand]:
        return [(_("Title"), text.title if text else ""), (_("Text"), text.body if text else "")]

    with keeping_both(request, "courses/part_words_form.html", form, context, stands):
        given, read = read_form(WordsForm, form), read_form(VersionForm, form)
        content.save_words(session, me, loaded, language, title=given.title, body=given.description, version=read.version)
    return redirect(request, url_of(owner), _("Saved."))


def _translatable_part(
    session: ReadSession, me: Actor, campus: Campus, part: str, part_id: int, language: str
) -> tuple[Course | Cohort, Module | Activity]:
    if part not in ("modules", "activities"):
        raise NotFound()
    loaded = loading.load_module(session, me, part_id) if part == "modules" else loading.load_activity(session, me, part_id)
    owner = loading.owner_of(session, loaded)
    if isinstance(owner, Cohort) or language == owner.language or language not in dict(language_options(campus)):
        raise NotFound()
    return owner, loaded
