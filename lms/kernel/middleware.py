"""What every request passes, as pure ASGI: a request id, the reader's language, limits, security headers, a log line and figures.

Pure ASGI because three layers of Starlette's BaseHTTPMiddleware cut throughput to a tenth; see docs/decisions.
"""

import json
import logging
import secrets
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lms.kernel import i18n, sessions
from lms.kernel.cookies import FLASH_COOKIE
from lms.kernel.errors import Forbidden, Refused, TooLarge
from lms.kernel.i18n import N_
from lms.settings import Settings

Refuse = Callable[[Request, Refused], Response]
"""Turns a refusal into the answer that the client wants."""
LANGUAGE_COOKIE = "lang"
OFFLINE, KEEP, AGAIN = "offline", "keep", "again"
"""The header about what a device keeps (`lms.kernel.offline`), and its words: keep this; or fetch it again to keep it."""
LIGHT_COOKIE = "light"
METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))
logger = logging.getLogger("lms.request")

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; "
    "manifest-src 'self'; object-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Figures:
    """Counters of one process, for /metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("lms_requests_total", "Requests answered", ["method", "route", "status"], registry=self.registry)
        self.seconds = Histogram("lms_request_seconds", "Time to answer", ["route"], registry=self.registry)


class Envelope:
    """Around everything: request id, language, visitor cookie, headers, log line, figures."""

    def __init__(self, app: ASGIApp, settings: Settings, figures: Figures) -> None:
        self.app = app
        self.settings = settings
        self.figures = figures
        self.https = settings.base_url.startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, headers = time.perf_counter(), Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))  # the standard library's fails where another site's cookie has an odd name
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = secrets.token_hex(8)
        is_https = self.https or scope["scheme"] == "https"
        known = cookies.get(sessions.cookie_name(sessions.VISITOR_COOKIE, is_https), "")
        state["visitor"] = known or secrets.token_urlsafe(18)
        language = cookies.get(sessions.cookie_name(LANGUAGE_COOKIE, is_https), "")
        locale = (
            language if language in self.settings.locales else i18n.negotiate(headers.get("accept-language", ""), self.settings.locales)
        )
        wish = cookies.get(sessions.cookie_name(LIGHT_COOKIE, is_https), "")
        state["light"] = wish == "1" or (wish != "0" and headers.get("save-data", "").lower() == "on")
        state["has_message"] = sessions.cookie_name(FLASH_COOKIE, is_https) in cookies
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._write_headers(MutableHeaders(scope=message), state, bool(known), is_https)
            await send(message)

        try:
            with i18n.using(locale):
                await self.app(scope, receive, answer)
        finally:
            self._note(scope, state, status, time.perf_counter() - started)

    def _write_headers(self, headers: MutableHeaders, state: MutableMapping[str, Any], is_known: bool, is_https: bool) -> None:
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        headers["x-request-id"] = state["request_id"]
        if self.https:
            headers.setdefault("strict-transport-security", "max-age=31536000; includeSubDomains")
        headers.setdefault("cache-control", "private, no-cache")
        if headers.get("content-type", "").startswith("text/html"):
            headers.add_vary_header("Cookie, Accept-Language, Save-Data")
        _write_owner(headers, state)
        rest = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if is_https else "")
        if state.get("visitor_needed") and not is_known:
            headers.append("set-cookie", f"{sessions.cookie_name(sessions.VISITOR_COOKIE, is_https)}={state['visitor']}; {rest}")
        own = sessions.cookie_name(sessions.COOKIE, is_https)
        if (token := state.get("renewed")) and not any(c.startswith(f"{own}=") for c in headers.getlist("set-cookie")):
            headers.append("set-cookie", f"{own}={token}; Max-Age={self.settings.session_days * 86400}; {rest}")

    def _note(self, scope: Scope, state: MutableMapping[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"  # whatever strangers make up must not fill the memory
        self.figures.requests.labels(method, route, str(status)).inc()
        self.figures.seconds.labels(route).observe(seconds)
        is_refused = status in (401, 403, 429)
        if logger.isEnabledFor(logging.WARNING if is_refused else logging.INFO):
            path = route if "{token}" in route else scope["path"]  # whoever reads the log must not be able to use the links of mails
            facts = {"method": scope["method"], "path": path, "status": status, "ms": round(seconds * 1000, 1)}
            facts |= {"person": getattr(state.get("actor"), "id", None), "request_id": state["request_id"]}
            if is_refused:
                logger.warning("refused", extra={"facts": facts | {"ip": (scope.get("client") or ("",))[0]}})
            else:
                logger.info("request", extra={"facts": facts})


def _write_owner(headers: MutableHeaders, state: MutableMapping[str, Any]) -> None:
    """Whose page this is, so that a device forgets those of others; and whether it may keep it."""
    may_keep, actor = headers.get(OFFLINE) == KEEP, state.get("actor")
    if actor is None:  # nobody was asked for: an address that leads nowhere, or a database that is away
        del headers[OFFLINE]
    elif actor.id is None:
        headers[OFFLINE] = "nobody"
    elif may_keep or headers.get("content-type", "").startswith("text/html"):
        word = AGAIN if state.get("has_message") else KEEP  # a message that is shown once must not be in a copy
        headers[OFFLINE] = f"{actor.id}; {word}" if may_keep else str(actor.id)


class FromElsewhere(Forbidden):
    """A page of another site sent this."""

    message = N_("This request came from another site.")


class SameSite:
    """Refuses requests that change something and come from another site, before anything of them is read."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Refuse) -> None:
        self.app = app
        self.own = urlsplit(settings.base_url).netloc
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            headers = Headers(scope=scope)
            if headers.get("authorization", "").lower().startswith("bearer "):
                return await self.app(scope, receive, send)  # a token is never sent by a browser on its own
            if not self._is_ours(headers):
                return await self.refuse(Request(scope), FromElsewhere())(scope, receive, send)
        await self.app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        if (site := headers.get("sec-fetch-site")) is not None:
            return site in ("same-origin", "none")
        if (origin := headers.get("origin")) is not None:
            place = urlsplit(origin).netloc  # nothing for "null", which sandboxed pages send
            return bool(place) and place in (headers.get("host", ""), self.own)
        return True  # an old browser tells neither; the form's token still stands guard


class BodyLimit:
    """Refuses a body larger than the setting: by its announced length, or when more arrives than announced."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Refuse) -> None:
        self.app = app
        self.limit = settings.max_upload_bytes
        self.refusal = TooLarge(limit=settings.max_upload_mb)
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > self.limit:
            return await self.refuse(Request(scope), self.refusal)(scope, receive, send)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                scope["state"]["refusal"] = self.refusal
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, counted, send)


class Faults:
    """Answers what nobody caught. Inside the envelope, so that this answer too has its headers, its language and its line in the log."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request, Exception], Response]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            if has_begun:
                raise  # half an answer is out: only a closed connection tells the client so
            await self._respond(Request(scope), error)(scope, receive, send)

    def _respond(self, request: Request, error: Exception) -> Response:
        try:
            return self.answer(request, error)
        except Exception:  # the page of the fault is at fault too
            logger.exception("the error page could not be shown", extra={"facts": {"request_id": request.state.request_id}})
            return PlainTextResponse("Something went wrong.", 500)


class JsonLines(logging.Formatter):
    """Log records as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname, "log": record.name}
        line["message"] = record.getMessage()
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging(level: str) -> None:
    """Write log lines as JSON to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("weasyprint", "fontTools", "procrastinate"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
