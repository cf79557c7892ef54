"""Pages of staff: people and their roles, wishes to be forgotten, the audit log, the mails."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.accounts import erasing, joining, passwords, people, queries, roles, scopes, signing_in
from lms.accounts.forms import PersonForm, ProfileForm, RoleForm, TakeRoleForm
from lms.accounts.models import Organisation, Person
from lms.accounts.signing_pages import country_options
from lms.accounts.titles import GENDER_TITLES, ORGANISATION_TITLES
from lms.accounts.zones import offered
from lms.kernel import audit, i18n
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid
from lms.kernel.i18n import _
from lms.kernel.lists import next_url
from lms.kernel.permissions import ROLE_TITLES, Actor, require
from lms.kernel.web import (
    Form,
    FormInput,
    Here,
    Me,
    Read,
    Router,
    Write,
    campus_of,
    origin_of,
    page,
    panels,
    read_form,
    redirect,
    redisplay,
)

pages = Router()


def choices(request: Request, session: ReadSession) -> dict[str, Any]:
    """The options of the forms about people."""
    return {
        "countries": country_options(queries.country_codes(session)),
        "genders": [(key, str(title)) for key, title in GENDER_TITLES.items()],
        "organisation_types": [(key, str(title)) for key, title in ORGANISATION_TITLES.items()],
        "languages": [(code, i18n.language_name(code)) for code in campus_of(request).settings.locales],
        "timezones": [(zone, zone.replace("_", " ")) for zone in offered()],
    }


def filled(session: ReadSession, person: Person) -> FormInput:
    """A form filled with what is known of a person."""
    organisation = session.get(Organisation, person.organisation_id) if person.organisation_id else None
    known = {name: getattr(person, name) or "" for name in people.EDITABLE}
    return FormInput(
        {
            **known,
            "organisation": organisation.name if organisation else "",
            "organisation_type": organisation.type if organisation else "other",
        }
    )


def changes(session: Session, given: ProfileForm, locales: list[str]) -> dict[str, Any]:
    """The columns of a person that a form means. Raises Invalid."""
    if given.language not in locales:
        raise Invalid({"language": _("Please choose one of the options.")})
    values = given.model_dump(exclude={"organisation", "organisation_type", "current"})
    values["organisation_id"] = None
    if given.organisation:
        country = given.country_code or None
        people.check_country(session, country)
        values["organisation_id"] = people.organisation(session, given.organisation, given.organisation_type, country).id
    return values


def load_person(session: ReadSession, me: Actor, code: str, permission: str) -> Person:
    """The person at this address, for somebody who may. Raises NotFound, Forbidden."""
    require(me, permission)
    return queries.person_by_code(session, code)


@pages.get("/staff/people", permission="accounts.view_people")
def people_page(request: Request, me: Me, session: Read, q: str = "", role: str = "", after: str = "") -> Response:
    """The list, with search."""
    require(me, "accounts.view_people")
    found = queries.people(session, q, role, after)
    roles = [(key, str(title)) for key, title in ROLE_TITLES.items()]
    return page(request, "accounts/people.html", people=found, q=q, role=role, roles=roles, role_titles=ROLE_TITLES,
                next_url=next_url(request, after=found.after))  # fmt: skip


@pages.get("/staff/people/new", permission="accounts.edit_people")
def new_person_page(request: Request, me: Me, session: Read, email: str = "", next: str = "") -> Response:
    """The form for a person. `next`: the page that needs the person, to go back to."""
    require(me, "accounts.edit_people")
    form = FormInput({"email": email[:254], "next": next})
    return page(request, "accounts/person_form.html", form=form, person=None, **choices(request, session))


@pages.post("/staff/people/new", permission="accounts.edit_people")
def add_person(request: Request, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Add a person, and invite the person when asked to."""
    with redisplay(request, "accounts/person_form.html", form, person=None, **choices(request, session)):
        given = read_form(PersonForm, form)
        person = people.create(session, me, **changes(session, given, campus.settings.locales))
    if form.get("invite") and person.email:
        joining.invite(session, campus.settings.base_url, person)
    target = form.get("next")
    return redirect(request, f"{target}?person={person.code}" if target else f"/staff/people/{person.code}", _("Saved."))


@pages.get("/staff/people/{code}", permission="accounts.view_people")
def person_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """One person: who, and what was given."""
    person = load_person(session, me, code, "accounts.view_people")
    return page(request, "accounts/person.html", **_person_context(request, session, person))


def _person_context(request: Request, session: ReadSession, person: Person) -> dict[str, Any]:
    return {
        "person": person,
        "organisation": session.get(Organisation, person.organisation_id) if person.organisation_id else None,
        "grants": queries.grants_of(session, person.id or 0),
        "roles": [(key, str(title)) for key, title in ROLE_TITLES.items()],
        "role_titles": ROLE_TITLES,
        "scope_kinds": [(key, str(title)) for key, title in scopes.TITLES.items()],
        "scope_titles": scopes.TITLES,
        "panels": panels(request, session, "staff.person", person),
    }


