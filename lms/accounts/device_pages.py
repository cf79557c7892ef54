"""The page of the browsers in which a person has signed in."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.accounts import devices, queries, signing_in
from lms.accounts.forms import DevicesForm
from lms.kernel import sessions
from lms.kernel.campus import Campus
from lms.kernel.errors import Invalid
from lms.kernel.i18n import _
from lms.kernel.permissions import SIGNED_IN, Actor, require
from lms.kernel.web import Form, Here, Me, Read, Router, Write, cookie_of, origin_of, page, read_form, redirect, redisplay

pages = Router()


@pages.get("/profile/devices", permission=SIGNED_IN)
def devices_page(request: Request, me: Me, session: Read) -> Response:
    """Where the person is signed in."""
    found = devices.of_person(session, me.id or 0, cookie_of(request, sessions.COOKIE))
    return page(request, "accounts/devices.html", devices=found)


@pages.post("/profile/devices", permission=SIGNED_IN)
def sign_devices_out(request: Request, me: Me, form: Form, campus: Here) -> Response:
    """Sign out of those that were chosen. No transaction is open while the password is checked."""
    with redisplay(request, "accounts/devices.html", form, **_context(request, campus, me)):
        given = read_form(DevicesForm, form)
        if not given.device:
            raise Invalid({"device": _("Please choose at least one.")})
        signing_in.confirm(campus.database, me.id or 0, given.current)
        with campus.database.transaction(origin_of(request)) as session:
            devices.sign_out(session, me, given.device)
    return redirect(request, "/profile/devices", _("These devices are signed out."))


def _context(request: Request, campus: Campus, me: Actor) -> dict[str, Any]:
    with campus.database.reading() as session:
        return {"devices": devices.of_person(session, me.id or 0, cookie_of(request, sessions.COOKIE))}


@pages.post("/staff/people/{code}/sign-out", permission="accounts.give_roles")
def sign_person_out(request: Request, code: str, me: Me, session: Write) -> Response:
    """Sign somebody out everywhere."""
    require(me, "accounts.give_roles")
    devices.sign_out_of_all(session, me, queries.person_by_code(session, code))
    return redirect(request, f"/staff/people/{code}", _("Signed out on every device."))
