"""Copies of a course's modules and activities: for a cohort (in its language, with absolute dates) or for another course."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from lms.courses import picturing
from lms.courses.activity_types import Types
from lms.courses.dating import deadline, opening
from lms.courses.models import Activity, Cohort, ContentText, Course, Module
from lms.kernel.database import ReadSession, Session

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_Module: Any = Module
_ContentText: Any = ContentText

KEPT = ("position", "type", "settings", "file_id", "published", "required", "completion", "minutes")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a module or activity in one language."""

    title: str
    body: str
    body_html: str


def copy_to_cohort(session: Session, types: Types, cohort: Cohort) -> None:
    """Give a new cohort its own copy of its course, in the cohort's language where there are words in it."""
    words_of_modules, words_of_activities = _words(session, cohort.course_id, cohort.language)

    def dated(source: Activity) -> dict[str, Any]:
        return {"due_at": deadline(cohort, source.due_day), "cutoff_at": deadline(cohort, source.cutoff_day)}

    modules: dict[int, Module] = {}
    for week, module in enumerate(_modules(session, cohort.course_id)):
        words = words_of_modules.get(module.id or 0)
        modules[module.id or 0] = Module(
            course_id=cohort.course_id, cohort_id=cohort.id, origin_id=module.id, position=week, opens_at=opening(cohort, week),
            title=words.title if words else module.title, summary=(words and words.body) or module.summary,
        )  # fmt: skip
    session.add_all(list(modules.values()))
    _copy_activities(session, types, modules, words_of_activities, dated)


def copy_to_course(session: Session, types: Types, source: Course, target: Course) -> None:
    """Give a new course the modules and activities of another, with their words in every language."""
    modules: dict[int, Module] = {}
    for module in _modules(session, source.id or 0):
        modules[module.id or 0] = Module(course_id=target.id or 0, position=module.position, title=module.title, summary=module.summary)
    session.add_all(list(modules.values()))
    copies = _copy_activities(session, types, modules, {}, lambda a: {"due_day": a.due_day, "cutoff_day": a.cutoff_day}, remembers=False)
    texts: list[ContentText] = list(session.scalars(_texts(source.id or 0)))
    session.add_all(
        [
            ContentText(
                module_id=modules[text.module_id].id if text.module_id else None,
                activity_id=copies[text.activity_id].id if text.activity_id else None,
                language=text.language, title=text.title, body=text.body, body_html=text.body_html,
            )
            for text in texts
        ]
    )  # fmt: skip


def _copy_activities(
    session: Session,
    types: Types,
    modules: dict[int, Module],
    words: dict[int, Words],
    dated: Callable[[Activity], dict[str, Any]],
    remembers: bool = True,
) -> dict[int, Activity]:
    statement = select(Activity).where(_Activity.module_id.in_(list(modules))).order_by(_Activity.position, _Activity.id)
    sources: list[Activity] = list(session.scalars(statement))
    copies: dict[int, Activity] = {}
    for source in sources:
        module = modules[source.module_id]
        said = _said(source, words.get(source.id or 0))
        copies[source.id or 0] = Activity(
            module_id=module.id or 0, course_id=module.course_id, cohort_id=module.cohort_id, origin_id=source.id if remembers else None,
            title=said.title, body=said.body, body_html=said.body_html, **{name: getattr(source, name) for name in KEPT}, **dated(source),
        )  # fmt: skip
    session.add_all(list(copies.values()))
    picturing.copy(session, {source: copy.id or 0 for source, copy in copies.items()})
    for source in sources:
        if source.type in types:
            types[source.type].copy(session, source, copies[source.id or 0])
    return copies


def _said(source: Activity, words: Words | None) -> Words:
    """The words of a copy: the translation's, and where it has a title only, the original text."""
    if words is None:
        return Words(source.title, source.body, source.body_html)
    return words if words.body else Words(words.title, source.body, source.body_html)


def _modules(session: ReadSession, course_id: int) -> list[Module]:
    statement = select(Module).where(_Module.course_id == course_id, _Module.cohort_id.is_(None)).order_by(_Module.position, _Module.id)
    return list(session.scalars(statement))


def _texts(course_id: int) -> Any:
    modules = select(_Module.id).where(_Module.course_id == course_id, _Module.cohort_id.is_(None))
    activities = select(_Activity.id).where(_Activity.course_id == course_id, _Activity.cohort_id.is_(None))
    return select(ContentText).where(or_(_ContentText.module_id.in_(modules), _ContentText.activity_id.in_(activities)))


def _words(session: ReadSession, course_id: int, language: str) -> tuple[dict[int, Words], dict[int, Words]]:
    found: list[ContentText] = list(session.scalars(_texts(course_id).where(_ContentText.language == language)))
    modules = {text.module_id: Words(text.title, text.body, text.body_html) for text in found if text.module_id}
    activities = {text.activity_id: Words(text.title, text.body, text.body_html) for text in found if text.activity_id}
    return modules, activities