@pages.get("/staff/people/{code}/edit", permission="accounts.edit_people")
def edit_person_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """The form with what is known."""
    person = load_person(session, me, code, "accounts.edit_people")
    return page(request, "accounts/person_form.html", form=filled(session, person), **_edit_context(request, session, person))


def _edit_context(request: Request, session: ReadSession, person: Person) -> dict[str, Any]:
    has_password = passwords.stored_for(session, person.id or 0) is not None
    return {"person": person, "has_password": has_password, **choices(request, session)}


@pages.post("/staff/people/{code}/edit", permission="accounts.edit_people")
def edit_person(request: Request, code: str, me: Me, form: Form, campus: Here) -> Response:
    """Change what is known. Another address opens the account to its owner: whoever gives it shows again who she is, before anything."""
    with campus.database.reading() as reading:
        person = load_person(reading, me, code, "accounts.edit_people")
        context = _edit_context(request, reading, person)
    with redisplay(request, "accounts/person_form.html", form, **context):
        given = read_form(PersonForm, form)
        if context["has_password"] and given.email != person.email:
            signing_in.confirm(campus.database, me.id or 0, given.current)
        with campus.database.transaction(origin_of(request)) as session:
            people.save(session, me, person.id or 0, **changes(session, given, campus.settings.locales))
    return redirect(request, f"/staff/people/{code}", _("Saved."))


@pages.post("/staff/people/{code}/invite", permission="accounts.edit_people")
def invite(request: Request, code: str, me: Me, session: Write, campus: Here) -> Response:
    """Mail the link to choose a password."""
    person = load_person(session, me, code, "accounts.edit_people")
    if not person.email:
        return redirect(request, f"/staff/people/{code}", _("This person has no e-mail address."), "no")
    joining.invite(session, campus.settings.base_url, person)
    audit.record(session, me, "person.invited", "person", person.id)
    return redirect(request, f"/staff/people/{code}", _("The invitation is on its way."))


@pages.post("/staff/people/{code}/roles", permission="accounts.give_roles")
def give_role(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Give a role for the site, a programme, a course or a cohort."""
    person = load_person(session, me, code, "accounts.give_roles")
    with redisplay(request, "accounts/person.html", form, **_person_context(request, session, person)):
        given = read_form(RoleForm, form)
        roles.give(session, me, person.id or 0, given.role, given.scope_kind, scopes.find(session, given.scope_kind, given.scope_code))
    return redirect(request, f"/staff/people/{code}", _("The role is given."))


@pages.post("/staff/people/{code}/roles/take", permission="accounts.give_roles")
def take_role(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Take a role away."""
    person = load_person(session, me, code, "accounts.give_roles")
    with redisplay(request, "accounts/person.html", form, **_person_context(request, session, person)):
        given = read_form(TakeRoleForm, form)
        roles.take(session, me, person.id or 0, given.role, given.scope_kind, given.scope_id)
    return redirect(request, f"/staff/people/{code}", _("The role is removed."))


@pages.get("/staff/erasure", permission="accounts.erase")
def erasure_page(request: Request, me: Me, session: Read) -> Response:
    """Who asked to be forgotten."""
    require(me, "accounts.erase")
    return page(request, "accounts/erasure.html", requests=queries.erasure_requests(session))


@pages.post("/staff/people/{code}/erase", permission="accounts.erase")
def erase(request: Request, code: str, me: Me, campus: Here) -> Response:
    """Make a person anonymous. The bytes of the photo go after the commit, which could still fail."""
    erasers = [plugin.personal_data.erase for plugin in campus.plugins if plugin.personal_data and plugin.personal_data.erase]
    with campus.database.transaction(origin_of(request)) as session:
        person = load_person(session, me, code, "accounts.erase")
        photo_key = erasing.erase(session, me, person.id or 0, erasers)
    if photo_key:
        campus.storage.delete(photo_key)
    return redirect(request, "/staff/erasure", _("Done: the person is anonymous now."))


@pages.get("/staff/audit", permission="accounts.read_audit")
def audit_page(request: Request, me: Me, session: Read, action: str = "", before: int = 0) -> Response:
    """Who did what."""
    require(me, "accounts.read_audit")
    rows, following = queries.audit_log(session, action, before)
    return page(request, "accounts/audit.html", rows=rows, action=action, next_url=next_url(request, before=following))


@pages.get("/staff/mail", permission="accounts.read_mail")
def mail_page(request: Request, me: Me, session: Read, before: int = 0) -> Response:
    """The mails that were written."""
    require(me, "accounts.read_mail")
    rows, following = queries.mails(session, before, shows_links=me.can("accounts.give_roles"))
    return page(request, "accounts/mail.html", mails=rows, next_url=next_url(request, before=following))
