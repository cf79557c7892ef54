"""Editing what is inside: the modules and activities of a course or of a cohort's copy."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from lms.courses import loading, ordering
from lms.courses.activity_types import TypeForm, Types
from lms.courses.models import Activity, Cohort, ContentText, Course, Module, Progress
from lms.kernel import audit, richtext
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Conflict, Invalid, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, require
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Module: Any = Module
_Activity: Any = Activity
_Progress: Any = Progress
_ContentText: Any = ContentText

FIELDS = ("minutes", "required", "published", "completion", "due_day", "cutoff_day", "due_at", "cutoff_at")


class ActivityInUse(Refused):
    """Evidence hangs on it."""

    message = N_("People have already worked on this, and their work is kept. Hide it instead.")


def add_module(session: Session, actor: Actor, owner: Course | Cohort, title: str, summary: str = "", **fields: Any) -> Module:
    """Add a module at the end of a course or of a cohort's copy. Raises Invalid, Forbidden."""
    require(actor, loading.editing_permission(owner), owner.scope)
    course_id, cohort_id = (owner.id, None) if isinstance(owner, Course) else (owner.course_id, owner.id)
    last = session.scalar(select(func.max(_Module.position)).where(*_same_owner(_Module, course_id, cohort_id)))
    module = Module(course_id=course_id or 0, cohort_id=cohort_id, position=0 if last is None else last + 1, title="")
    _set_module(module, title=title, summary=summary, **fields)
    session.add(module)
    audit.record(session, actor, "module.created", "module", module.id, None, {"title": module.title, **_where(module)})
    return module


def save_module(
    session: Session, actor: Actor, module: Module, title: str, summary: str = "", version: int | None = None, **fields: Any
) -> Module:
    """Change a module's title, summary and, in a cohort, its opening (`opens_at`).

    `version` is the one that was read: Conflict where somebody saved since; without it nothing is compared. Raises Invalid, Forbidden.
    """
    module = session.lock(Module, module.id)
    _require(session, actor, module)
    check_version(module.version, version)
    before = {"title": module.title, "opens_at": module.opens_at}
    _set_module(module, title=title, summary=summary, **fields)
    module.version += 1
    session.flush()
    audit.record(session, actor, "module.changed", "module", module.id, before, {"title": module.title, "opens_at": module.opens_at})
    return module


def check_version(present: int, read: int | None) -> None:
    """Raise Conflict where somebody saved since the version that was read."""
    if read is not None and read != present:
        raise Conflict()


def _set_module(module: Module, *, title: str, summary: str, **fields: Any) -> None:
    module.title, module.summary = tidy(title), summary.strip()
    if not module.title:
        raise Invalid({"title": N_("Please fill this in.")})
    if "opens_at" in fields and module.cohort_id:
        module.opens_at = fields["opens_at"]


def delete_module(session: Session, actor: Actor, module: Module) -> None:
    """Delete a module with its activities. Raises ActivityInUse where people have worked on one of them, Forbidden."""
    _require(session, actor, module)
    for activity in _activities(session, module):
        _refuse_in_use(session, activity)
    before = {"title": module.title, **_where(module)}
    _delete(session, module)
    audit.record(session, actor, "module.deleted", "module", module.id, before, None)


def add_activity(
    session: Session,
    actor: Actor,
    types: Types,
    module: Module,
    type: str,
    title: str,
    body: str = "",
    form: TypeForm | None = None,
    **fields: Any,
) -> Activity:
    """Add an activity at the end of a module.

    `fields` are those of the activity (minutes, required, published, completion, due_day and cutoff_day in a course, due_at and cutoff_at
    in a cohort); what else there is goes to the type, unless the type's fields come in `form`. Raises Invalid, Forbidden.
    """
    _require(session, actor, module)
    if type not in types:
        raise Invalid({"type": N_("There is no such kind of activity.")})
    last = session.scalar(select(func.max(_Activity.position)).where(_Activity.module_id == module.id))
    activity = Activity(
        module_id=module.id or 0, course_id=module.course_id, cohort_id=module.cohort_id, position=0 if last is None else last + 1,
        type=type, title="", completion=types[type].completions[0],
    )  # fmt: skip
    own = {name: fields.pop(name) for name in FIELDS if name in fields}
    _set_activity(activity, types, title=title, body=body, **own)
    session.add(activity)
    types[type].save(session, actor, activity, form or TypeForm(fields))
    session.flush()
    audit.record(session, actor, "activity.created", "activity", activity.id, None, {"title": activity.title, "type": type})
    return activity


def save_activity(
    session: Session, actor: Actor, types: Types, activity_id: int, version: int, title: str, body: str, form: TypeForm, **fields: Any
) -> Activity:
    """Change an activity. `version` is the one that was read: Conflict where somebody saved since. Raises Invalid, Forbidden."""
    activity = session.lock(Activity, activity_id)
    _require(session, actor, activity)
    check_version(activity.version, version)
    watched = ("title", *FIELDS)
    before = {name: getattr(activity, name) for name in watched}
    _set_activity(activity, types, title=title, body=body, **fields)
    activity.version += 1
    if activity.type in types:
        types[activity.type].save(session, actor, activity, form)
    session.flush()
    after = {name: getattr(activity, name) for name in watched if getattr(activity, name) != before[name]}
    audit.record(session, actor, "activity.changed", "activity", activity.id, {name: before[name] for name in after}, after)
    return activity


def _set_activity(activity: Activity, types: Types, *, title: str, body: str, **fields: Any) -> None:
    values = {**{name: getattr(activity, name) for name in FIELDS}, **fields}
    _check_activity(activity.type, types, tidy(title), values)
    activity.title, activity.body = tidy(title), body.strip()
    activity.body_html = richtext.render(activity.body)
    for name in FIELDS:
        setattr(activity, name, values[name])


