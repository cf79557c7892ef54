"""Refusals as RFC 9457 problems: `application/problem+json`."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse

from lms.kernel.errors import Invalid, NotFound, Refused

MEDIA_TYPE = "application/problem+json"


class FaultAt(BaseModel):
    """One thing that is wrong with what was sent."""

    model_config = ConfigDict(extra="forbid")
    pointer: str | None = None
    """Where in the body, as a JSON pointer (RFC 6901)."""
    parameter: str | None = None
    """Which parameter of the address."""
    detail: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank", "title": "Please check the form", "status": 422, "detail": "This address is taken.",
                    "instance": "/api/v1/people", "code": "invalid", "request_id": "3f2a9c0d1e4b5a67",
                    "errors": [{"pointer": "/email", "detail": "This address is taken."}],
                }
            ]
        }
    )  # fmt: skip
    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    """The kind of problem in a word for programs, such as `no-place-left`."""
    request_id: str
    """What the log of the server calls this request."""
    errors: list[FaultAt] = []


class InvalidRequest(Invalid):
    """What was sent is not what the description of the API asks for. Keys: JSON pointers, or parameters after a question mark."""


def problem(request: Request, refusal: Refused) -> JSONResponse:
    """The refusal as a problem."""
    body: dict[str, Any] = {
        "type": "about:blank", "title": str(refusal.title), "status": refusal.status, "detail": refusal.sentence(),
        "instance": request.url.path, "code": code_of(refusal), "request_id": getattr(request.state, "request_id", ""),
    }  # fmt: skip
    if errors := getattr(refusal, "errors", None):
        body["errors"] = faults(errors)
    if refusal.present:
        body["present"] = dict(refusal.present)
    headers = {"cache-control": "no-store", **refusal.headers}
    if refusal.status == 401:
        headers.setdefault("www-authenticate", 'Bearer realm="Aula Sur"')  # RFC 9110 §11.6.1
    if refusal.status == 429 and "minutes" in refusal.facts:
        headers["retry-after"] = str(60 * int(refusal.facts["minutes"]))
    return JSONResponse(body, refusal.status, headers, media_type=MEDIA_TYPE)


def code_of(refusal: Refused) -> str:
    """The name of the refusal as a word: NoPlaceLeft is no-place-left."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(refusal).__name__).lower()


def faults(errors: Mapping[str, str]) -> list[dict[str, str]]:
    """Sentences by field as a list with places."""
    found = []
    for field, sentence in errors.items():
        place = (
            {"parameter": field[1:]} if field.startswith("?") else {"pointer": field if field.startswith("/") or not field else f"/{field}"}
        )
        found.append({**place, "detail": sentence})
    return found


def misread(error: RequestValidationError) -> Refused:
    """What the framework could not read, as a refusal: nothing is at an address whose parts are not what they should be."""
    errors: dict[str, str] = {}
    for item in error.errors():
        where, *path = item["loc"]
        if where == "path":
            return NotFound()
        place = "".join(f"/{_escaped(part)}" for part in path) if where == "body" else "?" + ".".join(map(str, path))
        errors[place] = _sentence(item)
    return InvalidRequest(errors)


def _sentence(item: Mapping[str, Any]) -> str:
    said = item.get("ctx", {}).get("error")
    # English: it is for the programmer who reads the description of the API, and names what is written there.
    return str(said) if item["type"] == "value_error" and said else str(item["msg"])


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
