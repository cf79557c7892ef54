"""The campus without a line: the service worker, what may be kept on a device, and the pages about it.

Which pages a device may keep is decided here and by the routes that call `may_keep`; the worker keeps nothing else. Every page says whose
it is in the header `Offline` ("7", "7; keep", "7; again" or "nobody"; written by `lms.kernel.middleware`), so that a device forgets what
belongs to somebody else, or to a session that has ended. See docs/decisions/offline.md.
"""

import json
import re

from fastapi import Request
from starlette.responses import JSONResponse, Response

from lms.kernel import i18n
from lms.kernel.i18n import _
from lms.kernel.middleware import KEEP, OFFLINE
from lms.kernel.once import OnceRoute
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.rendering import csrf_token
from lms.kernel.web import Me, Router, campus_of, page

pages = Router()
WORKER = ("worker/store.js", "worker/waiting.js", "worker/keeping.js", "worker/worker.js")
ASSETS = ("style.css", "app.js", "offline.js", "device.js", "favicon.svg", "icons.svg")
PAPER = "#fbf8f3"


def may_keep(response: Response, allowed: bool = True) -> Response:
    """The answer, which the person's own device may keep where that is allowed."""
    if allowed and response.status_code == 200:
        response.headers[OFFLINE] = KEEP
    return response


def is_for_later(request: Request) -> bool:
    """Whether a device asks in order to keep the answer, and nobody looks at it now."""
    return request.headers.get(OFFLINE) == KEEP


@pages.get("/sw.js", permission=PUBLIC)
def worker(request: Request) -> Response:
    """The service worker: what it needs to know of this version, and the addresses of its parts."""
    static = request.app.state.static
    known = {
        "version": static.version, "assets": [static.url(name) for name in ASSETS], "most": campus_of(request).settings.max_upload_bytes,
        "once": [_pattern(route.path) for route in request.app.routes if isinstance(route, OnceRoute)],
    }  # fmt: skip
    parts = ", ".join(json.dumps(static.url(name)) for name in WORKER)
    text = f'"use strict";\nconst CAMPUS = {json.dumps(known, indent=2)};\nimportScripts({parts});\n'
    return Response(text, media_type="text/javascript; charset=utf-8", headers={"cache-control": "no-cache"})


def _pattern(path: str) -> str:
    return "^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$"


@pages.get("/manifest.webmanifest", permission=PUBLIC)
def manifest(request: Request) -> Response:
    """What a phone needs to put the campus on its home screen, in the reader's language."""
    static = request.app.state.static.url
    icons = [("favicon.svg", "image/svg+xml", "any", "any"), ("icon-192.png", "image/png", "192x192", "any"),
             ("icon-512.png", "image/png", "512x512", "any"), ("icon-maskable.png", "image/png", "512x512", "maskable")]  # fmt: skip
    told = {
        "id": "/", "name": "Aula Sur", "short_name": "Aula Sur", "start_url": "/today", "scope": "/", "display": "standalone",
        "lang": i18n.locale().replace("_", "-"), "dir": i18n.text_direction(i18n.locale()), "background_color": PAPER, "theme_color": PAPER,
        "description": _("Courses for people who bring evidence into policy, taught across borders."), "categories": ["education"],
        "icons": [{"src": static(name), "type": kind, "sizes": sizes, "purpose": purpose} for name, kind, sizes, purpose in icons],
    }  # fmt: skip
    return JSONResponse(told, headers={"cache-control": "private, max-age=86400"}, media_type="application/manifest+json")


@pages.get("/offline", permission=PUBLIC)
def device_page(request: Request) -> Response:
    """What is kept on this device and what waits to be sent: a frame, which the device fills. Kept itself, for pages that are not."""
    return may_keep(page(request, "site/offline.html"))


@pages.get("/offline/token", permission=SIGNED_IN)
def fresh_token(request: Request, me: Me) -> Response:
    """A form token for what a device sends from its queue, whose own has grown stale; and who is signed in now."""
    return JSONResponse({"token": csrf_token(request), "person": str(me.id)}, headers={"cache-control": "no-store"})
