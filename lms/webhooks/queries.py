"""What the pages of webhooks show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lms.kernel.database import ReadSession
from lms.webhooks.models import WebhookDelivery, WebhookEndpoint

PAGE = 50

# SQLModel types a column as its value; in a statement it is a column.
_Endpoint: Any = WebhookEndpoint
_Delivery: Any = WebhookDelivery


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint in the list, with how many messages wait and failed."""

    code: str
    name: str
    url: str
    state: str
    events: int
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message in the log."""

    code: str
    event: str
    state: str
    tries: int
    status_code: int | None
    milliseconds: int | None
    answer: str
    created_at: datetime
    next_try_at: datetime | None


def endpoints(session: ReadSession) -> list[EndpointRow]:
    """Every endpoint, by name."""

    def count(state: str) -> Any:
        of_it = _Delivery.endpoint_id == _Endpoint.id, _Delivery.state == state
        return select(func.count()).select_from(WebhookDelivery).where(*of_it).scalar_subquery()

    columns = (_Endpoint.code, _Endpoint.name, _Endpoint.url, _Endpoint.state, _Endpoint.events, count("waiting"), count("failed"))
    rows: Any = session.rows(select(*columns).order_by(_Endpoint.name, _Endpoint.id))
    return [EndpointRow(code, name, url, state, len(events), waiting, failed) for code, name, url, state, events, waiting, failed in rows]


def deliveries(
    session: ReadSession, endpoint_id: int, state: str = "", before: str = "", limit: int = PAGE
) -> tuple[list[DeliveryRow], str | None]:
    """The log of an endpoint, newest first, and the next cursor; `before` is the code of the last message seen."""
    columns = [getattr(_Delivery, name) for name in DeliveryRow.__slots__]
    statement = select(*columns).where(_Delivery.endpoint_id == endpoint_id).order_by(_Delivery.id.desc()).limit(limit + 1)
    if state:
        statement = statement.where(_Delivery.state == state)
    if before:
        of_it = _Delivery.code == before, _Delivery.endpoint_id == endpoint_id
        statement = statement.where(_Delivery.id < select(_Delivery.id).where(*of_it).scalar_subquery())
    found: Any = session.rows(statement)
    rows = [DeliveryRow(*row) for row in found]
    return rows[:limit], rows[limit - 1].code if len(rows) > limit else None
