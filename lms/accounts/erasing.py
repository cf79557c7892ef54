"""A person's own data: taken along, or forgotten. Erasing makes anonymous and keeps the counts."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import delete, select, update

from lms.accounts import tokens
from lms.accounts.events import PersonErased
from lms.accounts.models import Account, ErasureRequest, OneTimeToken, Organisation, Person
from lms.accounts.roles import keep_an_administrator
from lms.kernel import api_replays, api_tokens, audit, clock, sessions
from lms.kernel.database import ReadSession, Session
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import Actor, RoleGrant, require
from lms.kernel.storage import StoredFile

# SQLModel types a column as its value; in a statement it is a column.
_ErasureRequest: Any = ErasureRequest
_RoleGrant: Any = RoleGrant
_OutboxMessage: Any = OutboxMessage
_SignIn: Any = sessions.SignIn

Eraser = Callable[[Session, int], None]
ERASED_NAME = "Erased person"


def ask(session: Session, actor: Actor) -> bool:
    """Note a person's wish to be forgotten; answers whether it is new."""
    is_new = session.insert_new(ErasureRequest, person_id=actor.id, requested_at=clock.now())
    if is_new:
        audit.record(session, actor, "erasure.asked", "person", actor.id)
    return is_new


def take_back(session: Session, actor: Actor) -> None:
    """Forget the wish to be forgotten."""
    gone: Any = session.execute(delete(ErasureRequest).where(_ErasureRequest.person_id == actor.id, _ErasureRequest.done_at.is_(None)))
    if gone.rowcount:
        audit.record(session, actor, "erasure.taken_back", "person", actor.id)


def erase(session: Session, actor: Actor, person_id: int, erasers: Iterable[Eraser] = ()) -> str | None:
    """Make a person anonymous, for good. `erasers` are those of the other plugins.

    Country, kind of organisation and gender stay, because past counts stand on them. Answers the storage key of the photo, to be
    deleted after the commit: bytes cannot be rolled back. Raises Forbidden, LastAdministrator.
    """
    require(actor, "accounts.erase")
    person = session.lock(Person, person_id)
    if person.erased_at:
        return None
    keep_an_administrator(session, person_id)
    for eraser in erasers:
        eraser(session, person_id)
    photo = session.get(StoredFile, person.photo_file_id) if person.photo_file_id else None
    _forget(session, person)
    if photo:
        session.delete(photo)
    session.execute(update(ErasureRequest).where(_ErasureRequest.person_id == person_id).values(done_at=clock.now()))
    audit.record(session, actor, "person.erased", "person", person_id)
    session.emit(PersonErased(person_id))
    return photo.key if photo else None


def _forget(session: Session, person: Person) -> None:
    owned: tuple[Any, ...] = (Account, OneTimeToken, RoleGrant)
    for table in owned:
        session.execute(delete(table).where(table.person_id == person.id))
    sessions.close_all_sessions(session, person.id or 0)
    api_tokens.forget_all(session, person.id or 0)
    api_replays.forget_all(session, person.id or 0)
    if person.email:
        session.execute(delete(OutboxMessage).where(_OutboxMessage.to == person.email))
    person.given_name, person.family_name, person.certificate_name = ERASED_NAME, "", ""
    person.email, person.photo_file_id, person.timezone = None, None, "UTC"
    person.search_text, person.erased_at = "", clock.now()
    session.flush()


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """What this plugin keeps about a person."""
    person = session.one(Person, person_id)
    organisation = session.get(Organisation, person.organisation_id) if person.organisation_id else None
    account = session.get(Account, person_id)
    sign_ins = session.execute(select(_SignIn.created_at, _SignIn.ip, _SignIn.agent).where(_SignIn.person_id == person_id))
    grants = session.execute(select(_RoleGrant.role, _RoleGrant.scope_kind, _RoleGrant.given_at).where(_RoleGrant.person_id == person_id))
    return {
        "person": person.model_dump(exclude={"id", "search_text", "organisation_id", "photo_file_id", "region_id"}),
        "organisation": {"name": organisation.name, "type": organisation.type, "country": organisation.country_code}
        if organisation
        else None,
        "account": {"created_at": account.created_at, "email_confirmed_at": account.email_confirmed_at} if account else None,
        "sign_ins": [dict(row._mapping) for row in sign_ins],
        "roles": [dict(row._mapping) for row in grants],
        "programs": tokens.export(session, person_id),
    }


def as_json(content: Any) -> str:
    """Text that people can read: indented, dates as ISO 8601, letters as they are."""
    return json.dumps(content, ensure_ascii=False, indent=2, default=str)
