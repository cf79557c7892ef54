"""What screens show of people: one select for each list."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lms.accounts.models import Account, Country, ErasureRequest, Organisation, Person, Programme, full_name
from lms.accounts.scopes import NamedGrant, named
from lms.kernel.audit import AuditEntry
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import NotFound
from lms.kernel.lists import after_row, with_words
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import Grant, RoleGrant

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Account: Any = Account
_Country: Any = Country
_Organisation: Any = Organisation
_Programme: Any = Programme
_ErasureRequest: Any = ErasureRequest
_RoleGrant: Any = RoleGrant
_AuditEntry: Any = AuditEntry
_OutboxMessage: Any = OutboxMessage

PAGE = 50
DEMO_DOMAIN = "@demo.example"
DEMO_PASSWORD = "aula-sur-demo"  # nosec B105  # of the demo alone
"""Of everybody in that domain: printed by `lms demo` and shown on the sign-in page of a demo."""
_SECRET_LINK = re.compile(r"(/(?:confirm|reset)/)[\w-]+")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the list of people."""

    id: int
    code: str
    name: str
    email: str
    country_code: str | None
    organisation: str
    has_account: bool
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of people; `after` is the cursor of the next one."""

    rows: list[PersonRow]
    total: int
    after: str | None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A line of the audit log."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    ip: str
    changes: list[tuple[str, Any, Any]]


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """A wish to be forgotten that waits."""

    code: str
    name: str
    email: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail that was written."""

    id: int
    to: str
    subject: str
    body_text: str
    state: str
    created_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """An invented person to sign in as, where the campus is a demo."""

    name: str
    email: str
    roles: tuple[str, ...]


def names(session: ReadSession, person_ids: Iterable[int]) -> dict[int, str]:
    """The name of each person."""
    rows: Any = session.execute(select(_Person.id, _Person.given_name, _Person.family_name).where(_Person.id.in_(list(person_ids))))
    return {row.id: full_name(row.given_name, row.family_name) for row in rows}


def programme_default(session: ReadSession) -> Programme:
    """The programme that owns what is made without naming one; a fresh installation gets its first one. Raises NotFound while reading."""
    first = select(Programme).order_by(_Programme.id).limit(1)
    found: Programme | None = session.scalars(first).first()
    if found is None and isinstance(session, Session):
        session.insert_new(Programme, code="main", name="Aula Sur", signatory="", languages=["en", "es"])
        found = session.scalars(first).first()
    if found is None:
        raise NotFound()
    return found


def person_by_code(session: ReadSession, code: str) -> Person:
    """The person with this code, unless erased. Raises NotFound."""
    found: Person | None = session.scalars(select(Person).where(_Person.code == code, _Person.erased_at.is_(None))).first()
    if found is None:
        raise NotFound()
    return found


def people(session: ReadSession, search: str = "", role: str = "", after: str = "", limit: int = PAGE) -> PeoplePage:
    """People by family name. `search` finds parts of names and addresses, without accents; `after` is the code of the last one seen."""
    conditions: list[Any] = [_Person.erased_at.is_(None)]
    conditions += with_words(_Person.search_text, search)
    if role:
        conditions.append(_Person.id.in_(select(_RoleGrant.person_id).where(_RoleGrant.role == role)))
    total = session.scalar(select(func.count()).select_from(Person).where(*conditions))
    if after:
        conditions.append(after_row(Person, after, _Person.search_text))
    columns: Any = (_Person.id, _Person.code, _Person.given_name, _Person.family_name, _Person.email, _Person.country_code)
    chosen = (
        select(*columns, _Organisation.name.label("organisation"), _Account.password_hash.is_not(None).label("has_account"))
        .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
        .outerjoin(Account, _Account.person_id == _Person.id)
        .where(*conditions)
        .order_by(_Person.search_text, _Person.id)
        .limit(limit + 1)
    )
    rows: Any = session.execute(chosen).all()
    roles = _roles(session, [row.id for row in rows[:limit]])
    shown = [
        PersonRow(r.id, r.code, full_name(r.given_name, r.family_name), r.email or "", r.country_code, r.organisation or "",
                  bool(r.has_account), roles.get(r.id, ()))
        for r in rows[:limit]
    ]  # fmt: skip
    return PeoplePage(shown, total, shown[-1].code if len(rows) > limit else None)