def _check_activity(type: str, types: Types, title: str, values: dict[str, Any]) -> None:
    errors = {}
    if not title:
        errors["title"] = N_("Please fill this in.")
    if type in types and values["completion"] not in types[type].completions:
        errors["completion"] = N_("Please choose one of the options.")
    for due, cutoff in (("due_at", "cutoff_at"), ("due_day", "cutoff_day")):
        if values[due] is not None and values[cutoff] is not None and values[cutoff] < values[due]:
            errors[cutoff] = N_("The cut-off comes before the due date.")
    if errors:
        raise Invalid(errors)


def set_published(session: Session, actor: Actor, activity: Activity, published: bool) -> None:
    """Show an activity to trainees, or hide it. Raises Forbidden."""
    _require(session, actor, activity)
    if activity.published != published:
        activity.published = published
        activity.version += 1
        session.flush()
        audit.record(session, actor, "activity.published" if published else "activity.unpublished", "activity", activity.id)


def delete_activity(session: Session, actor: Actor, activity: Activity) -> None:
    """Delete an activity that nobody has worked on. Raises ActivityInUse, Forbidden."""
    _require(session, actor, activity)
    _refuse_in_use(session, activity)
    before = {"title": activity.title, "type": activity.type, "module_id": activity.module_id}
    _delete(session, activity)
    audit.record(session, actor, "activity.deleted", "activity", activity.id, before, None)


def order_modules(session: Session, actor: Actor, owner: Course | Cohort, **move: Any) -> None:
    """Move one module (up=, down=) or set the whole order (order=). Raises NotFound, Conflict, Forbidden."""
    held = session.lock(type(owner), owner.id)
    require(actor, loading.editing_permission(held), held.scope)
    course_id, cohort_id = (held.id, None) if isinstance(held, Course) else (held.course_id, held.id)
    statement = select(Module).where(*_same_owner(_Module, course_id, cohort_id)).order_by(_Module.position, _Module.id)
    modules: list[Module] = list(session.scalars(statement))
    order = ordering.reordered([module.id or 0 for module in modules], **move)
    ordering.place(session, modules, order)
    kind = "course" if isinstance(held, Course) else "cohort"
    audit.record(session, actor, f"{kind}.reordered", kind, held.id, None, {"modules": order})


def order_activities(session: Session, actor: Actor, module: Module, **move: Any) -> None:
    """Move one activity of a module (up=, down=) or set the whole order (order=). Raises NotFound, Conflict, Forbidden."""
    held = session.lock(Module, module.id)
    _require(session, actor, held)
    activities = _activities(session, held)
    order = ordering.reordered([activity.id or 0 for activity in activities], **move)
    ordering.place(session, activities, order)
    audit.record(session, actor, "module.reordered", "module", held.id, None, {"activities": order})


def save_words(
    session: Session, actor: Actor, part: Module | Activity, language: str, *, title: str, body: str = "", version: int | None = None
) -> None:
    """Keep the words of a course's module (body: its summary) or activity in another language; a blank title takes them away.

    `version` is the one that was read, 0 for none: Conflict where somebody saved since. Raises Forbidden.
    """
    held = session.lock(type(part), part.id)
    _require(session, actor, held)
    text = words_of(session, held, language)
    check_version(text.version if text else 0, version)
    if tidy(title):
        _set_words(session, held, language, text, tidy(title), body.strip())
    elif text:
        session.delete(text)
    kind = "module" if isinstance(held, Module) else "activity"
    audit.record(session, actor, f"{kind}.words", kind, held.id, None, {"language": language, "title": tidy(title)})


def words_of(session: ReadSession, part: Module | Activity, language: str) -> ContentText | None:
    """The words of a part in another language, where somebody wrote them."""
    owner = _ContentText.module_id if isinstance(part, Module) else _ContentText.activity_id
    found: ContentText | None = session.scalars(
        select(ContentText).where(owner == part.id, _ContentText.language == language).execution_options(populate_existing=True)
    ).first()
    return found


def _set_words(session: Session, part: Module | Activity, language: str, text: ContentText | None, title: str, body: str) -> None:
    key: dict[str, Any] = {"module_id" if isinstance(part, Module) else "activity_id": part.id}
    kept = text or ContentText(**key, language=language, title="", version=0)
    kept.title, kept.body, kept.body_html = title, body, richtext.render(body)
    kept.version += 1
    session.add(kept)


def _require(session: ReadSession, actor: Actor, part: Module | Activity) -> None:
    owner = loading.owner_of(session, part)
    require(actor, loading.editing_permission(owner), owner.scope)


def _same_owner(table: Any, course_id: int | None, cohort_id: int | None) -> Sequence[Any]:
    return (table.course_id == course_id, table.cohort_id.is_(None) if cohort_id is None else table.cohort_id == cohort_id)


def _activities(session: ReadSession, module: Module) -> list[Activity]:
    statement = select(Activity).where(_Activity.module_id == module.id).order_by(_Activity.position, _Activity.id)
    return list(session.scalars(statement))


def _refuse_in_use(session: Session, activity: Activity) -> None:
    done = select(_Progress.person_id).where(_Progress.activity_id == activity.id, _Progress.completed_at.is_not(None)).limit(1)
    if session.scalar(done) is not None:
        raise ActivityInUse()
    session.guard("courses.delete_activity", activity)


def _delete(session: Session, part: Module | Activity) -> None:
    try:
        with session.attempt():
            session.delete(part)
    except IntegrityError:  # a table of another plugin holds evidence of it
        raise ActivityInUse() from None


def _where(module: Module) -> dict[str, Any]:
    return {"course_id": module.course_id, "cohort_id": module.cohort_id}
