"""People and their organisations: adding, changing, finding."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms.accounts.models import GENDERS, Country, Organisation, Person
from lms.kernel import audit, clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, RoleGrant, require
from lms.kernel.text import fold, random_code, tidy

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Organisation: Any = Organisation
_RoleGrant: Any = RoleGrant

# Written to the audit log as "changed" only: the log cannot be altered, so what identifies a person must not be in it.
IDENTIFYING = ("email", "given_name", "family_name", "certificate_name")
EDITABLE = (*IDENTIFYING, "gender", "country_code", "region_id", "organisation_id", "language", "timezone")


class AddressIsGuarded(Refused):
    """Who changes the address of an account can take it over."""

    status = 403
    message = N_("Only an administrator can change the e-mail address of somebody who holds a role for the site.")


def create(
    session: Session,
    actor: Actor,
    *,
    given_name: str = "",
    family_name: str = "",
    email: str | None = None,
    country_code: str | None = None,
    gender: str = "undisclosed",
    organisation_id: int | None = None,
    language: str = "en",
    timezone: str = "UTC",
    certificate_name: str = "",
    region_id: int | None = None,
) -> Person:
    """Add a person; one name is enough. Raises Invalid where the e-mail belongs to somebody else, Forbidden."""
    require(actor, "accounts.edit_people")
    given = {
        "given_name": given_name, "family_name": family_name, "email": email, "country_code": country_code, "gender": gender,
        "organisation_id": organisation_id, "language": language, "timezone": timezone, "certificate_name": certificate_name,
        "region_id": region_id,
    }  # fmt: skip
    values = {name: _clean(name, value) for name, value in given.items()}
    _check(session, values)
    person = Person(code=random_code(), created_at=clock.now())
    _save(session, person, values)
    audit.record(
        session, actor, "person.created", "person", person.id, None, {"country_code": person.country_code, "language": person.language}
    )
    return person


def save(session: Session, actor: Actor, person_id: int, **changes: Any) -> Person:
    """Change a person: the person's own profile, or anybody's with accounts.edit_people. Raises Invalid, Forbidden, AddressIsGuarded."""
    if actor.id != person_id:
        require(actor, "accounts.edit_people")
    person = session.lock(Person, person_id)
    if person.erased_at:
        raise NotFound()
    before = {name: getattr(person, name) for name in EDITABLE}
    values = before | {name: _clean(name, changes[name]) for name in EDITABLE if name in changes}
    changed = [name for name in EDITABLE if values[name] != before[name]]
    if "email" in changed:
        _guard_address(session, actor, person_id)
    _check(session, values)
    _save(session, person, values)
    if changed:
        audit.record(session, actor, "person.changed", "person", person_id, _shown(before, changed), _shown(values, changed))
    return person


def _shown(values: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: "(changed)" if name in IDENTIFYING else values[name] for name in names}


def _clean(name: str, value: Any) -> Any:
    if name == "email":
        return address(value)
    if name in ("country_code", "region_id", "organisation_id"):
        return value or None
    return tidy(value) if isinstance(value, str) else value


def _guard_address(session: ReadSession, actor: Actor, person_id: int) -> None:
    held = select(_RoleGrant.id).where(_RoleGrant.person_id == person_id, _RoleGrant.scope_kind != "cohort").limit(1)
    is_privileged = session.scalar(held) is not None
    if is_privileged and not actor.can("accounts.give_roles"):
        raise AddressIsGuarded()


def _check(session: ReadSession, values: dict[str, Any]) -> None:
    if not values["given_name"] and not values["family_name"]:
        raise Invalid({"given_name": N_("Please write at least one name.")})
    check_country(session, values["country_code"])
    if values["gender"] not in GENDERS:
        raise Invalid({"gender": N_("Please choose one of the options.")})


def check_country(session: ReadSession, code: str | None) -> None:
    """Raise Invalid for a country that is not there."""
    if code and session.get(Country, code) is None:
        raise Invalid({"country_code": N_("Please choose one of the options.")})


def _save(session: Session, person: Person, values: dict[str, Any]) -> None:
    try:
        with session.attempt():
            # Inside the savepoint: set before, the values would be written on the way into it.
            for name, value in values.items():
                setattr(person, name, value)
            person.search_text = search_text(person.given_name, person.family_name, person.certificate_name, person.email)
            session.add(person)
    except IntegrityError:
        raise Invalid({"email": N_("Another person has this e-mail address.")}) from None


def search_text(given_name: str, family_name: str, certificate_name: str, email: str | None) -> str:
    """What search looks through."""
    return fold(f"{family_name} {given_name} {certificate_name} {email or ''}")


def address(email: str | None) -> str | None:
    """An e-mail address as it is kept: lower case, without spaces around it; None where there is none."""
    return tidy(email or "").lower() or None


def find_by_email(session: ReadSession, email: str) -> Person | None:
    """The person with this address."""
    return session.scalars(select(Person).where(_Person.email == address(email))).first()


def hold_by_email(session: ReadSession, emails: Iterable[str]) -> dict[str, int]:
    """The ids of the people with these addresses, none of whom can be erased until the transaction ends."""
    chosen: Any = select(_Person.id, _Person.email).where(_Person.email.in_(set(emails)), _Person.erased_at.is_(None)).order_by(_Person.id)
    # KEY SHARE: others may change a profile, or write about the same people, at the same moment.
    known: Any = session.rows(chosen.with_for_update(read=True, key_share=True))
    return {email: person_id for person_id, email in known}


def organisation(session: Session, name: str, type: str = "other", country_code: str | None = None) -> Organisation:
    """The organisation of this name in this country, made where it is missing. One that exists keeps its type."""
    name = tidy(name)
    known = (
        select(Organisation)
        .where(_Organisation.name == name, _Organisation.country_code == country_code)
        .order_by(_Organisation.id)
        .limit(1)
    )
    found: Organisation | None = session.scalars(known).first()
    if found is None:
        session.insert_new(Organisation, name=name, type=type, country_code=country_code)
        found = session.scalars(known).one()
    return found
