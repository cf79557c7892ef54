"""Pages of trainees: today, a cohort, an activity."""

from functools import partial
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from lms.courses import completion, illustrating, learning, loading, weighing
from lms.courses.activity_types import Types
from lms.courses.forms import Id
from lms.courses.models import Activity, Cohort, Progress
from lms.courses.refusing import told_at
from lms.kernel import storage
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.i18n import _
from lms.kernel.offline import is_for_later, may_keep
from lms.kernel.once import Once, OnceRoute
from lms.kernel.outages import unless_out
from lms.kernel.permissions import SIGNED_IN, Actor
from lms.kernel.storage import StoredFile, download
from lms.kernel.web import Here, Me, Read, Router, origin_of, page, panels, redirect, render

pages = Router()
MISSING = "courses/types/missing.html"


def types_of(campus: Campus) -> Types:
    """The activity types of the loaded plugins."""
    return campus.plugins.named("activity_types")


@pages.get("/today", permission=SIGNED_IN)
def today_page(request: Request, me: Me, session: Read) -> Response:
    """What waits, and where the trainee is."""
    cohorts = learning.mine(session, me.id or 0, sorted(me.reach("courses.learn").cohorts))
    present = sorted((c for c in cohorts if learning.is_recent(c.ends_on)), key=lambda cohort: cohort.is_ahead or cohort.is_over)
    due = learning.due(present)
    shown = page(
        request, "courses/today.html", cohorts=present, past=[cohort for cohort in cohorts if not learning.is_recent(cohort.ends_on)],
        onward=next((cohort for cohort in present if cohort.upcoming and cohort.status == "published"), None),
        due=due, last=max((entry.item.until for entry in due if entry.item.until), default=None),
        hour=learning.local_time(me.timezone).hour, panels=panels(request, session, "today"), side=panels(request, session, "today.side"),
    )  # fmt: skip
    return may_keep(shown)


@pages.get("/learn/{code}", permission=SIGNED_IN)
def outline_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """A cohort: its modules, what is done, what is due."""
    cohort = loading.load_learning(session, me, code)
    sees_all = loading.looks_after(me, cohort)
    parts = learning.outline(session, [cohort.id or 0], me.id, sees_all=sees_all)[cohort.id or 0]
    view = learning.Learning(
        cohort.id or 0, cohort.code, cohort.title, cohort.status, cohort.timezone, cohort.starts_on, cohort.ends_on, parts
    )
    learns, base = loading.is_trainee(me, cohort), f"/learn/{code}"
    opened = [part.id for part in parts if part.is_open] if learns and not sees_all else []
    shown = page(
        request, "courses/outline.html", cohort=cohort, view=view, sees_all=sees_all, learns=learns,
        steps=learning.steps(parts, base, None, sees_all, me.timezone), side=panels(request, session, "learn.side", cohort),
        bundles=weighing.bundles(session, cohort.id or 0, base, opened, weighing.keepable(types_of(campus))) if opened else {},
    )  # fmt: skip
    return may_keep(shown, learns and not sees_all)


