"""Pages as text: templates with what every one of them may use, navigation, and the panels that plugins add."""

import base64
import json
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from lms.kernel import i18n, sessions
from lms.kernel.cookies import FLASH_COOKIE, campus_of, cookie_of, drop_cookie
from lms.kernel.database import ReadSession
from lms.kernel.forms import EMPTY
from lms.kernel.looks import look_of
from lms.kernel.permissions import PUBLIC, SIGNED_IN, Actor


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A rendered page, in the reader's language and zone."""
    html = render(request, template, look=look_of(request), **context)
    response = HTMLResponse(html, status_code=status)
    if cookie_of(request, FLASH_COOKIE):
        drop_cookie(request, response, FLASH_COOKIE)
    return response


def render(request: Request, template: str, **context: Any) -> str:
    """The text of a template with what every template may use."""
    shown = {"form": EMPTY, "errors": {}, **_globals(request), **context}
    text: str = i18n.environment(i18n.locale()).get_template(template).render(shown)
    return text


def _globals(request: Request) -> dict[str, Any]:
    campus = campus_of(request)
    actor: Actor | None = getattr(request.state, "actor", None)
    zone = actor.timezone if actor else campus.settings.timezone
    return {
        "request": request,
        "me": actor if actor and actor.id is not None else None,
        "actor": actor,
        "settings": campus.settings,
        "locale": i18n.locale(),
        "text_direction": i18n.text_direction(i18n.locale()),
        "path": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "flash_messages": _flashes(request),
        "nav": lambda place, **values: navigation(request, place, **values),
        "static": request.app.state.static.url,
        "csrf_field": lambda: _csrf_field(request),
        "csrf_token": lambda: csrf_token(request),
        "date": lambda value: i18n.format_date(value),
        "datetime": lambda value: i18n.format_datetime(value, zone),
        "number": i18n.format_number,
        "percent": i18n.format_percent,
        "country_name": i18n.country_name,
        "language_name": i18n.language_name,
        "can": (lambda *a: actor.can(*a)) if actor else (lambda *a: False),
        "can_anywhere": actor.can_anywhere if actor else (lambda *a: False),
    }


def csrf_token(request: Request) -> str:
    """The token of the forms of this answer."""
    if not hasattr(request.state, "form_token"):  # one for all forms of a page
        request.state.visitor_needed = not cookie_of(request, sessions.COOKIE)
        request.state.form_token = sessions.form_token(campus_of(request).settings.secret, form_seed(request))
    token: str = request.state.form_token
    return token


def _csrf_field(request: Request) -> Any:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token(request))


def _flashes(request: Request) -> list[tuple[str, str]]:
    try:
        kind, text = json.loads(base64.urlsafe_b64decode(cookie_of(request, FLASH_COOKIE)))
    except (ValueError, TypeError):  # none, or one that we did not write
        return []
    return [(str(kind), str(text))]


def navigation(request: Request, place: str, **values: Any) -> list[dict[str, Any]]:
    """The links of a place that are open to this person; `values` fill the address (for example code=...)."""
    actor: Actor | None = getattr(request.state, "actor", None)
    shown = []
    for item in open_to(actor, campus_of(request).plugins, "navigation", place) if actor else ():
        url = item.url.format(**values)
        shown.append({"label": str(item.label), "url": url, "current": _is_current(request.url.path, url)})
    return shown


def open_to(actor: Actor, plugins: Any, kind: str, place: str = "") -> list[Any]:
    """What plugins declare of a kind (for one place, where it names places) and this person may see, in order of weight."""
    declared = (thing for thing in plugins.collect(kind) if not place or thing.place == place)
    return sorted((thing for thing in declared if _may_see(actor, thing.permission)), key=lambda thing: thing.weight)


def _may_see(actor: Actor, permission: str) -> bool:
    if permission == PUBLIC:
        return True
    return actor.id is not None and (permission == SIGNED_IN or actor.can_anywhere(permission))


def _is_current(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url + "/"))


def panels(request: Request, session: ReadSession, place: str, subject: Any = None) -> list[str]:
    """The rendered panels that plugins put in this place, as safe HTML, in order of weight."""
    actor: Actor = request.state.actor
    slots = open_to(actor, campus_of(request).plugins, "slots", place)
    found = [slot.function(session, actor, subject) for slot in slots]
    return [Markup(render(request, panel.template, **panel.context)) for panel in found if panel]  # noqa: S704  # our templates escape


def form_seed(request: Request) -> str:
    """What the form tokens of this browser are made from: its session, or the visitor that it is."""
    return cookie_of(request, sessions.COOKIE) or request.state.visitor
