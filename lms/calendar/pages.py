"""Pages of the calendar: a month, the way to subscribe to it, and the file that other calendars read."""

from datetime import timedelta
from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.calendar import addresses, feeds, months
from lms.kernel import clock, dates, i18n, sessions
from lms.kernel.errors import NotFound
from lms.kernel.etags import is_known
from lms.kernel.i18n import _
from lms.kernel.outages import unless_out
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import Form, Here, Me, Read, Router, Write, page, redirect, viewer_of

pages = Router()
SUBSCRIBE = "/calendar/subscribe"
LOOKS, HOUR = 120, timedelta(hours=1)
"""How often in an hour an address may be read: several devices, each every few minutes."""


@pages.get("/calendar", permission=SIGNED_IN)
def month_page(request: Request, me: Me, session: Read, campus: Here, month: str = "") -> Response:
    """What has a date in a month."""
    shown = months.month(month, clock.now().astimezone(i18n.zone_of(me.timezone)).date())
    since, until = (dates.midnight(day, me.timezone) for day in (shown.since, shown.until))
    entries = dates.gather(campus.plugins, session, me, since, until)
    return page(
        request, "calendar/month.html", month=shown, weeks=months.weeks(shown, entries, me.timezone), is_empty=not entries,
        city=i18n.city(me.timezone),
    )  # fmt: skip


@pages.get(SUBSCRIBE, permission=SIGNED_IN)
def subscribe_page(request: Request, me: Me, session: Read, campus: Here) -> Response:
    """The secret address, and what to do with it."""
    token = addresses.token_of(session, campus.settings.secret, me.id or 0)
    url = f"{campus.settings.base_url.rstrip('/')}/calendar/{token}.ics" if token else ""
    response = page(request, "calendar/subscribe.html", url=url, webcal=f"webcal:{url.partition(':')[2]}")
    response.headers["cache-control"] = "private, no-store"  # computers are shared
    return response


@pages.post(SUBSCRIBE, permission=SIGNED_IN)
def change_address(request: Request, me: Me, session: Write, form: Form) -> Response:
    """Make an address, make another one, or take it away."""
    if form.get("remove"):
        addresses.remove(session, me)
        return redirect(request, SUBSCRIBE, _("The address is gone. Calendars that read it show nothing new any more."))
    addresses.renew(session, me)
    return redirect(request, SUBSCRIBE, _("Your address is ready."))


@pages.get("/calendar/{token}.ics", permission=PUBLIC)
def feed(request: Request, token: str, session: Read, campus: Here) -> Response:
    """The dates of the person whose secret address this is."""
    person_id = addresses.holder(session, campus.settings.secret, token)
    with unless_out():  # what cannot be counted while the disk is full can still be read
        sessions.limit(campus.database, f"calendar:{person_id}", LOOKS, HOUR)
    actor = viewer_of(campus, session, person_id)
    if actor is None:
        raise NotFound()
    now, base_url = clock.now(), campus.settings.base_url.rstrip("/")
    with i18n.using(actor.locale):
        entries = dates.gather(campus.plugins, session, actor, now - feeds.PAST, now + feeds.AHEAD)
        headers: dict[str, Any] = {"etag": feeds.mark(entries), "cache-control": "private, max-age=600", "x-robots-tag": "noindex"}
        if is_known(request.headers.get("if-none-match", ""), headers["etag"]):
            return Response(status_code=304, headers=headers)
        content = feeds.write(entries, base_url, campus.settings.host)
    headers["content-disposition"] = 'inline; filename="aula-sur.ics"'
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)
