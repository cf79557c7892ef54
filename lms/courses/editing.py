"""Editing courses: their catalogue entry, states and copies. The parts inside are edited in `content`."""

from typing import Any

from sqlalchemy import or_, select

from lms.accounts.queries import programme_default
from lms.courses import codes, copying
from lms.courses.activity_types import Types
from lms.courses.content import add_activity, add_module, check_version, save_activity, save_module, save_words
from lms.courses.models import Activity, ContentText, Course, CourseText, Module, Topic
from lms.courses.topics import topic_name
from lms.kernel import audit, i18n, richtext
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, WrongMove
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, Scope, require
from lms.kernel.text import fold, tidy

__all__ = ["add_activity", "add_module", "create_course", "duplicate", "publish", "save_activity", "save_course", "save_course_text",
           "save_module", "save_words", "set_status", "topic", "unpublish"]  # fmt: skip

# SQLModel types a column as its value; in a statement it is a column.
_Topic: Any = Topic
_CourseText: Any = CourseText
_ContentText: Any = ContentText
_Module: Any = Module
_Activity: Any = Activity

EDITABLE = ("title", "language", "summary", "description", "weeks", "hours", "topic_id")
MOVES = {"draft": ("published", "archived"), "published": ("draft", "archived"), "archived": ("draft", "published")}


def topic(session: Session, name: str) -> Topic | None:
    """The topic of this name, made where it is new; None for a blank name."""
    name = tidy(name)
    code = "-".join(fold(name).replace("/", " ").split())[:60]
    if not code:
        return None
    session.insert_new(Topic, code=code, name=name)
    found: Topic = session.scalars(select(Topic).where(_Topic.code == code)).one()
    return found


def create_course(
    session: Session,
    actor: Actor,
    *,
    code: str,
    title: str,
    language: str = "en",
    summary: str = "",
    description: str = "",
    weeks: int = 0,
    hours: int = 0,
    topic_id: int | None = None,
    programme_id: int | None = None,
) -> Course:
    """Add a course as a draft. Raises Invalid, Forbidden."""
    programme_id = programme_id or programme_default(session).id or 0
    require(actor, "courses.edit", Scope(programme=programme_id))
    values = {"title": title, "language": language, "summary": summary, "description": description, "weeks": weeks, "hours": hours}
    course = Course(code=codes.free_code(session, Course, code), programme_id=programme_id, title="")
    _set(course, {**values, "topic_id": topic_id})
    codes.add(session, course)
    _index(session, course)
    audit.record(session, actor, "course.created", "course", course.id, None, {"code": course.code, "title": course.title})
    return course


def save_course(session: Session, actor: Actor, course_id: int, version: int, values: dict[str, Any]) -> Course:
    """Change the catalogue entry. `version` is the one that was read: Conflict where somebody saved since. Raises Invalid, Forbidden."""
    course = session.lock(Course, course_id)
    require(actor, "courses.edit", course.scope)
    check_version(course.version, version)
    if values.get("language", course.language) != course.language:
        _refuse_second_words(session, course, values["language"])
    before = {name: getattr(course, name) for name in EDITABLE}
    _set(course, values)
    course.version += 1
    _index(session, course)
    after = {name: getattr(course, name) for name in EDITABLE if getattr(course, name) != before[name]}
    audit.record(session, actor, "course.changed", "course", course.id, {name: before[name] for name in after}, after)
    return course


def save_course_text(
    session: Session,
    actor: Actor,
    course: Course,
    language: str,
    *,
    title: str,
    summary: str = "",
    description: str = "",
    version: int | None = None,
) -> None:
    """Keep a course's words in another language; a blank title takes them away.

    `version` is the one that was read, 0 for none: Conflict where somebody saved since. Raises Invalid, Forbidden.
    """
    held = session.lock(Course, course.id)
    require(actor, "courses.edit", held.scope)
    if language == held.language:
        raise Invalid({"language": N_("This is the course's own language.")})
    found = course_text(session, held, language)
    check_version(found.version if found else 0, version)
    if not tidy(title):
        if found:
            session.delete(found)
    else:
        text = found or CourseText(course_id=held.id or 0, language=language, title="", version=0)
        text.title, text.summary, text.description = tidy(title), summary.strip(), description.strip()
        text.description_html = richtext.render(text.description)
        text.version += 1
        session.add(text)
    _index(session, held)
    audit.record(session, actor, "course.text", "course", held.id, None, {"language": language, "title": tidy(title)})


