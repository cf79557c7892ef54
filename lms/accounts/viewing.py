"""Who a signed-in person is, for every request, and where that person begins."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from lms.accounts.models import Person, full_name
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor, Grant, RoleGrant

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_RoleGrant: Any = RoleGrant

if TYPE_CHECKING:
    from fastapi import Request

# Built once: putting a statement together costs more than running it.
_PERSON: Any = select(_Person.id, _Person.given_name, _Person.family_name, _Person.email, _Person.language, _Person.timezone).where(
    _Person.id == bindparam("person_id"), _Person.erased_at.is_(None)
)
_GRANTS: Any = select(_RoleGrant.role, _RoleGrant.scope_kind, _RoleGrant.scope_id).where(_RoleGrant.person_id == bindparam("person_id"))

HOMES = (("administrator", "/staff"), ("staff", "/staff"), ("tutor", "/marking"), ("trainee", "/today"), ("reporter", "/reports"))


def viewer(session: ReadSession, person_id: int) -> Actor | None:
    """The person with everything that was given: two selects. None for somebody erased."""
    row = session.rows(_PERSON, {"person_id": person_id}).first()
    if row is None:
        return None
    given: Any = session.rows(_GRANTS, {"person_id": person_id})
    grants = tuple(Grant(role, kind, scope) for role, kind, scope in given)
    name = full_name(row.given_name, row.family_name)
    return Actor(id=row.id, name=name, email=row.email or "", locale=row.language, timezone=row.timezone, grants=grants)


def front_page(request: "Request", actor: Actor) -> str:
    """Where a person begins after signing in, by role; the catalogue for somebody without one."""
    return next((url for role, url in HOMES if actor.has_role(role)), "/")
