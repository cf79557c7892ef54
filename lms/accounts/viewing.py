"""Who a signed-in person is, for every request, and where that person begins."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from lms.accounts.models import Person
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor, Grant, RoleGrant

if TYPE_CHECKING:
    from fastapi import Request

# Built once: putting a statement together costs more than running it.
_PERSON: Any = select(  # type: ignore[call-overload]
    Person.id, Person.given_name, Person.family_name, Person.email, Person.language, Person.timezone
).where(Person.id == bindparam("person_id"), Person.erased_at.is_(None))  # type: ignore[union-attr]
_GRANTS: Any = select(RoleGrant.role, RoleGrant.scope_kind, RoleGrant.scope_id).where(RoleGrant.person_id == bindparam("person_id"))  # type: ignore[call-overload]

HOMES = (("administrator", "/staff"), ("staff", "/staff"), ("tutor", "/marking"), ("trainee", "/today"), ("reporter", "/reports"))


def viewer(session: ReadSession, person_id: int) -> Actor | None:
    """The person with everything that was given: two selects. None for somebody erased."""
    row = session.execute(_PERSON, {"person_id": person_id}).first()
    if row is None:
        return None
    grants = tuple(Grant(role, kind, scope) for role, kind, scope in session.execute(_GRANTS, {"person_id": person_id}))
    name = f"{row.given_name} {row.family_name}".strip()
    return Actor(id=row.id, name=name, email=row.email or "", locale=row.language, timezone=row.timezone, grants=grants)


def front_page(request: "Request", actor: Actor) -> str:
    """Where a person begins after signing in, by role; the catalogue for somebody without one."""
    return next((url for role, url in HOMES if actor.has_role(role)), "/")
