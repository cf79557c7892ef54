"""The API of regions and people, and of who is asking."""

from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy import select
from starlette.responses import Response

from lms.accounts import listing, people
from lms.accounts.api_bodies import MeItem, NewPerson, PersonChange, PersonItem, RegionItem, RoleItem, TokenItem
from lms.accounts.forms import Gender
from lms.accounts.listing import WantedPeople
from lms.accounts.models import Person, Region
from lms.accounts.queries import grants_of
from lms.kernel import i18n
from lms.kernel.api import API, Here, Me, Page, Paging, Read, Router, Write, check_match, made, many, one, renamed, token_of
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Forbidden, Invalid, NotFound
from lms.kernel.i18n import N_
from lms.kernel.permissions import SIGNED_IN, Actor

api = Router(tag="People and places")
_Region: Any = Region
Text = Annotated[str, Query(max_length=200)]
FOR_STAFF = ("email", "region")
"""What nobody changes of herself: who changes an address can take over what it signs in to."""
NAMES = {"country_code": "country", "region_id": "region", "organisation_id": "organisation"}


@api.get("/me", permission=SIGNED_IN, answers=MeItem)
def me(request: Request, me: Me, session: Read) -> Response:
    """Who is asking, with roles and permissions."""
    person = session.one(Person, me.id)
    roles = [RoleItem(role=grant.role, scope=grant.scope_kind, code=grant.code) for grant in grants_of(session, person.id or 0)]
    held = token_of(request)
    token = TokenItem(scopes=list(held.scopes), expires_at=held.expires_at) if held else None
    permissions = sorted(name for name in me.registry.permissions if me.can_anywhere(name))
    item = MeItem(code=person.code, name=me.name, email=me.email, language=me.locale, timezone=me.timezone, roles=roles,
                  permissions=permissions, token=token)  # fmt: skip
    return one(request, item)


@api.get("/regions", permission=SIGNED_IN, answers=Page[RegionItem])
def regions(
    request: Request, session: Read, asked: Paging, parent: Annotated[Text, Query(description="Code of the region around.")] = ""
) -> Response:
    """The nodes of the region tree."""
    rows = listing.regions(session, i18n.locale(), parent=parent, after=asked.after, limit=asked.limit + 1)
    return many(request, RegionItem, asked, rows, lambda row: row.id, _region)


@api.get("/regions/{code}", permission=SIGNED_IN, answers=RegionItem)
def region(request: Request, code: str, session: Read) -> Response:
    """One region."""
    found = listing.regions(session, i18n.locale(), code=code)
    if not found:
        raise NotFound()
    return one(request, _region(found[0]))


def _region(row: listing.RegionRow) -> RegionItem:
    return RegionItem(code=row.code, name=row.name, parent=row.parent, macroregion=row.macroregion, level=row.level,
                      countries=list(row.countries))  # fmt: skip


@api.get("/people", permission=SIGNED_IN, answers=Page[PersonItem])
def list_people(
    request: Request, me: Me, session: Read, asked: Paging,
    q: Annotated[Text, Query(description="Parts of names and addresses, without accents.")] = "",
    email: Annotated[Text, Query(description="Exactly this address.")] = "",
    country: Annotated[str, Query(pattern="^([A-Z]{2})?$", description="ISO 3166-1.")] = "",
    region: Annotated[Text, Query(description="Code of the nearest region.")] = "",
    gender: Gender | None = None,
) -> Response:  # fmt: skip
    """People: everybody for those who may see people, oneself for everybody else."""
    rows = listing.people(session, me, WantedPeople(q, email, country, region, gender or ""), asked.after, asked.limit + 1)
    return many(request, PersonItem, asked, rows, lambda row: row.id, _person)


@api.get("/people/{code}", permission=SIGNED_IN, answers=PersonItem)
def person(request: Request, code: str, me: Me, session: Read) -> Response:
    """One person: oneself, or anybody for those who may see people."""
    return one(request, _load(session, me, code)[1])


@api.post("/people", permission="accounts.edit_people", answers=PersonItem)
def add_person(request: Request, new: NewPerson, me: Me, session: Write, campus: Here) -> Response:
    """Add a person."""
    with renamed(**NAMES):
        added = people.create(session, me, **{"language": campus.settings.default_locale, **_values(session, campus, new, None)})
    return made(request, _load(session, me, added.code)[1], f"{API}/people/{added.code}")


@api.patch("/people/{code}", permission=SIGNED_IN, answers=PersonItem)
def change_person(request: Request, code: str, change: PersonChange, me: Me, session: Write, campus: Here) -> Response:
    """Change a person: oneself, or anybody for those who may edit people."""
    person_id, _before = _load(session, me, code)
    row = session.lock(Person, person_id)
    check_match(request, _load(session, me, code)[1])
    if person_id == me.id and not me.can("accounts.edit_people") and change.model_fields_set & set(FOR_STAFF):
        raise Forbidden()
    with renamed(**NAMES):
        people.save(session, me, person_id, **_values(session, campus, change, row))
    return one(request, _load(session, me, code)[1])


def _load(session: ReadSession, me: Actor, code: str) -> tuple[int, PersonItem]:
    found = listing.person(session, me, code)
    if found is None:
        raise NotFound()
    return found.id, _person(found)


def _person(row: listing.PersonEntry) -> PersonItem:
    return PersonItem.model_validate(row)


def _values(session: Session, campus: Campus, given: PersonChange, row: Person | None) -> dict[str, Any]:
    """The columns that the fields mean which came along. Raises Invalid."""
    sent = given.sent()
    values = {name: sent[name] for name in sent if name not in ("country", "region", "organisation", "organisation_type")}
    if "language" in values and values["language"] not in campus.settings.locales:
        raise Invalid({"language": N_("Please choose one of the options.")})
    if "timezone" in values:
        values["timezone"] = values["timezone"] or "UTC"
    if "country" in sent:
        values["country_code"] = sent["country"]
    if "region" in sent:
        values["region_id"] = _region_id(session, sent["region"])
    if "organisation_type" in sent and not sent.get("organisation"):
        raise Invalid({"organisation_type": N_("This goes with the name of an organisation.")})
    if "organisation" in sent:
        values["organisation_id"] = _organisation_id(session, given, sent, row)
    return values


def _region_id(session: ReadSession, code: str | None) -> int | None:
    found: int | None = session.scalar(select(_Region.id).where(_Region.code == code)) if code else None
    if code and found is None:
        raise Invalid({"region": N_("There is nothing with this code.")})
    return found


def _organisation_id(session: Session, given: PersonChange, sent: dict[str, Any], row: Person | None) -> int | None:
    if not (sent["organisation"] or "").strip():
        return None
    country = sent.get("country", row.country_code if row else None)
    people.check_country(session, country)
    return people.organisation(session, sent["organisation"], given.organisation_type, country).id
