"""Requests find their way by the first part of the path, to the very route that they would reach by trying all of them."""

import pytest
from starlette.routing import Match

from lms.kernel.routing import Signpost

PATHS = [
    "/",
    "/today",
    "/learn/POLI/7",
    "/static/style.css",
    "/staff/cohorts/POLI",
    "/api/v1/openapi.json",
    "/verify/AB12",
    "/nowhere",
    "/learn",
]


def scope_of(path, method="GET"):
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_it_leads_where_trying_every_route_leads(app, method):
    signpost, *routes = app.router.routes
    assert isinstance(signpost, Signpost)
    for path in [*PATHS, *(getattr(route, "path", "/").replace("{", "").replace("}", "") for route in routes)]:
        scope = scope_of(path, method)
        wanted = next((route for route in routes if route.matches(dict(scope))[0] == Match.FULL), None)
        match, found = signpost.matches(dict(scope))
        assert found.get("signposted") is wanted
        assert (match == Match.FULL) is (wanted is not None)


def test_what_it_does_not_know_is_answered_as_before(client):
    assert client.get("/nowhere").status_code == 404
    assert client.post("/verify").status_code in (403, 405)
