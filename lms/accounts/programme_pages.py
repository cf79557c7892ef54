"""The page of the programme: what it is called, who signs for it, its languages and its logo; and what its pages are made of."""

from typing import Any

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.accounts import programmes
from lms.accounts.forms import ProgrammeForm
from lms.accounts.models import Programme
from lms.kernel import i18n
from lms.kernel.campus import Campus
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.i18n import _
from lms.kernel.storage import StoredFile, picture
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, page, read_form, redirect, redisplay

pages = Router()


@pages.get("/staff/programme", permission="accounts.edit_programme")
def programme_page(request: Request, me: Me, session: Read, campus: Here) -> Response:
    """The programme that the person looks after; a choice where there are several."""
    found = programmes.looked_after(session, me.reach("accounts.edit_programme"))
    if not found:
        raise NotFound()
    if len(found) > 1:
        return page(request, "accounts/programmes.html", programmes=found)
    return page(request, "accounts/programme.html", form=_filled(found[0]), **_context(campus, found[0]))


@pages.get("/styleguide", permission="accounts.edit_programme")
def style_guide(request: Request) -> Response:
    """Every component of the pages in every state."""
    return page(request, "site/styleguide.html")


@pages.get("/staff/programme/{code}", permission="accounts.edit_programme")
def one_programme_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """The form of one programme."""
    programme = programmes.load_programme(session, me, code)
    return page(request, "accounts/programme.html", form=_filled(programme), **_context(campus, programme))


def _context(campus: Campus, programme: Programme) -> dict[str, Any]:
    codes = dict.fromkeys([*campus.settings.locales, *programme.languages])
    # Plain values: a refused change must not show on the page around the form.
    return {
        "programme": {"code": programme.code, "name": programme.name, "logo_file_id": programme.logo_file_id},
        "languages": [(code, i18n.language_name(code).capitalize()) for code in codes],
    }


def _filled(programme: Programme) -> FormInput:
    words = [("code", programme.code), ("name", programme.name), ("signatory", programme.signatory)]
    return FormInput(FormData([*words, *(("languages", language) for language in programme.languages)]))


@pages.post("/staff/programme/{code}", permission="accounts.edit_programme")
def save_programme(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Save what the programme is called and who signs."""
    programme = programmes.load_programme(session, me, code)
    context = _context(campus, programme)
    with redisplay(request, "accounts/programme.html", form, **context):
        given = read_form(ProgrammeForm, form)
        known = dict(context["languages"])
        chosen = [language for language in given.languages if language in known]
        programmes.save(session, me, programme.id or 0, code=given.code, name=given.name, signatory=given.signatory, languages=chosen)
    return redirect(request, f"/staff/programme/{programme.code}", _("Saved."))


@pages.post("/staff/programme/{code}/logo", permission="accounts.edit_programme")
def save_logo(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Take a logo, or take it away."""
    programme = programmes.load_programme(session, me, code)
    if form.get("remove"):
        programmes.remove_logo(session, me, programme.id or 0)
        return redirect(request, f"/staff/programme/{code}", _("The logo is removed."))
    with redisplay(request, "accounts/programme.html", _filled(programme), **_context(campus, programme)):
        uploads = form.files("logo")
        if not uploads:
            raise Invalid({"logo": _("Please choose a picture.")})
        programmes.set_logo(session, campus.storage, me, programme.id or 0, uploads[0].file)
    return redirect(request, f"/staff/programme/{code}", _("The new logo is there. Certificates show it from now on."))


@pages.get("/staff/programme/{code}/logo", permission="accounts.edit_programme")
def logo(code: str, me: Me, session: Read, campus: Here) -> Response:
    """The logo, for those who look after the programme."""
    programme = programmes.load_programme(session, me, code)
    file = session.get(StoredFile, programme.logo_file_id) if programme.logo_file_id else None
    if file is None:
        raise NotFound()
    return picture(campus.storage, file)
