"""What workers do for webhooks: one try of one message, and forgetting old ones.

A worker that dies after sending and before writing so leaves the try to another: a message may arrive twice, under the same id.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.engine import CursorResult

from lms.kernel import clock
from lms.kernel.database import Session
from lms.kernel.errors import NotFound
from lms.kernel.jobs import JobRun
from lms.webhooks import signing, warning
from lms.webhooks.models import WebhookDelivery, WebhookEndpoint
from lms.webhooks.outbox import TEST, WAITS, put_in_line
from lms.webhooks.transport import Outcome, post

KEPT = timedelta(days=30)
OFF_AFTER = 50
"""Tries in a row that failed: with the waits between them two days at least."""
LONGEST_QUIET = timedelta(hours=1)
GONE = 410
"""RFC 9110 §15.5.11: the receiver says that it wants no more."""
AGENT = "AulaSur-Webhooks/1"

_Delivery: Any = WebhookDelivery


@dataclass(frozen=True, slots=True)
class Message:
    """What a try sends."""

    url: str
    code: str
    body: bytes
    salts: tuple[str, ...]


def deliver(run: JobRun, *, delivery_id: int, number: int) -> None:
    """The job: try once to deliver a message, and put the next try in line where this one failed."""
    message = _prepare(run, delivery_id, number)
    if message is None:
        return
    timestamp = int(clock.now().timestamp())
    keys = [signing.key_of(run.settings.secret, salt) for salt in message.salts]
    headers = {"user-agent": AGENT, **signing.headers(keys, message.code, timestamp, message.body)}
    outcome = post(message.url, message.body, headers, allows_private=run.settings.webhooks_private)
    with run.database.transaction() as session:
        run.finish(session, {"status": outcome.status})
        if found := _held(session, delivery_id, number):
            note(session, *found, outcome)


def _prepare(run: JobRun, delivery_id: int, number: int) -> Message | None:
    """What to send now. None where it is not the moment, and then the job is over."""
    with run.database.transaction() as session:
        found = _held(session, delivery_id, number)
        if found and may_try(*found):
            endpoint, delivery = found
            return Message(endpoint.url, delivery.code, delivery.body.encode(), salts(endpoint))
        run.finish(session)  # in this transaction: whoever resumes the endpoint puts the message in line again, and must not find the job
        if found and found[1].next_try_at is not None and found[0].state != "paused":
            put_in_line(session, found[1])
    return None


def _held(session: Session, delivery_id: int, number: int) -> tuple[WebhookEndpoint, WebhookDelivery] | None:
    """The message with its endpoint, both held; None where this try was made or the message is gone. The endpoint first, as everywhere."""
    seen = session.get(WebhookDelivery, delivery_id)
    if seen is None:
        return None
    try:
        endpoint = session.lock(WebhookEndpoint, seen.endpoint_id)
        delivery = session.lock(WebhookDelivery, delivery_id)
    except NotFound:  # deleted in this very moment
        return None
    return (endpoint, delivery) if delivery.state == "waiting" and delivery.tries == number - 1 else None


def may_try(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> bool:
    """Whether the message may go now. Changes it where it never will, or only later."""
    if delivery.event == TEST:
        return True
    if endpoint.state == "off":
        delivery.state, delivery.next_try_at, delivery.answer = "failed", None, "not sent: the endpoint is switched off"
        return False
    if endpoint.quiet_until and endpoint.quiet_until > clock.now():
        delivery.next_try_at = endpoint.quiet_until
        return False
    return endpoint.state == "active"


def salts(endpoint: WebhookEndpoint) -> tuple[str, ...]:
    """What the signatures are made with: of the secret, and for a day also of the one before."""
    is_changing = endpoint.old_salt_until is not None and endpoint.old_salt_until > clock.now()
    return (endpoint.salt, endpoint.old_salt) if is_changing else (endpoint.salt,)


def note(session: Session, endpoint: WebhookEndpoint, delivery: WebhookDelivery, outcome: Outcome) -> None:
    """Write down what came of a try, and what follows from it."""
    delivery.tries += 1
    delivery.tried_at = clock.now()
    delivery.status_code, delivery.answer, delivery.milliseconds = outcome.status, outcome.answer, outcome.milliseconds
    if outcome.has_arrived:
        delivery.state, delivery.next_try_at = "delivered", None
        endpoint.failures, endpoint.quiet_until = 0, None
        return
    if delivery.tries >= delivery.most_tries or outcome.status == GONE:
        delivery.state, delivery.next_try_at = "failed", None
    else:
        delivery.next_try_at = clock.now() + WAITS[min(delivery.tries, len(WAITS)) - 1] * random.uniform(1, 1.1)
        put_in_line(session, delivery)
    if delivery.event != TEST:
        _count_failure(session, endpoint, is_gone=outcome.status == GONE)


def _count_failure(session: Session, endpoint: WebhookEndpoint, *, is_gone: bool) -> None:
    now = clock.now()
    if endpoint.quiet_until is None or endpoint.quiet_until <= now:  # several tries at the same moment are one failure
        endpoint.failures += 1
        endpoint.quiet_until = now + min(timedelta(minutes=2.0 ** min(endpoint.failures - 1, 10)), LONGEST_QUIET)
    if endpoint.state != "off" and (is_gone or endpoint.failures >= OFF_AFTER):
        endpoint.state = "off"
        warning.switched_off(session, endpoint)


def tidy(run: JobRun) -> dict[str, Any]:
    """Forget what was sent a month ago, or was never sent."""
    with run.database.transaction() as session:
        gone: CursorResult[Any] = session.execute(delete(WebhookDelivery).where(_Delivery.created_at < clock.now() - KEPT))  # type: ignore[assignment]  # what a DELETE answers
        return {"forgotten": gone.rowcount}
