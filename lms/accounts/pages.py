"""Pages of a person's own profile; with those for getting in and those of staff they are the pages of this plugin."""

import io
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from lms.accounts import (
    device_pages,
    erasing,
    joining,
    passwords,
    people,
    photos,
    programme_pages,
    queries,
    signing_in,
    signing_pages,
    staff_pages,
    token_pages,
)
from lms.accounts.forms import ChangePasswordForm, ProfileForm
from lms.accounts.models import Person
from lms.accounts.signing_pages import admit
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.i18n import _
from lms.kernel.permissions import SIGNED_IN
from lms.kernel.storage import StoredFile, picture, save_file
from lms.kernel.web import Form, Here, Me, Read, Router, Write, origin_of, page, panels, read_form, redirect, redisplay

pages = Router()


@pages.get("/profile", permission=SIGNED_IN)
def profile_page(request: Request, me: Me, session: Read) -> Response:
    """The form with what the person said."""
    context = profile_context(request, session, me.id or 0)
    return page(request, "accounts/profile.html", form=staff_pages.filled(session, context["person"]), **context)


@pages.post("/profile", permission=SIGNED_IN)
def save_profile(request: Request, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Save what the person says."""
    with redisplay(request, "accounts/profile.html", form, **profile_context(request, session, me.id or 0)):
        given = read_form(ProfileForm, form)
        people.save(session, me, me.id or 0, **staff_pages.changes(session, given, campus.settings.locales))
    response = redirect(request, "/profile", _("Saved."))
    if given.language in campus.settings.locales:
        signing_pages.remember_language(request, response, given.language)
    return response


def profile_context(request: Request, session: ReadSession, person_id: int) -> dict[str, Any]:
    """What the profile shows beside its form."""
    return {
        "person": session.one(Person, person_id),
        "has_asked_erasure": queries.has_erasure_request(session, person_id),
        "has_password": passwords.stored_for(session, person_id) is not None,
        "panels": panels(request, session, "profile", person_id),
        **staff_pages.choices(request, session),
    }


@pages.post("/profile/photo", permission=SIGNED_IN)
def save_photo(request: Request, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Take a photo, or take it away."""
    person = session.lock(Person, me.id or 0)
    if form.get("remove"):
        person.photo_file_id = None
        return redirect(request, "/profile", _("Your photo is removed."))
    context = profile_context(request, session, person.id or 0)
    with redisplay(request, "accounts/profile.html", staff_pages.filled(session, person), **context):
        uploads = form.files("photo")
        if not uploads:
            raise Invalid({"photo": _("Please choose a picture.")})
        drawn = photos.redraw(uploads[0].file)
    person.photo_file_id = save_file(session, campus.storage, io.BytesIO(drawn), f"{person.code}.webp", "image/webp", me.id).id
    return redirect(request, "/profile", _("Your new photo is there."))


@pages.get("/people/{code}/photo", permission=SIGNED_IN)
def photo(code: str, session: Read, campus: Here) -> Response:
    """The photo of a person, for people who have signed in."""
    file_id = queries.person_by_code(session, code).photo_file_id
    file = session.get(StoredFile, file_id) if file_id else None
    if file is None:
        raise NotFound()
    response = picture(campus.storage, file)
    response.headers["cache-control"] = "private, max-age=600"  # a photo that was taken away must not stay for long
    return response


@pages.post("/profile/password", permission=SIGNED_IN)
def change_password(request: Request, me: Me, form: Form, campus: Here) -> Response:
    """Change the password; every other browser is signed out. No transaction is open while passwords are worked on."""
    person_id = me.id or 0
    with campus.database.reading() as reading:
        context = profile_context(request, reading, person_id)
        shown = staff_pages.filled(reading, context["person"])
    with redisplay(request, "accounts/profile.html", shown, **context):
        given = read_form(ChangePasswordForm, form)
        signing_in.confirm(campus.database, person_id, given.current)
        passwords.check_strength(given.password, me.email, me.name, campus.settings.host)
    hashed = passwords.digest(given.password)
    with campus.database.transaction(origin_of(request)) as session:
        joining.change_password(session, me, hashed)
    return admit(request, campus, person_id, me.locale, "/profile", _("Your password is changed. Other devices are signed out."))


@pages.get("/profile/data", permission=SIGNED_IN)
def my_data(request: Request, me: Me, session: Read, campus: Here) -> Response:
    """Everything that is kept about the person, from every plugin, as a file."""
    person_id = me.id or 0
    data = {plugin.name: plugin.personal_data.export(session, person_id) for plugin in campus.plugins if plugin.personal_data}
    headers = {"content-disposition": 'attachment; filename="my-data.json"', "cache-control": "private, no-store"}
    return _PlainJson({"generated_for": me.email, "data": data}, headers=headers)


class _PlainJson(JSONResponse):
    """JSON that people can read: indented, dates as ISO 8601, letters as they are."""

    def render(self, content: Any) -> bytes:
        return erasing.as_json(content).encode()


@pages.post("/profile/erasure", permission=SIGNED_IN)
def ask_erasure(request: Request, me: Me, session: Write, form: Form) -> Response:
    """Ask to be forgotten, or take the wish back."""
    if form.get("take_back"):
        erasing.take_back(session, me)
        return redirect(request, "/profile", _("Your data stays."))
    erasing.ask(session, me)
    return redirect(request, "/profile", _("We received your request. The programme staff will carry it out."))


# One router to a plugin; `include_router` would lose what each route declares.
pages.routes.extend(
    [
        *signing_pages.pages.routes,
        *device_pages.pages.routes,
        *staff_pages.pages.routes,
        *programme_pages.pages.routes,
        *token_pages.pages.routes,
    ]
)
