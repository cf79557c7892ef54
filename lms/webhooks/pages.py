"""Pages of webhooks: the list, an endpoint with its log, a message."""

import json
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.kernel.campus import Campus
from lms.kernel.i18n import _
from lms.kernel.lists import next_url
from lms.kernel.permissions import require
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, page, read_form, redirect, redisplay
from lms.webhooks import endpoints, queries, signing, titles
from lms.webhooks.endpoints import MANAGE
from lms.webhooks.forms import EndpointForm
from lms.webhooks.models import WebhookEndpoint
from lms.webhooks.titles import DELIVERY_BADGES, DELIVERY_TITLES, ENDPOINT_BADGES, ENDPOINT_TITLES

pages = Router()
BASE = "/staff/webhooks"


def _offered(campus: Campus) -> dict[str, Any]:
    events = campus.plugins.collect("public_events")
    return {"offered": sorted((public.name, f"{public.title} ({public.name})") for public in events)}


@pages.get(BASE, permission=MANAGE)
def list_page(request: Request, me: Me, session: Read) -> Response:
    """Every endpoint."""
    require(me, MANAGE)
    found = queries.endpoints(session)
    return page(request, "webhooks/list.html", endpoints=found, titles=ENDPOINT_TITLES, badges=ENDPOINT_BADGES)


@pages.get(BASE + "/new", permission=MANAGE)
def new_page(request: Request, me: Me, campus: Here) -> Response:
    """The form of an endpoint."""
    require(me, MANAGE)
    return page(request, "webhooks/form.html", endpoint=None, **_offered(campus))


@pages.post(BASE + "/new", permission=MANAGE)
def create(request: Request, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Make an endpoint, and show its secret this once."""
    with redisplay(request, "webhooks/form.html", form, endpoint=None, **_offered(campus)):
        given = read_form(EndpointForm, form)
        endpoint = endpoints.create(
            session, me, campus.plugins.collect("public_events"), allows_private=campus.settings.webhooks_private, **given.model_dump()
        )
    return _secret_page(request, campus, endpoint)


def _secret_page(request: Request, campus: Campus, endpoint: WebhookEndpoint) -> Response:
    secret = signing.shown(signing.key_of(campus.settings.secret, endpoint.salt))
    return page(request, "webhooks/secret.html", endpoint=endpoint, secret=secret)


@pages.get(BASE + "/{code}", permission=MANAGE)
def endpoint_page(request: Request, code: str, me: Me, session: Read, state: str = "", before: str = "") -> Response:
    """One endpoint with its log."""
    endpoint = endpoints.load(session, me, code)
    rows, following = queries.deliveries(session, endpoint.id or 0, state if state in DELIVERY_TITLES else "", before)
    return page(
        request, "webhooks/endpoint.html", endpoint=endpoint, deliveries=rows, state=state, titles=titles,
        states=[(key, str(title)) for key, title in DELIVERY_TITLES.items()], next_url=next_url(request, before=following),
    )  # fmt: skip


@pages.get(BASE + "/{code}/edit", permission=MANAGE)
def edit_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """The form with what is known."""
    endpoint = endpoints.load(session, me, code)
    known: list[tuple[str, Any]] = [("name", endpoint.name), ("url", endpoint.url), *(("events", event) for event in endpoint.events)]
    return page(request, "webhooks/form.html", form=FormInput(FormData(known)), endpoint=_plain(endpoint), **_offered(campus))


@pages.post(BASE + "/{code}/edit", permission=MANAGE)
def save(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Change an endpoint."""
    endpoint = endpoints.load(session, me, code)
    with redisplay(request, "webhooks/form.html", form, endpoint=_plain(endpoint), **_offered(campus)):
        given = read_form(EndpointForm, form)
        offered = campus.plugins.collect("public_events")
        endpoints.save(session, me, code, offered, allows_private=campus.settings.webhooks_private, **given.model_dump())
    return redirect(request, f"{BASE}/{code}", _("Saved."))


def _plain(endpoint: WebhookEndpoint) -> dict[str, str]:
    return {"code": endpoint.code, "name": endpoint.name}


@pages.post(BASE + "/{code}/pause", permission=MANAGE)
def pause(request: Request, code: str, me: Me, session: Write) -> Response:
    """Send nothing for now."""
    endpoints.pause(session, me, code)
    return redirect(request, f"{BASE}/{code}", _("Paused. What happens meanwhile is kept and sent later."))


@pages.post(BASE + "/{code}/resume", permission=MANAGE)
def resume(request: Request, code: str, me: Me, session: Write) -> Response:
    """Send again."""
    endpoints.resume(session, me, code)
    return redirect(request, f"{BASE}/{code}", _("Messages are sent again."))


@pages.post(BASE + "/{code}/secret", permission=MANAGE)
def new_secret(request: Request, code: str, me: Me, session: Write, campus: Here) -> Response:
    """Another secret, shown this once."""
    return _secret_page(request, campus, endpoints.new_secret(session, me, code))


@pages.post(BASE + "/{code}/delete", permission=MANAGE)
def delete(request: Request, code: str, me: Me, session: Write) -> Response:
    """Delete an endpoint with its log."""
    endpoints.remove(session, me, code)
    return redirect(request, BASE, _("The webhook is deleted."))


@pages.post(BASE + "/{code}/test", permission=MANAGE)
def send_test(request: Request, code: str, me: Me, session: Write) -> Response:
    """Send a message that tells of nothing."""
    delivery = endpoints.send_test(session, me, code)
    return redirect(request, f"{BASE}/{code}/deliveries/{delivery.code}", _("A test is on its way. Reload this page to see the answer."))


@pages.get(BASE + "/{code}/deliveries/{delivery}", permission=MANAGE)
def delivery_page(request: Request, code: str, delivery: str, me: Me, session: Read) -> Response:
    """One message: what was sent, and what was answered."""
    endpoint, found = endpoints.load_delivery(session, me, code, delivery)
    body = json.dumps(json.loads(found.body), ensure_ascii=False, indent=2)
    return page(
        request, "webhooks/delivery.html", endpoint=endpoint, delivery=found, body=body, title=DELIVERY_TITLES[found.state],
        badge_kind=DELIVERY_BADGES[found.state],
    )  # fmt: skip


@pages.post(BASE + "/{code}/deliveries/{delivery}/again", permission=MANAGE)
def send_again(request: Request, code: str, delivery: str, me: Me, session: Write) -> Response:
    """Send a message once more."""
    endpoints.send_again(session, me, code, delivery)
    return redirect(request, f"{BASE}/{code}/deliveries/{delivery}", _("The message is in line again."))
