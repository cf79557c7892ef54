"""Pages of a person's own work: the form of an assignment, the receipt, the files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.courses.loading import load_learning, load_open_activity
from lms.courses.models import Activity, Cohort
from lms.grading import attachments, loading, submitting, work
from lms.grading.forms import Id, read_ids, read_version
from lms.grading.models import Submission
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Refused
from lms.kernel.i18n import _
from lms.kernel.once import Once, OnceRoute
from lms.kernel.permissions import SIGNED_IN, Actor
from lms.kernel.storage import download
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, page, redirect, redisplay

pages = Router()


@pages.post("/learn/{code}/{activity_id}/submission", permission="grading.submit", route_class_override=OnceRoute)
def submit_work(request: Request, code: str, activity_id: Id, me: Me, session: Once, form: Form, campus: Here) -> Response:
    """Save the draft, or hand it in. Whatever is refused is shown again as it was typed."""
    cohort = load_learning(session, me, code)
    activity = load_open_activity(session, me, cohort, activity_id)
    with _again(request, session, me, cohort, activity, form):
        submission = _take(session, campus, me, activity, form)
    message = _("We received your work. The receipt is below and in your mail.") if submission.status == "submitted" else _("Draft saved.")
    return redirect(request, f"/learn/{code}/{activity_id}#work", message)


def _take(session: Session, campus: Campus, me: Actor, activity: Activity, form: FormInput) -> Submission:
    _cohort, assignment = submitting.may_hand_in(session, me, activity)
    keep = [file_id for file_id in read_ids(form, "keep") if str(file_id) != form.get("remove")]
    added = attachments.keep(session, campus.storage, me, assignment, form.files("files"), len(keep))
    act = submitting.hand_in if form.get("then") == "hand_in" and not form.get("remove") else submitting.save_draft
    return act(session, me, activity, form.get("text"), added, keep=keep, version=read_version(form))


@contextmanager
def _again(request: Request, session: ReadSession, me: Actor, cohort: Cohort, activity: Activity, form: FormInput) -> Iterator[None]:
    # Asked before anything changes: what is refused is taken back, and must not be shown as if it were there.
    context = _context(session, me, cohort, activity)
    try:
        yield
    except Refused as refusal:
        if isinstance(refusal, submitting.ChangedElsewhere):
            context = {**_context(session, me, cohort, activity), "is_stale": True}
        with redisplay(request, "grading/work.html", form, **context):
            raise


def _context(session: ReadSession, me: Actor, cohort: Cohort, activity: Activity) -> dict[str, Any]:
    shown = {name: value for name, value in work.piece(session, me, activity).items() if name not in ("form", "errors")}
    learn_url = f"/learn/{cohort.code}/{activity.id}"
    return {**shown, "cohort": cohort, "activity": activity, "learn_url": learn_url, "language": cohort.language, "preview": False}


@pages.get("/submissions/{code}", permission=SIGNED_IN)
def receipt_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """What a person handed in, and when: the receipt of one attempt."""
    submission = loading.load_readable(session, me, code)
    if submission.person_id != me.id:
        return redirect(request, f"/marking/{code}")
    activity = session.one(Activity, submission.activity_id)
    found = work.attempts_of(session, activity, submission.person_id)
    attempt = next(attempt for attempt in found if attempt.id == submission.id)
    others = [other for other in found if other.submitted_at]
    return page(
        request, "grading/receipt.html", attempt=attempt, others=others, activity=activity, cohort=session.one(Cohort, submission.cohort_id)
    )


@pages.get("/submissions/{code}/files/{file_id}", permission=SIGNED_IN)
def submission_file(code: str, file_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """A file of an attempt, for the person who handed it in and for those who mark it."""
    submission = loading.load_readable(session, me, code)
    return download(campus.storage, attachments.one_of(session, submission.id or 0, file_id))
