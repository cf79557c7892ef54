"""The note to those who look after webhooks that one was switched off."""

from contextlib import suppress
from typing import Any

from sqlalchemy import or_, select

from lms.accounts.models import Person
from lms.kernel import audit, mail
from lms.kernel.database import Session
from lms.kernel.errors import Invalid
from lms.kernel.permissions import SYSTEM, RoleGrant
from lms.webhooks.models import WebhookEndpoint

_Person: Any = Person
_RoleGrant: Any = RoleGrant


def switched_off(session: Session, endpoint: WebhookEndpoint) -> None:
    """Write it to the audit log, and to the site's administrators and whoever made the endpoint."""
    audit.record(session, SYSTEM, "webhook.switched_off", "webhook", endpoint.code)
    administrators = select(_RoleGrant.person_id).where(_RoleGrant.role == "administrator", _RoleGrant.scope_kind == "site")
    concerned = or_(_Person.id.in_(administrators), _Person.id == endpoint.created_by)
    people: list[Person] = list(session.scalars(select(Person).where(concerned, _Person.email.is_not(None), _Person.erased_at.is_(None))))
    for person in people:
        with suppress(Invalid):  # one address that cannot be written to must not keep the others from knowing
            mail.send(
                session, person.email or "", "webhooks/mail/switched_off", person.language, name=person.given_name or person.family_name,
                endpoint=endpoint.name, path=f"/staff/webhooks/{endpoint.code}",
            )  # fmt: skip
