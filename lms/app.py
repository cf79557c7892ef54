"""The web application: middleware, plugins mounted, error pages. The only place that wires pages together."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import anyio.to_thread
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Mount

from lms.kernel import api_jobs, api_schema, finding, offline, site
from lms.kernel.api_problems import problem
from lms.kernel.campus import Campus
from lms.kernel.compression import Compression
from lms.kernel.errors import NotFound, Refused, SignInNeeded
from lms.kernel.i18n import N_, _
from lms.kernel.middleware import BodyLimit, Envelope, Faults, Figures, SameSite, configure_logging
from lms.kernel.outages import outage
from lms.kernel.paths import resource
from lms.kernel.permissions import PUBLIC, SIGNED_IN, PermissionRegistry
from lms.kernel.routing import Signpost
from lms.kernel.static import StaticFiles
from lms.kernel.unchanged import Unchanged
from lms.kernel.web import API, Again, Gate, page, redirect, wants_json
from lms.plugin import PluginError

logger = logging.getLogger("lms.app")
ERROR_PAGES = (400, 403, 404, 409, 413, 422, 429, 500, 503, 507)


class ServerError(Refused):
    """Something broke; the log has the details under the request's id."""

    status = 500
    title = N_("Something went wrong")
    message = N_("The fault is ours and has been noted. Please try again in a moment.")


class WrongMethod(Refused):
    """The address is there, but not for this kind of request."""

    status = 405
    title = N_("Not found")
    message = N_("This address cannot be used in this way.")


