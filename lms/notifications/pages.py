"""Pages of news: the list, one of them, the choice of summaries, and the end of them by the link of a mail."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.kernel.i18n import _
from lms.kernel.lists import next_url
from lms.kernel.outages import unless_out
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import Form, Here, Me, Read, Router, Write, origin_of, page, redirect
from lms.notifications import choosing, keeping, queries

pages = Router()
UNSUBSCRIBE = "/notifications/unsubscribe/{token}"


@pages.get("/notifications", permission=SIGNED_IN)
def list_page(request: Request, me: Me, session: Read, before: str = "") -> Response:
    """What is new, the newest first."""
    news, following = queries.news_of(session, me.id or 0, before)
    has_unread = any(told.read_at is None for told in news)
    return page(request, "notifications/list.html", news=news, has_unread=has_unread, next_url=next_url(request, before=following))


@pages.get("/notifications/{code}", permission=SIGNED_IN)
def open_one(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """Go to the place that a piece of news is about. Opening it counts as reading."""
    url, is_read = keeping.find(session, me.id or 0, code)
    if not is_read:
        with unless_out(), campus.database.transaction(origin_of(request)) as writing:
            keeping.mark_read(writing, me.id or 0, code)
    return redirect(request, url)


@pages.post("/notifications/read", permission=SIGNED_IN)
def read_all(request: Request, me: Me, session: Write) -> Response:
    """Mark all as read."""
    keeping.mark_read(session, me.id or 0)
    return redirect(request, "/notifications", _("All is marked as read."))


@pages.post("/notifications/digest", permission=SIGNED_IN)
def choose(request: Request, me: Me, session: Write, form: Form) -> Response:
    """Keep how often the person wants a summary."""
    choosing.choose(session, me.id or 0, form.get("rhythm"))
    return redirect(request, "/profile#digest", _("Saved."))


@pages.get(UNSUBSCRIBE, permission=PUBLIC)
def unsubscribe_page(request: Request, token: str, session: Read, campus: Here) -> Response:
    """The button that ends the summaries. Looking at it changes nothing: mail scanners follow links."""
    choosing.holder(session, campus.settings.secret, token)
    return _secret_page(request, token, is_done=False)


@pages.post(UNSUBSCRIBE, permission=PUBLIC, asks_form_token=False)
def unsubscribe(request: Request, token: str, session: Write, campus: Here) -> Response:
    """End the summaries, for a person at the button or a mail program (RFC 8058), without signing in."""
    choosing.choose(session, choosing.holder(session, campus.settings.secret, token), "never")
    return _secret_page(request, token, is_done=True)


def _secret_page(request: Request, token: str, **context: Any) -> Response:
    response = page(request, "notifications/unsubscribe.html", token=token, **context)
    response.headers["referrer-policy"] = "no-referrer"  # the address of this page is a secret
    return response
