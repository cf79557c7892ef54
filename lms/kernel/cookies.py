"""What belongs to a request: the installation that serves it, and what the browser keeps for us."""

from fastapi import Request
from starlette.responses import Response

from lms.kernel import sessions
from lms.kernel.campus import Campus

FLASH_COOKIE = "flash"


def campus_of(request: Request) -> Campus:
    """The installation that serves this request."""
    campus: Campus = request.app.state.campus
    return campus


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
