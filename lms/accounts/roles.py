"""Roles: what a person is given, and for which part of the campus."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, insert, select, tuple_

from lms.accounts.models import Person
from lms.kernel import audit, clock
from lms.kernel.database import Session
from lms.kernel.errors import Invalid, NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import ROLES, SCOPE_KINDS, Actor, RoleGrant, require

# SQLModel types a column as its value; in a statement it is a column.
_RoleGrant: Any = RoleGrant
_TABLE: Any = RoleGrant.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table
_PLACE: Any = tuple_(_RoleGrant.person_id, _RoleGrant.scope_id)

Place = tuple[int, int]
"""A person and a cohort."""


class LastAdministrator(Refused):
    """Without an administrator nobody could give roles any more."""

    message = N_("This is the last administrator. Make somebody else administrator first.")


def give(session: Session, actor: Actor, person_id: int, role: str, scope_kind: str = "site", scope_id: int = 0) -> bool:
    """Give a role; answers whether it is new.

    Tutor and trainee of a cohort come with running it, and the plugin that runs it has checked its own permission; every other role
    needs accounts.give_roles. Raises Forbidden, Invalid, NotFound.
    """
    _check(actor, role, scope_kind, scope_id)
    if session.get(Person, person_id) is None:
        raise NotFound()
    values: dict[str, Any] = {"person_id": person_id, "role": role, "scope_kind": scope_kind, "scope_id": scope_id}
    is_new = session.insert_new(RoleGrant, **values, given_at=clock.now(), given_by=actor.id)
    if is_new:
        audit.record(session, actor, "role.given", "person", person_id, None, _shown(role, scope_kind, scope_id))
    return is_new


def take(session: Session, actor: Actor, person_id: int, role: str, scope_kind: str = "site", scope_id: int = 0) -> bool:
    """Take a role away; answers whether it was there. The last administrator stays. Raises Forbidden, LastAdministrator."""
    _check(actor, role, scope_kind, scope_id)
    if role == "administrator" and scope_kind == "site":
        keep_an_administrator(session, person_id)
    gone: Any = session.execute(
        delete(RoleGrant).where(
            _RoleGrant.person_id == person_id,
            _RoleGrant.role == role,
            _RoleGrant.scope_kind == scope_kind,
            _RoleGrant.scope_id == scope_id,
        )
    )
    if gone.rowcount:
        audit.record(session, actor, "role.taken", "person", person_id, _shown(role, scope_kind, scope_id), None)
    return bool(gone.rowcount)


def settle_in_cohorts(session: Session, actor: Actor, role: str, given: Collection[Place], taken: Collection[Place] = ()) -> None:
    """Give and take tutor or trainee for many (person, cohort) at once. The audit log is told by whoever calls. Raises Invalid."""
    for _person_id, cohort_id in (*given, *taken):
        _check(actor, role, "cohort", cohort_id)
    if taken:
        session.execute(delete(RoleGrant).where(_RoleGrant.role == role, _RoleGrant.scope_kind == "cohort", _PLACE.in_(taken)))
    if given:
        mine = (_RoleGrant.role == role, _RoleGrant.scope_kind == "cohort", _PLACE.in_(given))
        held: Any = session.rows(select(_RoleGrant.person_id, _RoleGrant.scope_id).where(*mine)).all()
        new = sorted({*given} - {(person_id, cohort_id) for person_id, cohort_id in held})
        common = {"role": role, "scope_kind": "cohort", "given_at": clock.now(), "given_by": actor.id}
        session.write_many(insert(_TABLE), [{"person_id": person_id, "scope_id": cohort_id, **common} for person_id, cohort_id in new])


def keep_an_administrator(session: Session, person_id: int) -> None:
    """Refuse to lose the last administrator. Holds all of them until the transaction ends, so that two cannot remove each other."""
    held = (
        select(_RoleGrant.person_id)
        .where(_RoleGrant.role == "administrator", _RoleGrant.scope_kind == "site")
        .order_by(_RoleGrant.id)
        .with_for_update()
    )
    if list(session.scalars(held)) == [person_id]:
        raise LastAdministrator()


def _check(actor: Actor, role: str, scope_kind: str, scope_id: int) -> None:
    if role not in ROLES or scope_kind not in SCOPE_KINDS or (scope_kind == "site") != (scope_id == 0):
        raise Invalid({"role": N_("Please choose one of the options.")})
    if role not in ("tutor", "trainee") or scope_kind != "cohort":
        require(actor, "accounts.give_roles")


def _shown(role: str, scope_kind: str, scope_id: int) -> dict[str, Any]:
    return {"role": role, "scope_kind": scope_kind, "scope_id": scope_id}
