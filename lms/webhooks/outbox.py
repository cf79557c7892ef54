"""Messages are written in the transaction of what they tell about, and put in line for a worker: both happen or neither."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select

from lms.accounts.models import Person
from lms.courses.models import Cohort, Course
from lms.kernel import clock, jobs
from lms.kernel.database import ReadSession, Session
from lms.kernel.events import Published
from lms.kernel.text import random_code
from lms.webhooks.models import WebhookDelivery, WebhookEndpoint

DELIVER = "webhooks.deliver"
TEST = "webhook.test"
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720, 1440))
"""How long to wait after the first, second ... try that failed."""
MOST_TRIES = len(WAITS) + 1
LATER = 10
"""Priority of the jobs: what people wait for comes first."""

# SQLModel types a column as its value; in a statement it is a column.
_Endpoint: Any = WebhookEndpoint
_CODES: tuple[tuple[str, Any], ...] = (("person", Person), ("course", Course), ("cohort", Cohort))
# Who listens is asked once in a transaction: one that raises thousands of events must not ask thousands of times.
_listening: WeakKeyDictionary[Session, list[tuple[int, frozenset[str]]]] = WeakKeyDictionary()


def write(session: Session, published: Published) -> None:
    """Write a message for each endpoint that listens to this event."""
    name = published.public.name
    listening = [endpoint_id for endpoint_id, events in _listeners(session) if name in events]
    if not listening:
        return
    body = compose(name, facts(session, published))
    for endpoint_id in listening:
        add(session, endpoint_id, name, body)


def _listeners(session: Session) -> list[tuple[int, frozenset[str]]]:
    if session not in _listening:
        found = session.rows(select(_Endpoint.id, _Endpoint.events).where(_Endpoint.state != "off").order_by(_Endpoint.id))
        _listening[session] = [(row.id, frozenset(row.events)) for row in found]
    return _listening[session]


def facts(session: Session, published: Published) -> dict[str, Any]:
    """What a message says of an event: its fields, the codes behind its ids, and what the event's plugin adds."""
    told = {field.name: getattr(published.event, field.name) for field in fields(published.event)}
    told |= codes(session, told)
    return told | dict(published.public.facts(session, published.event) if published.public.facts else {})


def codes(session: ReadSession, told: Mapping[str, Any]) -> dict[str, str]:
    """The public codes of the person, course and cohort that ids name."""
    known = [(name, table, told[f"{name}_id"]) for name, table in _CODES if told.get(f"{name}_id")]
    return {name: session.scalar(select(table.code).where(table.id == identifier)) for name, table, identifier in known}


def compose(name: str, told: Mapping[str, Any]) -> str:
    """The message: type, instant and facts, as Standard Webhooks has them."""
    return json.dumps({"type": name, "timestamp": clock.now().isoformat(), "data": told}, ensure_ascii=False, default=_plain)


def _plain(value: object) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a webhook cannot tell a {type(value).__name__}")


def add(session: Session, endpoint_id: int, name: str, body: str, *, most_tries: int = MOST_TRIES) -> WebhookDelivery:
    """One message in line for one endpoint."""
    now = clock.now()
    delivery = WebhookDelivery(
        code=f"msg_{random_code(24)}", endpoint_id=endpoint_id, event=name, body=body, most_tries=most_tries, created_at=now,
        next_try_at=now,
    )  # fmt: skip
    session.add(delivery)
    put_in_line(session, delivery)
    return delivery


def put_in_line(session: Session, delivery: WebhookDelivery) -> None:
    """A job for the next try of a waiting message. There is one at a time, which the number of the try identifies."""
    number = delivery.tries + 1
    jobs.enqueue(
        session, DELIVER, {"delivery_id": delivery.id, "number": number}, dedupe=f"{DELIVER}:{delivery.id}:{number}",
        run_at=delivery.next_try_at, priority=LATER,
    )  # fmt: skip
