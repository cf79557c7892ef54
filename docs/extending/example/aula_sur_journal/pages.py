"""Pages: one's own journal, writing, and what a cohort shares with its tutors."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from aula_sur_journal import queries, writing
from aula_sur_journal.models import JournalPrompt
from lms.courses import loading
from lms.kernel.i18n import _
from lms.kernel.permissions import SIGNED_IN
from lms.kernel.web import Form, Id, Me, Read, Router, Write, page, redirect, redisplay

pages = Router()
PAGE = 50
Cursor = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@pages.get("/journal", permission="journal.write")
def my_journal(request: Request, me: Me, session: Read) -> Response:
    """Everything the person wrote, in every cohort."""
    return page(request, "journal/mine.html", entries=queries.mine(session, me.id or 0), titles=queries.INTENTION_TITLES)


@pages.post("/journal/{code}/{activity_id}", permission=SIGNED_IN)
def write(request: Request, code: str, activity_id: Id, me: Me, session: Write, form: Form) -> Response:
    """Write an entry."""
    cohort = loading.load_learning(session, me, code)
    activity = loading.load_open_activity(session, me, cohort, activity_id)
    prompt = session.one(JournalPrompt, activity_id)
    context = {"cohort": cohort, "activity": activity, "prompt": prompt, "intentions": queries.intention_options()}
    with redisplay(request, "journal/write.html", form, **context, action=request.url.path):
        writing.write(
            session, me, cohort, activity, text=form.get("text"), intention=form.get("intention"), is_shared="is_shared" in form
        )  # fmt: skip
    return redirect(request, f"/learn/{code}/{activity_id}", _("Your entry is kept."))


@pages.get("/journal/{code}", permission="journal.read")
def shared_journal(request: Request, code: str, me: Me, session: Read, before: Cursor = None) -> Response:
    """What trainees of a cohort share, for those who look after it."""
    cohort = loading.load_cohort(session, me, code, "journal.read")
    entries = queries.shared(session, cohort.id or 0, before, PAGE + 1)
    next_url = f"/journal/{code}?before={entries[PAGE - 1].id}" if len(entries) > PAGE else None
    return page(request, "journal/shared.html", cohort=cohort, entries=entries[:PAGE], titles=queries.INTENTION_TITLES, next_url=next_url)
