"""Every route as every role and as nobody, generated from the route table: nothing answers outside its permission."""

import hashlib
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select

from lms.app import create_app, gate_of
from lms.kernel import backup
from lms.kernel.campus import Campus
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import API, Router
from lms.plugin import Plugin, PluginError, Plugins
from tests.factories import actor_of
from tests.security.world import World

ROLES = (
    "nobody", "member", "own trainee", "other trainee", "own tutor", "other tutor", "other staff", "other reporter", "reporter", "staff",
    "administrator",
)  # fmt: skip

# Routes for everybody who has signed in, whose objects belong to somebody: who may see the sample object. Everybody else gets 403 or 404.
OWNERS: dict[str, tuple[str, ...]] = {
    "/jobs/{job_id}": ("staff", "administrator"),
    "/jobs/{job_id}/cancel": ("staff", "administrator"),
    "/jobs/{job_id}/retry": ("staff", "administrator"),
    "/learn/{code}": ("own trainee", "own tutor", "staff", "administrator"),
    "/learn/{code}/{activity_id}": ("own trainee", "own tutor", "staff", "administrator"),
    "/learn/{code}/{activity_id}/done": ("own trainee", "own tutor", "staff", "administrator"),
    "/learn/{code}/{activity_id}/file": ("own trainee", "own tutor", "staff", "administrator"),
    "/learn/{code}/{activity_id}/pictures/{number}": ("own trainee", "own tutor", "staff", "administrator"),
    "/learn/{code}/{activity_id}/pictures/{number}/{width}": ("own trainee", "own tutor", "staff", "administrator"),
    "/certificates/{code}/file": ("staff", "administrator"),
    "/notifications/{code}": ("own trainee",),
    "/profile/tokens/{code}/revoke": (),
    "/submissions/{code}": ("own trainee", "own tutor", "staff", "administrator"),
    "/submissions/{code}/files/{file_id}": ("own trainee", "own tutor", "staff", "administrator"),
}
# Their objects are open to everybody who has signed in: a cohort in the catalogue, a face beside a name.
OPEN_TO_MEMBERS = {"/people/{code}/photo", "/apply/{code}", "/apply/{code}/withdraw", "/cohorts/{code}/enrol", "/cohorts/{code}/withdraw"}
# Their objects are not of a cohort: what they show is cut to what the person reaches, which tests of the reports show.
CUT_TO_REACH = {"/reports/{name}", "/reports/{name}/definitions", "/reports/{name}/export.{kind}"}
# A POST of a mail program, whose address is the proof (RFC 8058): it needs no form token.
ONE_CLICK = {"/notifications/unsubscribe/{token}"}
# What the sample has none of: no photo, no file behind an assignment, a job that has not ended.
EMPTY = {
    "/people/{code}/photo", "/learn/{code}/{activity_id}/file", "/staff/courses/{code}/preview/{activity_id}/file", "/confirm/{token}",
    "/reset/{token}", "/staff/cohorts/{code}/certificates/exports/{job_id}", "/certificates/{code}/file",
    "/staff/programme/{code}/logo",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A line of the route table."""

    method: str
    path: str
    permission: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.permission})"


def table(app: FastAPI) -> list[Entry]:
    """Every route that plugins and the site serve to browsers; those of the API are walked by tokens, in test_api."""
    found = []
    for route in app.routes:
        if isinstance(route, APIRoute) and not route.path.startswith(API):
            gate = gate_of(route)
            assert gate is not None
            found += [Entry(method, route.path, gate.permission) for method in sorted(route.methods or ()) if method in ("GET", "POST")]
    return found


def holds(world: World, name: str, permission: str, *, anywhere: bool = False) -> bool:
    """Whether the person holds the permission where the sample objects live, or anywhere."""
    if name == "nobody":
        return False
    actor = actor_of(world.campus, world.people[name])
    return actor.can_anywhere(permission) if anywhere else actor.can(permission, world.cohort.scope)


def is_outside(world: World, name: str, entry: Entry) -> bool:
    """Whether this person must be kept out of the sample object behind this route."""
    if entry.permission == PUBLIC:
        return False
    if name == "nobody":
        return True
    if entry.permission == SIGNED_IN:
        return entry.path in OWNERS and name not in OWNERS[entry.path]
    is_about_an_object = "{" in entry.path and entry.path not in CUT_TO_REACH
    return not holds(world, name, entry.permission, anywhere=not is_about_an_object)


def is_refused(answer, name: str) -> bool:
    """Whether the answer shows nothing: a way to sign in for nobody, 403 or 404 for others."""
    if name == "nobody":
        return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    return answer.status_code in (403, 404)


def test_the_table_of_routes_is_whole(app):
    """A route with an object needs an owner or a permission; a stale exception is an error too."""
    entries = table(app)
    assert len(entries) > 100
    unknown = [e for e in entries if e.permission == SIGNED_IN and "{" in e.path and e.path not in {*OWNERS, *OPEN_TO_MEMBERS}]
    assert unknown == []
    paths = {entry.path for entry in entries}
    assert {*OWNERS, *OPEN_TO_MEMBERS, *CUT_TO_REACH, *EMPTY, *ONE_CLICK} <= paths
    gates = {route.path: gate_of(route) for route in app.routes if isinstance(route, APIRoute)}
    assert {path for path, gate in gates.items() if gate and not gate.asks_form_token} == ONE_CLICK


def test_nobody_reads_outside_a_permission(world, app, visit):
    wrong = []
    entries = [entry for entry in table(app) if entry.method == "GET"]
    for name in ROLES:
        visitor = world.browser(name, visit())
        for entry in entries:
            answer = visitor.get(world.path(entry.path))
            if answer.status_code >= 500 or is_outside(world, name, entry) != is_refused(answer, name):
                if entry.path in EMPTY and answer.status_code == 404:
                    continue
                wrong.append(f"{name}: {entry} -> {answer.status_code} {answer.headers.get('location', '')}")
    assert not wrong, "\n".join(wrong)


def test_nobody_changes_anything_outside_a_permission(world, app, visit):
    entries = [entry for entry in table(app) if entry.method == "POST"]
    before, wrong = digest(world.campus), []
    for name in ROLES:
        visitor = world.browser(name, visit())
        for entry in entries:
            if is_outside(world, name, entry):
                answer = visitor.post(world.path(entry.path))
                if not is_refused(answer, name):
                    wrong.append(f"{name}: {entry} -> {answer.status_code} {answer.headers.get('location', '')}")
    assert not wrong, "\n".join(wrong)
    assert digest(world.campus) == before


@pytest.mark.parametrize("name", ["own trainee", "own tutor", "staff", "administrator"])
def test_an_empty_form_never_breaks_the_server(world, app, visit, name):
    visitor = world.browser(name, visit())
    # What ends the session or the objects comes last.
    last = ("/sign-out", "/delete", "/erase", "/password", "/withdraw")
    entries = sorted(
        (e for e in table(app) if e.method == "POST"), key=lambda e: (any(word in e.path for word in last), "sign-out" in e.path)
    )
    broken = []
    for entry in entries:
        answer = visitor.post(world.path(entry.path))
        if answer.status_code >= 500:
            broken.append(f"{entry} -> {answer.status_code}")
    assert broken == []


def test_every_form_needs_its_token(world, app, visit):
    before, wrong = digest(world.campus), []
    for name in ("nobody", "administrator"):
        browser = world.browser(name, visit()).browser
        for entry in table(app):
            if entry.method == "POST" and entry.path not in ONE_CLICK:
                answer = browser.post(world.path(entry.path), data={"csrf_token": "forged"}, follow_redirects=False)
                if answer.status_code != 403 and not is_refused(answer, name):
                    wrong.append(f"{name}: {entry} -> {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert digest(world.campus) == before


def test_a_route_without_a_permission_stops_the_server(campus):
    router = Router()
    router.routes.append(APIRoute("/open", lambda: "hello", methods=["GET"]))
    campus.plugins = Plugins([*campus.plugins, Plugin(name="careless", pages=router)])
    with pytest.raises(PluginError, match="/open"):
        create_app(campus)


def digest(campus: Campus) -> str:
    """A checksum of everything in the database, but for when a browser or a token was last seen and how often something was tried."""
    found = hashlib.sha256()
    with campus.database.reading() as session:
        for each in backup.tables():
            if each.name not in ("sign_in", "rate_limit", "api_token"):
                for row in session.execute(select(each).order_by(*each.primary_key)):
                    found.update(repr((each.name, *row)).encode())
    return found.hexdigest()
