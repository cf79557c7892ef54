"""What pages are made with: routes that declare their permission, the person behind a request, forms, and rendered answers."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lms.kernel import i18n, sessions
from lms.kernel.campus import Campus
from lms.kernel.database import Origin, ReadSession, Session
from lms.kernel.errors import Forbidden, Invalid, NotFound, Refused, SignInNeeded
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC, SIGNED_IN, Actor

M = TypeVar("M", bound=BaseModel)
FLASH_COOKIE = "flash"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
API = "/api/v1"
"""Where the JSON API lives: a plugin's `api` is a `Router(prefix=API)`."""


def campus_of(request: Request) -> Campus:
    """The installation that serves this request."""
    campus: Campus = request.app.state.campus
    return campus


def origin_of(request: Request) -> Origin:
    """Who and where the request comes from, for the audit log."""
    actor: Actor | None = getattr(request.state, "actor", None)
    ip = request.client.host if request.client else ""
    return Origin(actor.id if actor else None, ip, getattr(request.state, "request_id", ""))


class Gate:
    """Stands before every route: finds out who is asking, checks a form's token, and lets in whom the declared permission lets in."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> None:
        if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            raise NotFound()  # PostgreSQL keeps no text with this sign, so nothing can be named by it
        request.state.actor = await run_in_threadpool(_find_actor, request)
        self._let_in(request.state.actor)  # first, so that nothing of what a stranger sends is read
        if request.method not in SAFE_METHODS:
            request.state.form = form = await request.form(max_files=50, max_part_size=2 * 1024 * 1024)
            _check_form_token(request, form)

    def _let_in(self, actor: Actor) -> None:
        if self.permission == PUBLIC:
            return
        if actor.id is None:
            raise SignInNeeded()
        if self.permission != SIGNED_IN and not actor.can_anywhere(self.permission):
            raise Forbidden()


def _find_actor(request: Request) -> Actor:
    campus = campus_of(request)
    visitor = Actor(id=None, name="", locale=i18n.locale(), timezone=campus.settings.timezone, registry=campus.permissions)
    token = cookie_of(request, sessions.COOKIE)
    if not token:
        return visitor
    with campus.database.reading() as session:
        found = sessions.find_session(session, token)
        actor = viewer_of(campus, session, found[0]) if found else None
    days, most = campus.settings.session_days, campus.settings.session_max_days
    if found and found[1] and sessions.renew_if_possible(campus.database, token, days, most):
        request.state.renewed = token  # the cookie must live as long as the session does
    return actor or visitor


def viewer_of(campus: Campus, session: ReadSession, person_id: int) -> Actor | None:
    """The person with everything that was given, as the plugin that keeps people knows her; None for somebody erased."""
    for plugin in campus.plugins:
        if plugin.viewer:
            found: Actor | None = plugin.viewer(session, person_id)
            return replace(found, registry=campus.permissions) if found else None
    return None


def _check_form_token(request: Request, form: FormData) -> None:
    sent = form.get("csrf_token")
    if not isinstance(sent, str) or not sessions.form_token_matches(campus_of(request).settings.secret, _form_seed(request), sent):
        raise Forbidden(N_("This form has expired. Please go back, reload the page and send it again; your text is still there."))


def _form_seed(request: Request) -> str:
    return cookie_of(request, sessions.COOKIE) or request.state.visitor


def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


async def _me(request: Request) -> Actor:
    return _actor(request)


async def _reading(request: Request) -> AsyncIterator[ReadSession]:
    with campus_of(request).database.reading() as session:
        yield session


async def _writing(request: Request) -> AsyncIterator[Session]:
    async with campus_of(request).database.transaction_async(origin_of(request)) as session:
        yield session


async def _form(request: Request) -> "FormInput":
    return FormInput(request.state.form)


async def _campus(request: Request) -> Campus:
    return campus_of(request)


Me = Annotated[Actor, Depends(_me)]
"""The person who asks; a visitor has no id."""
Read = Annotated[ReadSession, Depends(_reading, scope="function")]
"""A session for reading. Its connection goes back before the answer is sent: slow lines must not use up the pool."""
Write = Annotated[Session, Depends(_writing, scope="function")]
"""The transaction of this request: committed before the answer is sent."""
Here = Annotated[Campus, Depends(_campus)]
"""The installation: settings, storage, database."""
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""A number in an address; one beyond what the database counts leads nowhere."""