@pages.get("/learn/{code}/{activity_id}", permission=SIGNED_IN)
def activity_page(request: Request, code: str, activity_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """An activity, with the way before and behind it. Opening it counts as viewing."""
    cohort = loading.load_learning(session, me, code)
    try:
        activity = loading.load_open_activity(session, me, cohort, activity_id)
    except loading.NotOpenYet as refusal:
        return page(request, "courses/locked.html", refusal.status, cohort=cohort, message=refusal.sentence())
    learns = loading.is_trainee(me, cohort)
    if learns and cohort.status == "published" and not is_for_later(request) and not _has_viewed(session, me, activity):
        # Written by itself: reading must not wait for other people's writes afterwards, nor stop where nothing can be written.
        with unless_out(), campus.database.transaction(origin_of(request)) as writing:
            completion.record(writing, me.id or 0, activity, "viewed")
    sees_all = loading.looks_after(me, cohort)
    parts = learning.outline(session, [cohort.id or 0], me.id, sees_all=sees_all)[cohort.id or 0]
    base = f"/learn/{code}"
    shown = page(
        request, "courses/activity.html", cohort=cohort, **around(activity, parts, base, sees_all), language=cohort.language,
        piece=piece(request, session, types_of(campus), me, activity, base, cohort.language),
        side=panels(request, session, "learn.side", cohort), learns=learns, can_mark=learns and cohort.status == "published",
        preview=False, sees_all=sees_all, back_title=cohort.title, back_url=base, base=base,
    )  # fmt: skip
    return may_keep(shown, _is_own_reading(campus, me, cohort, activity))


def _is_own_reading(campus: Campus, me: Actor, cohort: Cohort, activity: Activity) -> bool:
    """Whether a trainee reads here what a device may keep; staff's view shows more, and so may other types."""
    is_trainee = loading.is_trainee(me, cohort) and not loading.looks_after(me, cohort)
    return is_trainee and activity.type in weighing.keepable(types_of(campus))


def around(activity: Activity, parts: list[learning.Part], base: str, sees_all: bool) -> dict[str, Any]:
    """Where an activity stands: its module, its neighbours, the steps beside it."""
    part = next((part for part in parts if part.id == activity.module_id), None)
    if part is None:
        raise NotFound()
    before, behind = learning.neighbours(parts, activity.id or 0, sees_all)
    lines = learning.steps([part], base, activity.id, sees_all)[0][1]
    item = next((item for item in part.items if item.id == activity.id), None)
    return {
        "activity": activity, "part": part, "item": item, "before": before, "behind": behind, "steps": lines,
        "number": next((n for n, i in enumerate(part.items, 1) if i.id == activity.id), 0),
    }  # fmt: skip


def piece(request: Request, session: ReadSession, types: Types, me: Actor, activity: Activity, base: str, language: str) -> Markup:
    """The type's own part of the page with its pictures, in the `language` of the content; a placeholder where its plugin is missing."""
    kind = types.get(activity.type)
    shared = {"activity": activity, "learn_url": f"{base}/{activity.id}", "preview": activity.cohort_id is None, "language": language}
    own = kind.context(session, me, activity) if kind else {}
    html = render(request, kind.template if kind else MISSING, **{**shared, **own})
    show = partial(render, request, illustrating.TEMPLATE, url=shared["learn_url"], light=request.state.light)
    return illustrating.put_in(session, activity.id or 0, html, show)


def _has_viewed(session: ReadSession, me: Actor, activity: Activity) -> bool:
    seen: Progress | None = session.get(Progress, (me.id, activity.id))
    return seen is not None and (seen.completed_at is not None or activity.completion != "viewed")


@pages.post("/learn/{code}/{activity_id}/done", permission=SIGNED_IN, route_class_override=OnceRoute)
def mark_done(request: Request, code: str, activity_id: Id, me: Me, session: Once) -> Response:
    """The trainee says it is done, and goes on."""
    cohort = loading.load_learning(session, me, code)
    activity = loading.load_open_activity(session, me, cohort, activity_id)
    if not loading.is_trainee(me, cohort):
        return redirect(request, f"/learn/{code}/{activity_id}", _("Nothing is recorded for you here: you look after this cohort."), "info")
    with told_at(request, f"/learn/{code}/{activity_id}"):
        completion.mark_done(session, me.id or 0, cohort, activity)
    sees_all = loading.looks_after(me, cohort)
    parts = learning.outline(session, [cohort.id or 0], me.id, sees_all=sees_all)[cohort.id or 0]
    behind = learning.neighbours(parts, activity_id, sees_all)[1]
    return redirect(request, f"/learn/{code}/{behind.id}" if behind else f"/learn/{code}", _("Done."))


@pages.get("/learn/{code}/{activity_id}/file", permission=SIGNED_IN)
def activity_file(code: str, activity_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """The file of an activity, for those to whom the activity is open."""
    cohort: Cohort = loading.load_learning(session, me, code)
    activity = loading.load_open_activity(session, me, cohort, activity_id)
    return may_keep(send_file(session, campus, activity), _is_own_reading(campus, me, cohort, activity))


@pages.get("/learn/{code}/{activity_id}/pictures/{number}", permission=SIGNED_IN)
def whole_picture(code: str, activity_id: Id, number: Id, me: Me, session: Read, campus: Here) -> Response:
    """A picture in its full size, to keep."""
    activity = loading.load_open_activity(session, me, loading.load_learning(session, me, code), activity_id)
    return download(campus.storage, illustrating.file_of(session, activity.id or 0, number, None))


@pages.get("/learn/{code}/{activity_id}/pictures/{number}/{width}", permission=SIGNED_IN)
def picture(code: str, activity_id: Id, number: Id, width: Id, me: Me, session: Read, campus: Here) -> Response:
    """A picture in a width that pages show."""
    cohort = loading.load_learning(session, me, code)
    activity = loading.load_open_activity(session, me, cohort, activity_id)
    shown = storage.picture(campus.storage, illustrating.file_of(session, activity.id or 0, number, width))
    return may_keep(shown, _is_own_reading(campus, me, cohort, activity))


def send_file(session: ReadSession, campus: Campus, activity: Activity) -> Response:
    """The activity's file as a download. Raises NotFound where it has none."""
    stored = session.get(StoredFile, activity.file_id) if activity.file_id else None
    if stored is None:
        raise NotFound()
    return download(campus.storage, stored)
