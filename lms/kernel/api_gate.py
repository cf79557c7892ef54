"""Who calls the API: a program with a bearer token (RFC 6750), or, for reading alone, a browser that has signed in."""

from collections.abc import Mapping
from datetime import timedelta

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from lms.kernel import api_tokens, i18n, sessions
from lms.kernel.api_tokens import READ, WRITE, Held
from lms.kernel.errors import Forbidden, Invalid, NotFound, SignInNeeded
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC, SIGNED_IN, Actor
from lms.kernel.web import SAFE_METHODS, Gate, campus_of, origin_of, viewer_of

BAD_TOKENS, WITHIN = 60, timedelta(minutes=10)
"""How many tokens that are none one machine may try. Those that are good are not counted."""
_REALM = 'Bearer realm="Aula Sur"'


class TokenNeeded(SignInNeeded):
    """Nobody said who is asking."""

    title = N_("A token is needed")
    message = N_("Send a token with the request: “Authorization: Bearer TOKEN”. You make tokens in your profile.")
    headers: Mapping[str, str] = {"www-authenticate": _REALM}


class BadToken(SignInNeeded):
    """A token that opens nothing."""

    title = N_("Token not accepted")
    message = N_("This token is unknown, has expired or was revoked.")
    headers: Mapping[str, str] = {"www-authenticate": f'{_REALM}, error="invalid_token"'}


class NarrowToken(Forbidden):
    """A token that is good, but not for this."""

    title = N_("Not within this token")
    message = N_("This token is for reading only.")

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.headers = {"www-authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'}


class ApiGate(Gate):
    """Stands before a route of the API. Asked by the route before anything of the body is read; a second time it just lets pass."""

    def __init__(self, permission: str, scope: str) -> None:
        super().__init__(permission)
        self.scope = scope

    async def __call__(self, request: Request) -> None:
        if getattr(request.state, "api_gate", None) is self:
            return
        _check_signs(request)
        sent = bearer(request)
        if sent is None and request.method in SAFE_METHODS and self.permission != PUBLIC:
            await self._ask_browser(request)
        elif self.permission != PUBLIC:
            request.state.actor = await run_in_threadpool(self._holder, request, sent)
            self._admit(request.state.actor)
        else:
            request.state.actor = _visitor(request)
        request.state.api_gate = self

    async def _ask_browser(self, request: Request) -> None:
        """By the cookie; never for writing, so that no other site can write through somebody's browser."""
        try:
            await super().__call__(request)
        except SignInNeeded:
            raise TokenNeeded() from None

    def _holder(self, request: Request, sent: str | None) -> Actor:
        if sent is None:
            raise TokenNeeded()
        campus = campus_of(request)
        with campus.database.reading() as session:
            held = api_tokens.find(session, sent) if api_tokens.looks_like_one(sent) else None
            actor = viewer_of(campus, session, held.person_id) if held else None
        if held is None or actor is None:
            _count(request)
            raise BadToken()
        if self.scope not in held.scopes:
            raise NarrowToken(self.scope)
        request.state.token = held
        if held.wants_noting:
            with campus.database.transaction() as writing:
                api_tokens.note_use(writing, held.id)
        return actor

    def _admit(self, actor: Actor) -> None:
        if self.permission != SIGNED_IN and not actor.can_anywhere(self.permission):
            raise Forbidden()


def bearer(request: Request) -> str | None:
    """The token that was sent with the request. None where there is none; another scheme is for somebody else, such as a proxy."""
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def token_of(request: Request) -> Held | None:
    """The token behind this request; None for a browser."""
    held: Held | None = getattr(request.state, "token", None)
    return held


def needed(method: str) -> str:
    """The scope that a method asks of a token."""
    return READ if method in SAFE_METHODS else WRITE


def _count(request: Request) -> None:
    database, about = campus_of(request).database, f"token:{origin_of(request).ip}"
    with database.reading() as session:  # beyond the limit nothing is written any more
        sessions.check_limit(session, about, BAD_TOKENS, WITHIN)
    sessions.limit(database, about, BAD_TOKENS, WITHIN)


def _check_signs(request: Request) -> None:
    if "\0" in request.scope["path"]:
        raise NotFound()
    if b"%00" in request.scope["query_string"]:
        raise Invalid({"": N_("The sign U+0000 cannot be part of a text.")})


def _visitor(request: Request) -> Actor:
    campus = campus_of(request)
    return Actor(id=None, name="", locale=i18n.locale(), timezone=campus.settings.timezone, registry=campus.permissions)