class Router(APIRouter):
    """An APIRouter whose routes each declare who may use them: PUBLIC, SIGNED_IN or the name of a permission."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], *, permission: str = "", **options: Any) -> None:
        if not permission:
            raise TypeError(f"{endpoint.__module__}.{endpoint.__name__} ({path}) declares no permission")
        options.setdefault("response_model", None)
        options.setdefault("include_in_schema", False)
        super().add_api_route(path, endpoint, dependencies=[Depends(Gate(permission))], **options)

    def _route(self, methods: list[str], path: str, permission: str, options: dict[str, Any]) -> Callable[[Any], Any]:
        def register(endpoint: Any) -> Any:
            self.add_api_route(path, endpoint, methods=methods, permission=permission, **options)
            return endpoint

        return register

    def get(self, path: str, *, permission: str, **options: Any) -> Callable[[Any], Any]:  # type: ignore[override]  # ours asks for more
        """A page."""
        return self._route(["GET", "HEAD"], path, permission, options)

    def post(self, path: str, *, permission: str, **options: Any) -> Callable[[Any], Any]:  # type: ignore[override]  # ours asks for more
        """An action; its form token is checked before."""
        return self._route(["POST"], path, permission, options)


class FormInput:
    """What a browser sent in a form, as typed: shown again when something is wrong with it."""

    def __init__(self, form: FormData | Mapping[str, Any]) -> None:
        self._form = form

    def get(self, name: str, default: Any = "") -> str:
        """The text of a field as typed, or the default where it was not sent."""
        value = self._form.get(name, default)
        text = value if isinstance(value, str) else str(default if value is None or isinstance(value, UploadFile) else value)
        return text.replace("\0", "")  # which PostgreSQL cannot keep

    def getlist(self, name: str) -> list[str]:
        """Every text sent under this name."""
        values = self._form.getlist(name) if isinstance(self._form, FormData) else [self._form.get(name)]
        return [value.replace("\0", "") for value in values if isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """The files sent under this name; a file field left empty sends none."""
        values = self._form.getlist(name) if isinstance(self._form, FormData) else []
        return [value for value in values if isinstance(value, UploadFile) and value.filename]

    def __contains__(self, name: str) -> bool:
        return name in self._form


Form = Annotated[FormInput, Depends(_form)]
EMPTY = FormInput({})

_SENTENCES: dict[str, i18n.LazyText] = {
    "missing": N_("Please fill this in."),
    "string_too_short": N_("Please fill this in."),
    "string_too_long": N_("At most {max_length} characters."),
    "int_parsing": N_("Please write a whole number."),
    "int_type": N_("Please write a whole number."),
    "decimal_parsing": N_("Please write a number."),
    "date_from_datetime_parsing": N_("Please write a date as year-month-day, for example 2026-03-31."),
    "date_parsing": N_("Please write a date as year-month-day, for example 2026-03-31."),
    "greater_than_equal": N_("At least {ge}."),
    "less_than_equal": N_("At most {le}."),
    "greater_than": N_("More than {gt}."),
    "enum": N_("Please choose one of the options."),
    "literal_error": N_("Please choose one of the options."),
}


class AsTyped:
    """Marks a field whose text counts as it was typed, with the spaces around it: a password."""


def read_form(model: type[M], form: FormInput) -> M:
    """The form as a checked object. Blank optional fields count as not sent; a list field takes every value. Raises Invalid, by field."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if "list" in str(field.annotation):
            values[name] = form.getlist(name)
        elif (text := _typed(form, name, field.metadata)) or field.is_required():
            values[name] = text
    try:
        return model(**values)
    except ValidationError as error:
        raise Invalid({str(item["loc"][0]) if item["loc"] else "": _sentence(dict(item)) for item in error.errors()}) from None


def _typed(form: FormInput, name: str, marks: list[Any]) -> str:
    text = form.get(name, None) if name in form else ""
    return text if any(isinstance(mark, AsTyped) for mark in marks) else text.strip()


