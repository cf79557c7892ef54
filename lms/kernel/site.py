"""Pages of the site itself: health, figures, the progress of a job."""

import hmac
from datetime import date
from typing import Any

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lms.kernel import jobs, looks, migrations
from lms.kernel.campus import Campus
from lms.kernel.cookies import keep_cookie
from lms.kernel.errors import NotFound
from lms.kernel.i18n import _
from lms.kernel.middleware import LIGHT_COOKIE
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import Form, Here, Me, Read, Router, Write, page, redirect

ACCESSIBILITY_CHECKED = date(2026, 11, 25)
"""The day on which docs/accessibility.md was last gone through."""

pages = Router()


@pages.get("/healthz", permission=PUBLIC)
def health() -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


@pages.get("/readyz", permission=PUBLIC)
def ready(campus: Here) -> Response:
    """Database, storage, migrations and what plugins check. 503 with the names of what fails."""
    failures = checks(campus)
    return JSONResponse({"ready": not failures, "failing": sorted(failures)}, 503 if failures else 200)


def checks(campus: Campus) -> dict[str, str]:
    """Everything that must hold for requests to be served; name -> what is wrong."""
    failures: dict[str, str] = {}

    def database(session: Any) -> None:
        session.execute(text("select 1"))

    def schema(session: Any) -> None:
        if migrations.is_behind(campus):
            raise RuntimeError("the database is not at the newest migration: run `lms migrate`")

    def storage(session: Any) -> None:
        campus.storage.check()

    named = [("database", database), ("migrations", schema), ("storage", storage), *campus.plugins.collect("health_checks")]
    for name, check in named:
        try:
            with campus.database.reading() as session:
                check(session)
        except Exception as error:  # whatever it is, the name of the check is the answer
            failures[name] = f"{type(error).__name__}: {error}"
    return failures


@pages.get("/metrics", permission=PUBLIC)
def metrics(request: Request, campus: Here) -> Response:
    """Prometheus figures, for this machine or with the configured token."""
    token = campus.settings.metrics_token
    is_local = request.client is not None and request.client.host in ("127.0.0.1", "::1", "testclient")
    shown = request.headers.get("authorization", "").encode()
    if not is_local and not (token and hmac.compare_digest(shown, f"Bearer {token}".encode())):
        raise NotFound()
    return Response(generate_latest(request.app.state.figures.registry), media_type=CONTENT_TYPE_LATEST)


@pages.get("/jobs/{job_id}", permission=SIGNED_IN)
def job(request: Request, job_id: int, me: Me, session: Read) -> Response:
    """How far a job is, for the person who started it."""
    return page(request, "site/job.html", job=jobs.status_for(session, me, job_id))


@pages.post("/jobs/{job_id}/cancel", permission=SIGNED_IN)
def cancel_job(request: Request, job_id: int, me: Me, session: Write) -> Response:
    """Ask a job to stop."""
    jobs.cancel(session, me, job_id)
    return redirect(request, f"/jobs/{job_id}", _("The task is being stopped."))


@pages.post("/jobs/{job_id}/retry", permission=SIGNED_IN)
def retry_job(request: Request, job_id: int, me: Me, session: Write) -> Response:
    """Try a failed job again."""
    jobs.retry(session, me, job_id)
    return redirect(request, f"/jobs/{job_id}", _("The task is in line again."))


@pages.get("/look", permission=PUBLIC)
def look_page(request: Request, next: str = "/") -> Response:
    """How pages look on this device, to be chosen."""
    return page(request, "site/look.html", choices=looks.CHOICES, next=next)


@pages.post("/look", permission=PUBLIC)
def choose_look(request: Request, form: Form) -> Response:
    """Keep what was chosen, in this browser."""
    chosen = looks.Look.read([form.get(name) for name in looks.CHOICES])
    response = redirect(request, form.get("next") or "/", _("This is how pages look now."))
    keep_cookie(request, response, looks.COOKIE, str(chosen), 365 * 86400)
    return response


@pages.get("/light/{wish}", permission=PUBLIC)
def choose_light(request: Request, wish: str, next: str = "/") -> Response:
    """Read this site without images, or with them, in this browser; this counts more than what the browser says by itself."""
    if wish not in ("on", "off"):
        raise NotFound()
    response = redirect(request, next)
    keep_cookie(request, response, LIGHT_COOKIE, "1" if wish == "on" else "0", 365 * 86400)
    return response


@pages.get("/accessibility", permission=PUBLIC)
def accessibility(request: Request) -> Response:
    """The accessibility statement."""
    return page(request, "site/accessibility.html", checked_on=ACCESSIBILITY_CHECKED)


@pages.get("/source", permission=PUBLIC)
def source(request: Request) -> Response:
    """What this software is and its licence."""
    return page(request, "site/source.html")