def course_text(session: ReadSession, course: Course, language: str) -> CourseText | None:
    """The course's words in another language, where somebody wrote them."""
    found: CourseText | None = session.scalars(
        select(CourseText)
        .where(_CourseText.course_id == course.id, _CourseText.language == language)
        .execution_options(populate_existing=True)
    ).first()
    return found


def set_status(session: Session, actor: Actor, course_id: int, status: str) -> Course:
    """Publish, unpublish or archive a course. Running cohorts go on as they are. Raises WrongMove, Forbidden."""
    course = session.lock(Course, course_id)
    require(actor, "courses.edit", course.scope)
    if status not in MOVES[course.status]:
        raise WrongMove()
    before, course.status = course.status, status
    session.flush()
    audit.record(session, actor, "course.status", "course", course.id, {"status": before}, {"status": status})
    return course


def publish(session: Session, actor: Actor, course: Course) -> Course:
    """Show the course in the catalogue."""
    return set_status(session, actor, course.id or 0, "published")


def unpublish(session: Session, actor: Actor, course: Course) -> Course:
    """Take the course out of the catalogue."""
    return set_status(session, actor, course.id or 0, "draft")


def duplicate(session: Session, actor: Actor, types: Types, course: Course, code: str, title: str = "") -> Course:
    """A new draft with the same words, modules and activities. Raises Invalid, Forbidden."""
    copy = create_course(
        session, actor, code=code, title=title or course.title, language=course.language, summary=course.summary,
        description=course.description, weeks=course.weeks, hours=course.hours, topic_id=course.topic_id, programme_id=course.programme_id,
    )  # fmt: skip
    texts: list[CourseText] = list(session.scalars(select(CourseText).where(_CourseText.course_id == course.id)))
    kept = ("language", "title", "summary", "description", "description_html")
    session.add_all([CourseText(course_id=copy.id or 0, **{name: getattr(text, name) for name in kept}) for text in texts])
    copying.copy_to_course(session, types, course, copy)
    _index(session, copy)
    audit.record(session, actor, "course.duplicated", "course", copy.id, {"code": course.code}, {"code": copy.code})
    return copy


def _set(course: Course, values: dict[str, Any]) -> None:
    for name in EDITABLE:
        if name in values:
            setattr(course, name, values[name])
    course.title, course.summary, course.description = tidy(course.title), course.summary.strip(), course.description.strip()
    if not course.title:
        raise Invalid({"title": N_("Please fill this in.")})
    course.description_html = richtext.render(course.description)


def _refuse_second_words(session: ReadSession, course: Course, language: str) -> None:
    """A language holds either the course's own words or those of a translation: two would hide each other."""
    modules = select(_Module.id).where(_Module.course_id == course.id, _Module.cohort_id.is_(None))
    activities = select(_Activity.id).where(_Activity.course_id == course.id, _Activity.cohort_id.is_(None))
    of_parts = or_(_ContentText.module_id.in_(modules), _ContentText.activity_id.in_(activities))
    parts = select(_ContentText.id).where(_ContentText.language == language, of_parts).limit(1)
    if course_text(session, course, language) or session.scalar(parts) is not None:
        raise Invalid({"language": N_("There are translated words in this language already. Remove them first.")})


def _index(session: Session, course: Course) -> None:
    """Fold what search looks through, in every language of the course."""
    session.flush()
    texts: list[CourseText] = list(session.scalars(select(CourseText).where(_CourseText.course_id == course.id)))
    subject = session.get(Topic, course.topic_id) if course.topic_id else None
    words = [course.code, course.title, course.summary, *(part for text in texts for part in (text.title, text.summary))]
    if subject:
        words += [subject.name, *(_topic_in(text.language, subject) for text in texts), _topic_in(course.language, subject)]
    course.search_text = fold(" ".join(words))
    session.flush()


def _topic_in(language: str, subject: Topic) -> str:
    with i18n.using(language):
        return topic_name(subject.code, subject.name)