def _roles(session: ReadSession, person_ids: list[int]) -> dict[int, tuple[str, ...]]:
    rows: Any = session.execute(select(_RoleGrant.person_id, _RoleGrant.role).where(_RoleGrant.person_id.in_(person_ids)).distinct())
    found: dict[int, tuple[str, ...]] = {}
    for person_id, role in sorted(rows):
        found[person_id] = (*found.get(person_id, ()), role)
    return found


def grants_of(session: ReadSession, person_id: int) -> list[NamedGrant]:
    """What a person was given, with the code of each scope."""
    rows: Any = session.execute(
        select(_RoleGrant.role, _RoleGrant.scope_kind, _RoleGrant.scope_id).where(_RoleGrant.person_id == person_id).order_by(_RoleGrant.id)
    )
    return named(session, [Grant(*row) for row in rows])


def country_codes(session: ReadSession) -> list[str]:
    """Every country."""
    return list(session.scalars(select(_Country.code)))


def has_erasure_request(session: ReadSession, person_id: int) -> bool:
    """Whether the person has asked to be forgotten."""
    return bool(session.scalar(select(_ErasureRequest.id).where(_ErasureRequest.person_id == person_id, _ErasureRequest.done_at.is_(None))))


def erasure_requests(session: ReadSession) -> list[ErasureRow]:
    """Who waits to be forgotten, oldest first."""
    rows: Any = session.execute(
        select(_Person.code, _Person.given_name, _Person.family_name, _Person.email, _ErasureRequest.requested_at)
        .join(Person, _Person.id == _ErasureRequest.person_id)
        .where(_ErasureRequest.done_at.is_(None))
        .order_by(_ErasureRequest.requested_at)
    )
    return [ErasureRow(row.code, full_name(row.given_name, row.family_name), row.email or "", row.requested_at) for row in rows]


def audit_log(session: ReadSession, action: str = "", before: int = 0, limit: int = PAGE) -> tuple[list[AuditRow], int | None]:
    """The audit log, newest first; `before` is the id of the last one seen. Answers the rows and the next cursor."""
    statement = select(AuditEntry).order_by(_AuditEntry.id.desc()).limit(limit + 1)
    if action:
        statement = statement.where(_AuditEntry.action.startswith(action, autoescape=True))
    if before:
        statement = statement.where(_AuditEntry.id < before)
    entries: list[AuditEntry] = list(session.scalars(statement))
    actors = names(session, {entry.actor_id for entry in entries if entry.actor_id})
    rows = [
        AuditRow(e.id or 0, e.at, actors.get(e.actor_id or 0, ""), e.action, f"{e.subject_kind} {e.subject_id}", e.ip, _changes(e))
        for e in entries[:limit]
    ]
    return rows, rows[-1].id if len(entries) > limit else None


def _changes(entry: AuditEntry) -> list[tuple[str, Any, Any]]:
    before, after = entry.before or {}, entry.after or {}
    return [(key, before.get(key, ""), after.get(key, "")) for key in {**before, **after}]


def mails(session: ReadSession, before: int = 0, limit: int = PAGE, *, shows_links: bool = False) -> tuple[list[MailRow], int | None]:
    """The mails of this campus, newest first, and the next cursor.

    A link for a password opens the account, an administrator's too: it is shown only to those who may give roles anyway.
    """
    statement = select(OutboxMessage).order_by(_OutboxMessage.id.desc()).limit(limit + 1)
    if before:
        statement = statement.where(_OutboxMessage.id < before)
    found: list[OutboxMessage] = list(session.scalars(statement))
    rows = [
        MailRow(
            m.id or 0,
            m.to,
            m.subject,
            m.body_text if shows_links else _SECRET_LINK.sub(r"\1…", m.body_text),
            m.state,
            m.created_at,
            m.error or "",
        )
        for m in found[:limit]
    ]
    return rows, rows[-1].id if len(found) > limit else None


def demo_signins(session: ReadSession, limit: int = 12) -> list[DemoSignIn]:
    """The invented people of a demo campus who can sign in."""
    rows: Any = session.execute(
        select(_Person.id, _Person.given_name, _Person.family_name, _Person.email)
        .join(Account, _Account.person_id == _Person.id)
        .where(_Person.email.endswith(DEMO_DOMAIN), _Account.password_hash.is_not(None))
        .order_by(_Person.id)
        .limit(limit)
    ).all()
    roles = _roles(session, [row.id for row in rows])
    return [DemoSignIn(full_name(row.given_name, row.family_name), row.email, roles.get(row.id, ())) for row in rows]
