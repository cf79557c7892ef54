"""Pages that edit what is inside a course or a cohort's copy: modules and activities."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from lms.courses import content, loading
from lms.courses.activity_types import TypeForm, Types
from lms.courses.forms import ActivityForm, CohortActivityForm, CourseActivityForm, Id, ModuleForm, OrderForm, VersionForm
from lms.courses.learning_pages import types_of
from lms.courses.models import Activity, Cohort, Course, Module
from lms.courses.refusing import Stand, keeping_both, told_at
from lms.courses.staff_cohort_pages import from_clock, on_clock
from lms.courses.staff_pages import language_options
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.errors import Conflict, Invalid, NotFound, Refused
from lms.kernel.i18n import N_, LazyText, _, format_datetime
from lms.kernel.permissions import Actor
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, page, read_form, redirect, redisplay, render

pages = Router()

COMPLETION_TITLES: dict[str, LazyText] = {
    "viewed": N_("When it was opened"),
    "marked": N_("When the trainee marks it as done"),
    "submitted": N_("When work was handed in"),
    "passed": N_("When the work reached the pass mark"),
    "none": N_("Never: it does not count"),
}


def url_of(owner: Course | Cohort) -> str:
    """The page of staff for this course or cohort."""
    return f"/staff/{'courses' if isinstance(owner, Course) else 'cohorts'}/{owner.code}"


def load_owner(session: ReadSession, me: Actor, kind: str, code: str) -> Course | Cohort:
    """The course or cohort whose content this person may change. Raises NotFound, Forbidden."""
    if kind == "courses":
        return loading.load_course(session, me, code, "courses.edit")
    if kind == "cohorts":
        return loading.load_cohort(session, me, code, "courses.adapt")
    raise NotFound()


def move_of(form: FormInput) -> dict[str, Any]:
    """The move that a list's form asks for. Raises Invalid, Conflict."""
    given = read_form(OrderForm, form)
    if given.order:
        ids = given.order.split(",")
        if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in ids):
            raise Conflict()
        return {"order": [int(part) for part in ids]}
    return {"up": given.up} if given.up is not None else {"down": given.down}


@pages.get("/staff/{kind}/{code}/modules/new", permission="courses.adapt")
def new_module_page(request: Request, kind: str, code: str, me: Me, session: Read, campus: Here) -> Response:
    """The form for a module."""
    return page(request, "courses/module_form.html", **_module_context(campus, load_owner(session, me, kind, code), None))


