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
_PERSON: Any = (
    select(
        _Person.id, _Person.given_name, _Person.family_name, _Person.email, _Person.language, _Person.timezone,
        _RoleGrant.role, _RoleGrant.scope_kind, _RoleGrant.scope_id,
    )
    .outerjoin(RoleGrant, _RoleGrant.person_id == _Person.id)
    .where(_Person.id == bindparam("person_id"), _Person.erased_at.is_(None))
)  # fmt: skip

HOMES = (("administrator", "/staff"), ("staff", "/staff"), ("tutor", "/marking"), ("trainee", "/today"), ("reporter", "/reports"))


def viewer(session: ReadSession, person_id: int) -> Actor | None:
    """The person with everything that was given: one select. None for somebody erased."""
    rows: Any = session.rows(_PERSON, {"person_id": person_id}).all()
    if not rows:
        return None
    person = rows[0]
    grants = tuple(Grant(row.role, row.scope_kind, row.scope_id) for row in rows if row.role)
    name = full_name(person.given_name, person.family_name)
    return Actor(id=person.id, name=name, email=person.email or "", locale=person.language, timezone=person.timezone, grants=grants)


def front_page(request: "Request", actor: Actor) -> str:
    """Where a person begins after signing in, by role; the catalogue for somebody without one."""
    return next((url for role, url in HOMES if actor.has_role(role)), "/")
