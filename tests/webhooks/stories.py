"""Words that the stories of webhooks share."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from lms.enrollment import enrolling
from lms.enrollment.models import Enrolment
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from lms.webhooks import endpoints, signing
from lms.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.factories import make_cohort, make_person


def listen(campus: Campus, url: str, events: Sequence[str] = ("enrolment.created",)) -> WebhookEndpoint:
    """An endpoint that is told of these events."""
    with campus.database.transaction() as session:
        offered = campus.plugins.collect("public_events")
        return endpoints.create(session, SYSTEM, offered, name="Other", url=url, events=events, allows_private=True)


def secret_of(campus: Campus, endpoint: WebhookEndpoint) -> str:
    return signing.shown(signing.key_of(campus.settings.secret, endpoint.salt))


def enrol(campus: Campus) -> Enrolment:
    """Somebody gets a place in some cohort."""
    cohort, person = make_cohort(campus), make_person(campus)
    with campus.database.transaction() as session:
        return enrolling.enrol(session, SYSTEM, cohort, person.id or 0)


def messages(campus: Campus) -> list[WebhookDelivery]:
    """What was written, the oldest first."""
    with campus.database.reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(col(WebhookDelivery.id))))


def endpoint_now(campus: Campus, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    with campus.database.reading() as session:
        return session.one(WebhookEndpoint, endpoint.id)
