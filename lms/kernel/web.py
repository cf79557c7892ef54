"""What pages are made with: routes that declare their permission, the person behind a request, and answers."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from lms.kernel import i18n, sessions
from lms.kernel.campus import Campus
from lms.kernel.cookies import FLASH_COOKIE, campus_of, cookie_of, drop_cookie, is_https, keep_cookie
from lms.kernel.database import Origin, ReadSession, Session
from lms.kernel.errors import Forbidden, Invalid, NotFound, Refused, SignInNeeded
from lms.kernel.forms import EMPTY, AsTyped, FormInput, read_form
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC, SIGNED_IN, Actor
from lms.kernel.rendering import form_seed, navigation, page, panels, render

__all__ = [
    "API", "EMPTY", "SAFE_METHODS", "Again", "AsTyped", "Form", "FormInput", "Gate", "Here", "Id", "Me", "Read", "Router", "Write",
    "campus_of", "cookie_of", "drop_cookie", "is_https", "keep_cookie", "local_url", "navigation", "origin_of", "page", "panels",
    "read_form", "redirect", "redisplay", "render", "viewer_of", "wants_json",
]  # fmt: skip
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
API = "/api/v1"
"""Where the JSON API lives: a plugin's `api` is a `Router(prefix=API)`."""


def origin_of(request: Request) -> Origin:
    """Who and where the request comes from, for the audit log."""
    actor: Actor | None = getattr(request.state, "actor", None)
    ip = request.client.host if request.client else ""
    return Origin(actor.id if actor else None, ip, getattr(request.state, "request_id", ""))


class Gate:
    """Stands before every route: finds out who is asking, checks a form's token, and lets in whom the declared permission lets in."""

    def __init__(self, permission: str, *, asks_form_token: bool = True) -> None:
        self.permission, self.asks_form_token = permission, asks_form_token

    async def __call__(self, request: Request) -> None:
        if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            raise NotFound()  # PostgreSQL keeps no text with this sign, so nothing can be named by it
        request.state.actor = await run_in_threadpool(_find_actor, request)
        self._let_in(request.state.actor)  # first, so that nothing of what a stranger sends is read
        if request.method not in SAFE_METHODS:
            request.state.form = form = await request.form(max_files=50, max_part_size=2 * 1024 * 1024)
            if self.asks_form_token:
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
    """The person with everything that was given; None for somebody erased."""
    found: Actor | None = campus.plugins.viewer(session, person_id)
    return found


def _check_form_token(request: Request, form: FormData) -> None:
    sent = form.get("csrf_token")
    if not isinstance(sent, str) or not sessions.form_token_matches(campus_of(request).settings.secret, form_seed(request), sent):
        raise Forbidden(N_("This form has expired. Please go back, reload the page and send it again; your text is still there."))


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
        gate = Gate(permission, asks_form_token=options.pop("asks_form_token", True))
        super().add_api_route(path, endpoint, dependencies=[Depends(gate)], **options)

    def _route(self, methods: list[str], path: str, permission: str, options: dict[str, Any]) -> Callable[[Any], Any]:
        def register(endpoint: Any) -> Any:
            self.add_api_route(path, endpoint, methods=methods, permission=permission, **options)
            return endpoint

        return register

    def get(self, path: str, *, permission: str, **options: Any) -> Callable[[Any], Any]:  # type: ignore[override]  # ours asks for more
        """A page."""
        return self._route(["GET", "HEAD"], path, permission, options)

    def post(self, path: str, *, permission: str, **options: Any) -> Callable[[Any], Any]:  # type: ignore[override]  # ours asks for more
        """An action; its form token is checked before. `asks_form_token=False`: the secret in its address is proof enough."""
        return self._route(["POST"], path, permission, options)


Form = Annotated[FormInput, Depends(_form)]
"""What was sent in the form of this request."""


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


def wants_json(request: Request) -> bool:
    """Whether the client asks for JSON rather than a page."""
    accept = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or ("application/json" in accept and "text/html" not in accept)