@pages.post("/staff/{kind}/{code}/modules/new", permission="courses.adapt")
def add_module(request: Request, kind: str, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Add a module at the end."""
    owner = load_owner(session, me, kind, code)
    with redisplay(request, "courses/module_form.html", form, **_module_context(campus, owner, None)):
        given = read_form(ModuleForm, form)
        module = content.add_module(session, me, owner, given.title, given.summary, **_opening(owner, given))
    return redirect(request, f"{url_of(owner)}#module-{module.id}", _("Saved."))


def _module_context(campus: Campus, owner: Course | Cohort, module: Module | None) -> dict[str, Any]:
    return {
        "owner": owner, "module": module, "owner_url": url_of(owner), "is_cohort": isinstance(owner, Cohort), "stands": (),
        "languages": _other_languages(campus, owner),
    }  # fmt: skip


def _other_languages(campus: Campus, owner: Course | Cohort) -> list[tuple[str, str]]:
    """The languages that words of a part may be added in; a cohort speaks its own alone."""
    return [] if isinstance(owner, Cohort) else [pair for pair in language_options(campus) if pair[0] != owner.language]


def _opening(owner: Course | Cohort, given: ModuleForm) -> dict[str, Any]:
    return {"opens_at": from_clock(given.opens_at, owner.timezone)} if isinstance(owner, Cohort) else {}


@pages.post("/staff/{kind}/{code}/modules/order", permission="courses.adapt")
def order_modules(request: Request, kind: str, code: str, me: Me, session: Write, form: Form) -> Response:
    """Move a module."""
    owner = load_owner(session, me, kind, code)
    with told_at(request, url_of(owner)):
        content.order_modules(session, me, owner, **(move := move_of(form)))
    return redirect(request, _at(owner, "module", move))


def _at(owner: Course | Cohort, kind: str, move: dict[str, Any]) -> str:
    """The owner's page, at what was moved by a button."""
    moved = move.get("up") or move.get("down")
    return f"{url_of(owner)}#{kind}-{moved}" if moved else f"{url_of(owner)}#content"


@pages.get("/staff/modules/{module_id}/edit", permission="courses.adapt")
def edit_module_page(request: Request, module_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """The form with a module."""
    module = loading.load_module(session, me, module_id)
    owner = loading.owner_of(session, module)
    opens_at = on_clock(module.opens_at, owner.timezone) if isinstance(owner, Cohort) else ""
    form = FormInput({"title": module.title, "summary": module.summary, "opens_at": opens_at, "version": module.version})
    return page(request, "courses/module_form.html", form=form, **_module_context(campus, owner, module))


@pages.post("/staff/modules/{module_id}/edit", permission="courses.adapt")
def save_module(request: Request, module_id: Id, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Save a module, unless somebody else saved meanwhile."""
    module = loading.load_module(session, me, module_id)
    owner = loading.owner_of(session, module)
    with keeping_both(request, "courses/module_form.html", form, _module_context(campus, owner, module), lambda: _stands(owner, module)):
        given, read = read_form(ModuleForm, form), read_form(VersionForm, form)
        content.save_module(session, me, module, given.title, given.summary, read.version, **_opening(owner, given))
    return redirect(request, f"{url_of(owner)}#module-{module_id}", _("Saved."))


def _stands(owner: Course | Cohort, part: Module | Activity) -> list[Stand]:
    """How a part stands now, for somebody whose save came second."""
    text = (_("Summary"), part.summary) if isinstance(part, Module) else (_("Text"), part.body)
    dates = {_("Opens on"): part.opens_at} if isinstance(part, Module) else {_("Due"): part.due_at, _("Cut-off"): part.cutoff_at}
    known = [(label, format_datetime(at, owner.timezone)) for label, at in dates.items()] if isinstance(owner, Cohort) else []
    return [(_("Title"), part.title), text, *known]


@pages.post("/staff/modules/{module_id}/delete", permission="courses.adapt")
def delete_module(request: Request, module_id: Id, me: Me, session: Write) -> Response:
    """Delete a module that nobody has worked in."""
    module = loading.load_module(session, me, module_id)
    owner = loading.owner_of(session, module)
    with told_at(request, f"/staff/modules/{module_id}/edit"):
        content.delete_module(session, me, module)
    return redirect(request, url_of(owner), _("The module is deleted."))


@pages.post("/staff/modules/{module_id}/order", permission="courses.adapt")
def order_activities(request: Request, module_id: Id, me: Me, session: Write, form: Form) -> Response:
    """Move an activity within its module."""
    module = loading.load_module(session, me, module_id)
    owner = loading.owner_of(session, module)
    with told_at(request, url_of(owner)):
        content.order_activities(session, me, module, **(move := move_of(form)))
    return redirect(request, _at(owner, "activity", move))


@pages.get("/staff/modules/{module_id}/activities/new", permission="courses.adapt")
def new_activity_page(request: Request, module_id: Id, me: Me, session: Read, campus: Here, type: str = "page") -> Response:
    """The form for an activity of a type."""
    module = loading.load_module(session, me, module_id)
    activity = _blank(module, types_of(campus), type)
    form = FormInput({"required": "on", "published": "on", "completion": activity.completion})
    return page(request, "courses/activity_form.html", form=form, **_activity_context(request, session, campus, activity, form))


@pages.post("/staff/modules/{module_id}/activities/new", permission="courses.adapt")
def add_activity(request: Request, module_id: Id, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Add an activity at the end of a module."""
    module = loading.load_module(session, me, module_id)
    types = types_of(campus)
    blank = _blank(module, types, form.get("type"))
    owner = loading.owner_of(session, module)
    with _again(request, session, campus, blank, form):
        title, body, values = _given(owner, form)
        content.add_activity(session, me, types, module, blank.type, title, body, _type_form(request, campus), **values)
    return redirect(request, f"{url_of(owner)}#module-{module_id}", _("Saved."))


def _blank(module: Module, types: Types, type: str) -> Activity:
    if type not in types:
        raise NotFound()
    return Activity(
        module_id=module.id or 0, course_id=module.course_id, cohort_id=module.cohort_id, type=type, title="",
        completion=types[type].completions[0],
    )  # fmt: skip


def _type_form(request: Request, campus: Campus) -> TypeForm:
    return TypeForm(request.state.form, campus.storage, campus.settings.max_upload_bytes)


def _given(owner: Course | Cohort, form: FormInput) -> tuple[str, str, dict[str, Any]]:
    """What was typed: title, body, and the other fields of the activity. Raises Invalid."""
    model: type[ActivityForm] = CohortActivityForm if isinstance(owner, Cohort) else CourseActivityForm
    values = read_form(model, form).model_dump()
    if isinstance(owner, Cohort):
        values |= {name: from_clock(values[name], owner.timezone) for name in ("due_at", "cutoff_at")}
    return values.pop("title"), values.pop("body"), values


@contextmanager
def _again(request: Request, session: ReadSession, campus: Campus, activity: Activity, form: FormInput) -> Iterator[None]:
    """Show an activity's form again when it is refused, with the fields of its type."""
    # Asked before anything changes, because a question to the database would write half-changed rows.
    context = _activity_context(request, session, campus, activity, form)
    try:
        yield
    except Refused as refusal:
        errors = refusal.errors if isinstance(refusal, Invalid) else {}
        context["fields"] = _fields(request, context, form, errors)
        with keeping_both(request, "courses/activity_form.html", form, context, lambda: _stands(context["owner"], activity)):
            raise


def _activity_context(request: Request, session: ReadSession, campus: Campus, activity: Activity, form: FormInput) -> dict[str, Any]:
    owner = loading.owner_of(session, activity)
    kind = types_of(campus).get(activity.type)
    completions = kind.completions if kind else (activity.completion,)
    context = {
        "activity": activity, "owner": owner, "owner_url": url_of(owner), "is_cohort": isinstance(owner, Cohort),
        "module": session.one(Module, activity.module_id), "type_title": str(kind.title) if kind else activity.type,
        "completions": [(name, str(COMPLETION_TITLES[name])) for name in completions],
        "languages": _other_languages(campus, owner), "stands": (), "kind": kind,
        "type_context": dict(kind.form_context(session, activity)) if kind else {},
    }  # fmt: skip
    return {**context, "fields": _fields(request, context, form, {})}


def _fields(request: Request, context: dict[str, Any], form: FormInput, errors: dict[str, str]) -> Markup:
    """The fields of the type; none where its plugin is not there."""
    kind = context["kind"]
    if kind is None or not kind.form_template:
        return Markup("")
    shown = {**context["type_context"], "activity": context["activity"], "form": form, "errors": errors}
    return Markup(render(request, kind.form_template, **shown))  # noqa: S704  # our templates escape


@pages.get("/staff/activities/{activity_id}/edit", permission="courses.adapt")
def edit_activity_page(request: Request, activity_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """The form with an activity."""
    activity = loading.load_activity(session, me, activity_id)
    form = _filled(loading.owner_of(session, activity), activity)
    return page(request, "courses/activity_form.html", form=form, **_activity_context(request, session, campus, activity, form))


def _filled(owner: Course | Cohort, activity: Activity) -> FormInput:
    known: dict[str, Any] = {name: getattr(activity, name) for name in ("title", "body", "completion", "version", "due_day", "cutoff_day")}
    known |= {name: "on" for name in ("required", "published") if getattr(activity, name)}
    known["minutes"] = activity.minutes or ""
    if isinstance(owner, Cohort):
        known |= {name: on_clock(getattr(activity, name), owner.timezone) for name in ("due_at", "cutoff_at")}
    return FormInput({**activity.settings, **known})


@pages.post("/staff/activities/{activity_id}/edit", permission="courses.adapt")
def save_activity(request: Request, activity_id: Id, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Save an activity, unless somebody else saved meanwhile."""
    activity = loading.load_activity(session, me, activity_id)
    owner = loading.owner_of(session, activity)
    with _again(request, session, campus, activity, form):
        read = read_form(VersionForm, form)
        title, body, values = _given(owner, form)
        sent = _type_form(request, campus)
        content.save_activity(session, me, types_of(campus), activity_id, read.version, title, body, sent, **values)
    return redirect(request, f"{url_of(owner)}#module-{activity.module_id}", _("Saved."))


@pages.post("/staff/activities/{activity_id}/publish", permission="courses.adapt")
def publish_activity(request: Request, activity_id: Id, me: Me, session: Write, form: Form) -> Response:
    """Show an activity to trainees, or hide it."""
    activity = loading.load_activity(session, me, activity_id)
    content.set_published(session, me, activity, form.get("published") == "1")
    return redirect(request, f"{url_of(loading.owner_of(session, activity))}#activity-{activity_id}", _("Saved."))


@pages.post("/staff/activities/{activity_id}/delete", permission="courses.adapt")
def delete_activity(request: Request, activity_id: Id, me: Me, session: Write) -> Response:
    """Delete an activity that nobody has worked on."""
    activity = loading.load_activity(session, me, activity_id)
    owner = loading.owner_of(session, activity)
    with told_at(request, f"/staff/activities/{activity_id}/edit"):
        content.delete_activity(session, me, activity)
    return redirect(request, url_of(owner), _("The activity is deleted."))
