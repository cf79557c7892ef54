"""Pages of those who mark: the queue, and one attempt at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from lms.accounts.queries import names
from lms.courses.models import Activity, Cohort
from lms.grading import books, items, loading, marking, queue, work
from lms.grading.forms import read_version
from lms.grading.models import Grade, GradeItem, Submission
from lms.grading.points import plain, read_points
from lms.kernel.database import ReadSession
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_, LazyText, _, format_number
from lms.kernel.lists import next_url
from lms.kernel.permissions import Actor
from lms.kernel.web import Form, FormInput, Me, Read, Router, Write, page, panels, redirect, redisplay

pages = Router()

STATE_TITLES: dict[str, LazyText] = {
    "waiting": N_("To be marked"), "marked": N_("Marked, not released"), "released": N_("Released"),
}  # fmt: skip


EVERYTHING = "all"


@pages.get("/marking", permission="grading.grade")
def queue_page(request: Request, me: Me, session: Read, cohort: str = "", state: str = "waiting", after: str = "") -> Response:
    """What waits to be marked, across cohorts; by choice what is marked, what is released, or everything."""
    found = queue.queue(session, me, cohort=cohort, state="" if state == EVERYTHING else state, after=after)
    chosen = session.scalars(queue.cohort_in_reach(me, cohort)).first() if cohort else None
    return page(
        request, "grading/marking.html", queue=found, cohorts=queue.cohorts(session, me), cohort=cohort, state=state,
        next_url=next_url(request, after=found.after), states=STATE_TITLES, views=_views(found.counts, cohort, state),
        may_release=chosen is not None and me.can("grading.release", chosen.scope), side=panels(request, session, "marking.side"),
    )  # fmt: skip


def _views(counts: dict[str, int], cohort: str, state: str) -> list[tuple[str, str, bool]]:
    """The queue by state, as tabs: words with the number, address, whether it is shown now."""
    titles = [(name, str(title), counts[name]) for name, title in STATE_TITLES.items()]
    titles.append((EVERYTHING, _("Everything"), sum(counts.values())))
    query = {"cohort": cohort} if cohort else {}
    return [
        (f"{title} ({format_number(n)})", f"/marking?{urlencode({**query, 'state': name})}", name == state) for name, title, n in titles
    ]


@pages.get("/marking/{code}", permission="grading.grade")
def marking_page(request: Request, code: str, me: Me, session: Read, cohort: str = "") -> Response:
    """One attempt, with the form to mark it."""
    submission, of_cohort = loading.load_marking(session, me, code)
    context = _context(session, me, submission, of_cohort, cohort)
    grade = context["grade"]
    form = FormInput({"points": plain(grade.points), "feedback": grade.feedback} if grade and context["is_graded"] else {})
    return page(request, "grading/mark.html", form=form, **context)


def _context(session: ReadSession, me: Actor, submission: Submission, cohort: Cohort, filtered: str) -> dict[str, Any]:
    activity = session.one(Activity, submission.activity_id)
    item = items.item_of_activity(session, submission.activity_id)
    person_id = submission.person_id
    attempts = [attempt for attempt in work.attempts_of(session, activity, person_id) if attempt.submitted_at]
    grade = items.grade_of(session, item, person_id)
    return {
        "cohort": cohort, "activity": activity, "item": item, "name": names(session, [person_id]).get(person_id, ""),
        "attempt": next(attempt for attempt in attempts if attempt.id == submission.id), "attempts": attempts, "grade": grade,
        "is_graded": grade is not None and grade.submission_id == submission.id, "version": grade.version if grade else 0,
        "place": queue.place_of(session, me, submission.activity_id, submission.code, filtered), "filtered": filtered,
        "history": books.history_of(session, item.id or 0, [person_id]).get(person_id, ()), "meanwhile": None,
        "is_own": person_id == me.id, "may_release": me.can("grading.release", cohort.scope),
    }  # fmt: skip


@pages.post("/marking/{code}", permission="grading.grade")
def mark(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Save the grade, and go on to the next one or stay."""
    submission, cohort = loading.load_marking(session, me, code)
    filtered = form.get("cohort")
    context = _context(session, me, submission, cohort, filtered)
    with _again(request, form, context):
        item: GradeItem = context["item"]
        points = read_points(form.get("points"), item.points)
        marking.save_grade(session, me, submission.id or 0, version=read_version(form), points=points, feedback=form.get("feedback"))
    query = f"?cohort={filtered}" if filtered.isascii() and filtered.replace("-", "").replace(".", "").isalnum() else ""
    place: queue.Place | None = context["place"]
    if form.get("then") != "next":
        return redirect(request, f"/marking/{code}{query}", _("Saved."))
    if place and place.following:
        return redirect(request, f"/marking/{place.following}{query}", _("Saved. Here is the next one."))
    return redirect(request, f"/marking{query}", _("Saved. Nothing more waits here."))


@contextmanager
def _again(request: Request, form: FormInput, context: dict[str, Any]) -> Iterator[None]:
    """Show what was typed again; where somebody else saved meanwhile, beside it what is saved."""
    try:
        yield
    except Refused as refusal:
        if isinstance(refusal, marking.GradeChanged):
            context = {**context, "meanwhile": refusal.now, "version": refusal.now.version}
        with redisplay(request, "grading/mark.html", form, **context):
            raise


@pages.post("/marking/{code}/release", permission="grading.release")
def release_one(request: Request, code: str, me: Me, session: Write) -> Response:
    """Let the person see this grade."""
    submission, _cohort = loading.load_marking(session, me, code, "grading.release")
    grade: Grade | None = items.grade_of(session, items.item_of_activity(session, submission.activity_id), submission.person_id)
    released = marking.release(session, me, [grade.id or 0]) if grade else 0
    message = _("Released: a mail is on its way.") if released else _("There was nothing to release.")
    return redirect(request, f"/marking/{code}", message)