def create_app(campus: Campus) -> FastAPI:
    """The application that serves this campus. Raises PluginError where a route declares no permission."""
    figures = Figures()
    _ = campus.settings.secret  # made now where there is none: later a disk may be full

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        # Few threads: forty of them queue for Python's lock and make every page slower (docs/decisions).
        limiter.total_tokens = campus.settings.threads or (2 if campus.database.dialect == "sqlite" else 4)
        yield

    app = FastAPI(title="Aula Sur", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.campus = campus
    app.state.figures = figures
    app.state.static = StaticFiles(resource("static"), {p.name: f for p in campus.plugins if (f := p.folder("static"))})
    mount(app, site.pages)
    mount(app, finding.pages)
    mount(app, offline.pages)
    mount(app, api_schema.description, API)
    mount(app, api_jobs.api, API)
    for plugin in campus.plugins:
        if plugin.pages:
            mount(app, plugin.pages)
        if plugin.api:
            mount(app, plugin.api, API)
    app.router.routes.append(Mount("/static", app=app.state.static))
    check_permissions(app, campus.permissions)
    app.router.routes.insert(0, Signpost(app.router.routes))
    _add_handlers(app)
    app.add_middleware(Unchanged)
    app.add_middleware(Compression)
    app.add_middleware(BodyLimit, settings=campus.settings, refuse=answer)
    app.add_middleware(SameSite, settings=campus.settings, refuse=answer)
    app.add_middleware(Faults, answer=answer_fault)
    app.add_middleware(Envelope, settings=campus.settings, figures=figures)
    return app


def served() -> FastAPI:
    """The application of one of several processes, with the settings of its environment."""
    campus = Campus.open()
    configure_logging(campus.settings.log_level)
    app = create_app(campus)
    settle()
    return app


def settle() -> None:
    """Spare the garbage collector what a server keeps for good: walking through it stopped every page for a third of a second at times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def mount(app: FastAPI, router: APIRouter, prefix: str = "") -> None:
    """Serve a plugin's routes. Raises PluginError for one outside `prefix`, or of a kind that cannot declare a permission.

    The routes themselves are taken, not the router: so `app.routes` is the whole table, to be checked and walked by tests.
    """
    for route in router.routes:
        if not isinstance(route, APIRoute) or not route.path.startswith(prefix):
            raise PluginError(f"route {getattr(route, 'path', route)} cannot be served: {prefix or 'a page'} is expected")
        app.router.routes.append(route)


def gate_of(route: APIRoute) -> Gate | None:
    """What stands before a route."""
    return next((d.dependency for d in route.dependencies if isinstance(d.dependency, Gate)), None)


def check_permissions(app: FastAPI, registry: PermissionRegistry) -> None:
    """Refuse to start with a route that does not say who may use it, or that names a permission which nobody declares."""
    known = {PUBLIC, SIGNED_IN, *registry.permissions}
    for route in app.routes:
        if not isinstance(route, APIRoute):
            continue
        where, gate = f"route {route.path} ({route.endpoint.__module__})", gate_of(route)
        if gate is None:
            raise PluginError(f"{where} declares no permission")
        if gate.permission not in known:
            raise PluginError(f"{where} needs {gate.permission!r}, which is declared nowhere")


def _add_handlers(app: FastAPI) -> None:
    @app.exception_handler(Again)
    async def again(request: Request, error: Again) -> Response:
        return error.response

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def misread(request: Request, error: RequestValidationError) -> Response:
        return answer(request, NotFound())  # an address whose parts are not what they should be

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        if refusal := refusal_of(request):
            return answer(request, refusal)
        refusal = {404: NotFound, 405: WrongMethod}.get(error.status_code, Refused)()
        refusal.status = error.status_code
        response = answer(request, refusal)
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["allow"] = ", ".join(sorted(allowed_methods(request)))  # RFC 9110 §15.5.6
        return response


def allowed_methods(request: Request) -> set[str]:
    """The methods that any route answers at this address."""
    routes = [route for route in request.app.routes if isinstance(route, APIRoute) and route.matches(request.scope)[0] != Match.NONE]
    return {method for route in routes for method in route.methods or ()}


def refusal_of(request: Request) -> Refused | None:
    """Why the middleware stopped reading this request, where it did."""
    refusal: Refused | None = getattr(request.state, "refusal", None)
    return refusal


def answer_fault(request: Request, error: Exception) -> Response:
    """What nobody caught: the log has the details, the client gets the id under which they are found."""
    if refusal := refusal_of(request):
        return answer(request, refusal)
    if passing := outage(error):
        logger.error("outage", extra={"facts": {"error": str(getattr(error, "orig", error))[:500], "request_id": request.state.request_id}})
        response = answer(request, passing)
        response.headers.update(passing.headers)
        return response
    if isinstance(error, ClientDisconnect):  # gone in the middle of a sentence: nobody reads this, and it is no fault of ours
        return Response(status_code=400)
    logger.error("unhandled error", exc_info=error, extra={"facts": {"request_id": request.state.request_id}})
    return answer(request, ServerError())


def answer(request: Request, refusal: Refused) -> Response:
    """A refusal as the client wants it: RFC 9457 problem, a way to sign in, or a page."""
    if wants_json(request):
        return problem(request, refusal)
    if isinstance(refusal, SignInNeeded):
        return redirect(request, f"/sign-in?next={quote(_page_of(request), safe='/')}", _came_too_late(request), "wait")
    shown = refusal.status if refusal.status in ERROR_PAGES else 400
    return page(
        request, f"errors/{shown}.html", status=refusal.status, title=str(refusal.title), message=refusal.sentence(),
        request_id=getattr(request.state, "request_id", ""),
    )  # fmt: skip


def _page_of(request: Request) -> str:
    """The page to return to after signing in: the one that was asked for, or the one whose form was sent."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    sender = urlsplit(request.headers.get("referer", ""))
    if sender.netloc != request.headers.get("host", ""):
        return "/"
    return sender.path + (f"?{sender.query}" if sender.query else "")


def _came_too_late(request: Request) -> str | None:
    """What to say to somebody whose form was sent after the session had ended."""
    return None if request.method == "GET" else _("You were signed out before this arrived. Please sign in and send it again.")
