"""The description of the API: OpenAPI 3.1 at /api/v1/openapi.json, made from the routes of all plugins that are loaded."""

import copy
import json
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from lms.kernel.api import ApiRoute
from lms.kernel.api_gate import ApiGate
from lms.kernel.api_problems import Problem
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import API, Router, campus_of

description = Router(prefix=API)
BEARER = "token"
TEXT = """What the pages do, for programs. Every rule of the pages holds here: a token acts for the person who made it, within her roles.

Send `Authorization: Bearer TOKEN`; tokens are made in the profile or by `lms token create`.
Collections answer `{"items": […], "next": cursor}`: send `next` back as `cursor` until it is null.
Refusals are problems (RFC 9457). What can be edited has an ETag: send it back as If-Match, and nobody's change is lost."""


@description.get("/openapi.json", permission=PUBLIC)
def openapi(request: Request) -> Response:
    """The description of the API."""
    app = request.app
    if not hasattr(app.state, "openapi"):
        app.state.openapi = json.dumps(describe(app, campus_of(request).settings.base_url), ensure_ascii=False).encode()
    return Response(app.state.openapi, media_type="application/json", headers={"cache-control": "public, max-age=300"})


def describe(app: FastAPI, base_url: str) -> dict[str, Any]:
    """The description of every route of the API that says what it answers."""
    routes = [_reading_only(route) for route in app.routes if isinstance(route, ApiRoute)]
    schema = get_openapi(
        title="Aula Sur", version=version("aula-sur"), description=TEXT, routes=routes, servers=[{"url": base_url}],
        separate_input_output_schemas=False,
    )  # fmt: skip
    parts = schema.setdefault("components", {})
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts.setdefault("schemas", {}).update({**model.pop("$defs", {}), "Problem": model})
    parts["securitySchemes"] = {BEARER: {"type": "http", "scheme": "bearer", "description": "A token with the scope `read` or `write`."}}
    for route in routes:
        for method in route.methods or ():
            _complete(schema["paths"][route.path_format][method.lower()], route)
    return schema


def _reading_only(route: ApiRoute) -> ApiRoute:
    """The route without HEAD, which is GET without a body and needs no words."""
    shown = copy.copy(route)
    shown.methods = (route.methods or set()) - {"HEAD"}
    return shown


def _complete(operation: dict[str, Any], route: ApiRoute) -> None:
    gate = next(d.dependency for d in route.dependencies if isinstance(d.dependency, ApiGate))
    operation["operationId"] = route.name
    operation["summary"] = (route.endpoint.__doc__ or route.name).strip().splitlines()[0]
    if gate.permission != PUBLIC:
        operation["security"] = [{BEARER: [gate.scope]}]
        needs = "" if gate.permission == SIGNED_IN else f" Needs the permission `{gate.permission}`."
        operation["description"] = f"{operation.get('description', '')}\n\nScope of the token: `{gate.scope}`.{needs}".strip()
    if "POST" in (route.methods or ()):
        _header(
            operation,
            "Idempotency-Key",
            "A word of your own for this one thing to do. Sent twice within 24 hours, it is done once and "
            "answered twice, the second time with `Idempotent-Replayed: true`; with another body it is refused.",
            minLength=1,
            maxLength=200,
            pattern="^[!-~]+$",
        )
    if "GET" in (route.methods or ()):
        _header(operation, "If-None-Match", "The ETag that you have: 304 where it is still the same.")
    if {"PATCH", "PUT"} & (route.methods or set()):
        _header(operation, "If-Match", "The ETag that you read: 412 where somebody changed it since.")


def _header(operation: dict[str, Any], name: str, text: str, **limits: Any) -> None:
    schema = {"type": "string", **limits}
    operation.setdefault("parameters", []).append({"name": name, "in": "header", "required": False, "description": text, "schema": schema})