def _sentence(error: dict[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error.get("ctx", {}).get("error") or error["msg"])
    known = _SENTENCES.get(error["type"])
    return str(known).format(**error.get("ctx", {})) if known else str(N_("This is not understood."))


class Again(Exception):
    """Show this answer instead, and undo the transaction: raised when a form must be shown again with its messages."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__()


@contextmanager
def redisplay(request: Request, template: str, form: FormInput, **context: Any) -> Iterator[None]:
    """Show the form again, as typed and with the reason, when the block refuses it.

    The template gets `form`, `errors` (sentence by field; "" for the form as a whole) and the context.
    """
    try:
        yield
    except Refused as refusal:
        errors = refusal.errors if isinstance(refusal, Invalid) else {"": refusal.sentence()}
        raise Again(page(request, template, status=refusal.status, form=form, errors=errors, **context)) from refusal


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A rendered page, in the reader's language and zone."""
    html = render(request, template, **context)
    response = HTMLResponse(html, status_code=status)
    if cookie_of(request, FLASH_COOKIE):
        drop_cookie(request, response, FLASH_COOKIE)
    return response


def render(request: Request, template: str, **context: Any) -> str:
    """The text of a template with what every template may use."""
    shown = {"form": EMPTY, "errors": {}, **_globals(request), **context}
    text: str = i18n.environment(i18n.locale()).get_template(template).render(shown)
    return text


def redirect(request: Request, url: str, message: object = None, kind: str = "ok") -> Response:
    """See another page (303), with a message shown there once."""
    response = RedirectResponse(local_url(url), status_code=303)
    if message:
        value = base64.urlsafe_b64encode(json.dumps([kind, str(message)]).encode()).decode()
        keep_cookie(request, response, FLASH_COOKIE, value, 60)
    return response


def local_url(url: str) -> str:
    """The address where it stays on this site, else the front page: a link must not lead people away."""
    # Browsers read a backslash as a slash and skip tabs and line ends, so "/\t/elsewhere.org" would lead away too.
    return url if url.startswith("/") and not url.startswith(("//", "/\\")) and url.isprintable() else "/"


def is_https(request: Request) -> bool:
    """Whether cookies of this site are for https alone."""
    return request.scope["scheme"] == "https" or campus_of(request).settings.base_url.startswith("https:")


def cookie_of(request: Request, name: str) -> str:
    """What this browser keeps under a name of ours; empty for nothing."""
    return request.cookies.get(sessions.cookie_name(name, is_https(request)), "")


def keep_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """Let the browser keep something for some time, where no script reads it and no other site sends it along."""
    secure = is_https(request)
    response.set_cookie(sessions.cookie_name(name, secure), value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")


def drop_cookie(request: Request, response: Response, name: str) -> None:
    """Let the browser forget it. With the same marks: a browser drops no cookie for https by an answer that is not marked so."""
    secure = is_https(request)
    response.delete_cookie(sessions.cookie_name(name, secure), path="/", httponly=True, samesite="lax", secure=secure)


def wants_json(request: Request) -> bool:
    """Whether the client asks for JSON rather than a page."""
    accept = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or ("application/json" in accept and "text/html" not in accept)


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
        "csrf_token": lambda: _csrf_token(request),
        "date": lambda value: i18n.format_date(value),
        "datetime": lambda value: i18n.format_datetime(value, zone),
        "number": i18n.format_number,
        "percent": i18n.format_percent,
        "country_name": i18n.country_name,
        "language_name": i18n.language_name,
        "can": (lambda *a: actor.can(*a)) if actor else (lambda *a: False),
        "can_anywhere": actor.can_anywhere if actor else (lambda *a: False),
    }


def _csrf_token(request: Request) -> str:
    if not hasattr(request.state, "form_token"):  # one for all forms of a page
        request.state.visitor_needed = not cookie_of(request, sessions.COOKIE)
        request.state.form_token = sessions.form_token(campus_of(request).settings.secret, _form_seed(request))
    token: str = request.state.form_token
    return token


def _csrf_field(request: Request) -> Any:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(_csrf_token(request))


def _flashes(request: Request) -> list[tuple[str, str]]:
    try:
        kind, text = json.loads(base64.urlsafe_b64decode(cookie_of(request, FLASH_COOKIE)))
    except (ValueError, TypeError):  # none, or one that we did not write
        return []
    return [(str(kind), str(text))]


def navigation(request: Request, place: str, **values: Any) -> list[dict[str, Any]]:
    """The links of a place that are open to this person; `values` fill the address (for example code=...)."""
    actor: Actor | None = getattr(request.state, "actor", None)
    items = sorted((i for p in campus_of(request).plugins for i in p.navigation if i.place == place), key=lambda i: i.weight)
    shown = []
    for item in items:
        if actor and _may_see(actor, item.permission):
            url = item.url.format(**values)
            shown.append({"label": str(item.label), "url": url, "current": _is_current(request.url.path, url)})
    return shown


def _may_see(actor: Actor, permission: str) -> bool:
    if permission == PUBLIC:
        return True
    return actor.id is not None and (permission == SIGNED_IN or actor.can_anywhere(permission))


def _is_current(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url + "/"))


def panels(request: Request, session: ReadSession, place: str, subject: Any = None) -> list[str]:
    """The rendered panels that plugins put in this place, as safe HTML, in order of weight."""
    actor = _actor(request)
    slots = sorted((s for p in campus_of(request).plugins for s in p.slots if s.place == place), key=lambda s: s.weight)
    found = [slot.function(session, actor, subject) for slot in slots if _may_see(actor, slot.permission)]
    return [Markup(render(request, panel.template, **panel.context)) for panel in found if panel]  # noqa: S704  # our templates escape
