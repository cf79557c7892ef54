"""What those who look after webhooks do: make, change, pause, resume and delete endpoints, try them, send a message again."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from lms.kernel import audit, clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, NotFound, WrongMove
from lms.kernel.events import PublicEvent
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, require
from lms.kernel.text import random_code, tidy
from lms.webhooks import addresses, outbox
from lms.webhooks.models import WebhookDelivery, WebhookEndpoint

MANAGE = "webhooks.manage"
OVERLAP = timedelta(hours=24)
"""How long the secret before goes on signing."""

# SQLModel types a column as its value; in a statement it is a column.
_Endpoint: Any = WebhookEndpoint
_Delivery: Any = WebhookDelivery


def load(session: ReadSession, actor: Actor, code: str) -> WebhookEndpoint:
    """The endpoint with this code, for somebody who looks after webhooks. Raises Forbidden, NotFound."""
    require(actor, MANAGE)
    found: WebhookEndpoint | None = session.scalar(select(WebhookEndpoint).where(_Endpoint.code == code))
    if found is None:
        raise NotFound()
    return found


def _held(session: Session, actor: Actor, code: str) -> WebhookEndpoint:
    return session.lock(WebhookEndpoint, load(session, actor, code).id)


def create(
    session: Session, actor: Actor, offered: Iterable[PublicEvent], *, name: str, url: str, events: Sequence[str], allows_private: bool
) -> WebhookEndpoint:
    """A new endpoint, active at once. Raises Forbidden, Invalid."""
    require(actor, MANAGE)
    values = _checked(offered, name, url, events, allows_private)
    endpoint = session.add(
        WebhookEndpoint(code=random_code(), salt=secrets.token_hex(16), created_at=clock.now(), created_by=actor.id, **values)
    )
    audit.record(session, actor, "webhook.created", "webhook", endpoint.code, after=_told(values))
    return endpoint


def save(
    session: Session, actor: Actor, code: str, offered: Iterable[PublicEvent], *, name: str, url: str, events: Sequence[str],
    allows_private: bool,
) -> WebhookEndpoint:  # fmt: skip
    """Change what an endpoint is called, where it is and what it listens to. Raises Forbidden, NotFound, Invalid."""
    endpoint = _held(session, actor, code)
    before = {"name": endpoint.name, "url": endpoint.url, "events": endpoint.events}
    # An event whose plugin is not loaded now stays chosen.
    known = {public.name for public in offered}
    kept = [event for event in endpoint.events if event not in known]
    values = _checked(offered, name, url, [*events, *kept], allows_private, kept)
    endpoint.name, endpoint.url, endpoint.events = values["name"], values["url"], values["events"]
    session.flush()
    if before != values:
        audit.record(session, actor, "webhook.changed", "webhook", endpoint.code, before=_told(before), after=_told(values))
    return endpoint


def _checked(
    offered: Iterable[PublicEvent], name: str, url: str, events: Sequence[str], allows_private: bool, kept: Sequence[str] = ()
) -> dict[str, Any]:
    known = {public.name for public in offered}.union(kept)
    chosen = sorted(set(events) & known)
    if not chosen:
        raise Invalid({"events": N_("Please choose at least one event.")})
    checked = addresses.check(url, allows_private=allows_private)
    return {"name": tidy(name)[:120] or urlsplit(checked).hostname or checked, "url": checked, "events": chosen}


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """What the audit log keeps: of the address only the host, because the rest may hold a key of the other system."""
    return {"host": urlsplit(values["url"]).netloc, "events": values["events"]}


def new_secret(session: Session, actor: Actor, code: str) -> WebhookEndpoint:
    """Another secret. That before goes on signing for a day, so that the receiver can change over without losing a message."""
    endpoint = _held(session, actor, code)
    endpoint.old_salt, endpoint.old_salt_until = endpoint.salt, clock.now() + OVERLAP
    endpoint.salt = secrets.token_hex(16)
    session.flush()
    audit.record(session, actor, "webhook.secret_changed", "webhook", endpoint.code)
    return endpoint


def pause(session: Session, actor: Actor, code: str) -> None:
    """Send nothing for now; what happens meanwhile is kept. Raises WrongMove unless it is active."""
    endpoint = _held(session, actor, code)
    if endpoint.state != "active":
        raise WrongMove()
    endpoint.state = "paused"
    audit.record(session, actor, "webhook.paused", "webhook", endpoint.code)


def resume(session: Session, actor: Actor, code: str) -> None:
    """Send again, what waited first. Raises WrongMove where it is active."""
    endpoint = _held(session, actor, code)
    if endpoint.state == "active":
        raise WrongMove()
    endpoint.state, endpoint.failures, endpoint.quiet_until = "active", 0, None
    session.flush()
    waiting: list[WebhookDelivery] = list(
        session.scalars(select(WebhookDelivery).where(_Delivery.endpoint_id == endpoint.id, _Delivery.state == "waiting"))
    )
    for delivery in waiting:
        outbox.put_in_line(session, delivery)
    audit.record(session, actor, "webhook.resumed", "webhook", endpoint.code)


def remove(session: Session, actor: Actor, code: str) -> None:
    """Delete an endpoint with its messages."""
    endpoint = _held(session, actor, code)
    audit.record(session, actor, "webhook.deleted", "webhook", endpoint.code, before={"host": urlsplit(endpoint.url).netloc})
    session.delete(endpoint)


def send_test(session: Session, actor: Actor, code: str) -> WebhookDelivery:
    """A message that tells of nothing, tried once, also where the endpoint is paused or off."""
    endpoint = _held(session, actor, code)
    return outbox.add(session, endpoint.id or 0, outbox.TEST, outbox.compose(outbox.TEST, {}), most_tries=1)


def load_delivery(session: ReadSession, actor: Actor, code: str, delivery_code: str) -> tuple[WebhookEndpoint, WebhookDelivery]:
    """A message of this endpoint. Raises Forbidden, NotFound."""
    endpoint = load(session, actor, code)
    of_it = _Delivery.code == delivery_code, _Delivery.endpoint_id == endpoint.id
    found: WebhookDelivery | None = session.scalar(select(WebhookDelivery).where(*of_it))
    if found is None:
        raise NotFound()
    return endpoint, found


def send_again(session: Session, actor: Actor, code: str, delivery_code: str) -> None:
    """Put a message that arrived or failed in line once more, under the same id. Raises WrongMove while it waits."""
    endpoint, seen = load_delivery(session, actor, code, delivery_code)
    session.lock(WebhookEndpoint, endpoint.id)
    delivery = session.lock(WebhookDelivery, seen.id)
    if delivery.state == "waiting" or endpoint.state == "off":
        raise WrongMove()
    delivery.state, delivery.next_try_at = "waiting", clock.now()
    delivery.most_tries = delivery.tries + (1 if delivery.event == outbox.TEST else outbox.MOST_TRIES)
    session.flush()
    outbox.put_in_line(session, delivery)
    audit.record(session, actor, "webhook.sent_again", "webhook_delivery", delivery.code)
