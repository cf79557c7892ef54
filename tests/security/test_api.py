"""Every route of the API as every role by a token, from the table of routes: nothing answers outside what its pages would show."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from lms.app import gate_of
from lms.kernel import api_tokens
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import API, Gate
from tests.factories import sign_in
from tests.security.test_routes import CUT_TO_REACH, ROLES, digest, holds
from tests.security.world import World

EVERYBODY = tuple(role for role in ROLES if role != "nobody")
STAFF = ("staff", "administrator")
THEIRS = ("own trainee", "own tutor", *STAFF)
# Who sees the sample object behind an address; everybody else is told that there is none.
SEES: dict[str, tuple[str, ...]] = {
    "/regions/{code}": EVERYBODY,
    "/courses/{code}": EVERYBODY,
    "/cohorts/{code}": EVERYBODY,
    "/people/{code}": ("own trainee", *STAFF),
    "/jobs/{job_id}": STAFF,
    "/enrolments/{enrolment_id}": THEIRS,
    "/applications/{code}": STAFF,
    "/certificates/{code}": STAFF,
    "/certificates/{code}/file": STAFF,
    "/assignments/{assignment_id}": THEIRS,
    "/grades/{grade_id}": ("own tutor", *STAFF),  # which is not released
    "/submissions/{code}": THEIRS,
    "/submissions/{code}/grade": ("own tutor", *STAFF),
    "/submissions/{code}/files/{file_id}": THEIRS,
}
FREE = ("/openapi.json",)
BODIES: tuple[dict[str, Any], ...] = ({}, {"json": {}}, {"data": {"a": "b"}}, {"content": b"\xff\x00"})


class Walk:
    """The API as somebody sees it."""

    def __init__(self, world: World, name: str, client: Any, *scopes: str) -> None:
        self.client = client
        if name != "nobody":
            with world.campus.database.transaction() as session:
                token, _row = api_tokens.make(session, world.people[name].id or 0, "walk", scopes or api_tokens.SCOPES, 1)
            client.headers["authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Ask for something."""
        return self.client.request(method, API + path, **more)

    def first(self, path: str, field: str, **asked: str) -> Any:
        """A field of the first item of a collection."""
        answer = self.ask("GET", path, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"][0][field]


def samples(world: World, walk: Walk) -> dict[str, dict[str, Any]]:
    """What fills the addresses, found by the administrator in the collections themselves."""
    cohort, person = world.cohort.code, world.people["own trainee"].code
    mine = {"cohort": cohort, "person": person}
    submission = {"code": walk.first("/submissions", "code", **mine)}
    of_submission = walk.ask("GET", f"/submissions/{submission['code']}").json()
    return {
        "/regions": {"code": "005"},
        "/courses": {"code": world.course.code},
        "/cohorts": {"code": cohort},
        "/people": {"code": person},
        "/jobs": {"job_id": world.path("/jobs/{job_id}").rpartition("/")[2]},
        "/enrolments": {"enrolment_id": walk.first("/enrolments", "id", **mine)},
        "/applications": {"code": walk.first("/applications", "code", cohort=cohort)},
        "/certificates": {"code": walk.first("/certificates", "code", cohort=cohort)},
        "/assignments": {"assignment_id": walk.first("/assignments", "id", cohort=cohort)},
        "/grades": {"grade_id": walk.first("/grades", "id", **mine)},
        "/submissions": {**submission, "file_id": of_submission["files"][0]["id"]},
        "/reports": {"name": "trainees"},
    }


def routes(app: FastAPI) -> list[tuple[str, str, Gate]]:
    """Every method and address of the API below /api/v1, with its gate."""
    found = []
    for route in app.routes:
        if isinstance(route, APIRoute) and route.path.startswith(API):
            gate = gate_of(route)
            assert gate is not None
            found += [(method, route.path.removeprefix(API), gate) for method in sorted(route.methods or ()) if method != "HEAD"]
    return found


def filled(path: str, found: dict[str, dict[str, Any]]) -> str:
    """The address of the sample object."""
    return path.format(**found["/" + path.split("/")[1]]) if "{" in path else path


def is_inside(world: World, name: str, path: str, permission: str) -> bool:
    """Whether this person is to be answered."""
    if permission == PUBLIC:
        return True
    if name == "nobody":
        return False
    if permission != SIGNED_IN:
        return holds(world, name, permission, anywhere="{" not in path or path in CUT_TO_REACH)
    return "{" not in path or name in SEES[path]


def test_every_address_of_the_api_says_who_sees_what_is_behind_it(app):
    told = {path for _method, path, gate in routes(app) if "{" in path and gate.permission == SIGNED_IN}
    assert told - set(SEES) == set()
    paths = {path for _method, path, _gate in routes(app)}
    assert {*SEES, *FREE} <= paths
    assert {path for _method, path, gate in routes(app) if gate.permission == PUBLIC} == set(FREE)


def test_nobody_reads_outside_what_is_open_to_her(world, app, visit):
    world.campus.run_jobs()  # draws the certificate
    found, wrong = samples(world, Walk(world, "administrator", visit())), []
    for name in ROLES:
        walk = Walk(world, name, visit(), "read")
        for method, path, gate in routes(app):
            if method == "GET":
                answer = walk.ask("GET", filled(path, found))
                # A member of the cohort is told that her role does not allow it, a stranger that there is nothing.
                refused = (
                    (401,) if name == "nobody" else (403,) if gate.permission != SIGNED_IN else (404, 403)[: 1 + name.startswith("own")]
                )
                expected = (200,) if is_inside(world, name, path, gate.permission) else refused
                if answer.status_code not in expected:
                    wrong.append(f"{name}: GET {path} -> {answer.status_code}, not {expected}")
    assert not wrong, "\n".join(wrong)


def test_collections_hold_nothing_from_elsewhere(world, app, visit):
    """Who has nothing to do with a cohort finds nothing of it in any list."""
    secrets = [world.people["own trainee"].code, world.people["own trainee"].email or ""]
    for name in ("member", "other trainee", "other tutor", "other staff", "other reporter", "reporter"):
        walk = Walk(world, name, visit(), "read")
        for method, path, gate in routes(app):
            if method == "GET" and "{" not in path and path not in FREE and is_inside(world, name, path, gate.permission):
                text = walk.ask("GET", path, params={"limit": 500} if path != "/me" else {}).text
                assert not [secret for secret in secrets if secret in text], f"{name}: {path}"


def test_nobody_writes_with_a_cookie_or_a_token_for_reading(world, app, visit):
    found = samples(world, Walk(world, "administrator", visit()))
    reading, browser = Walk(world, "administrator", visit(), "read"), Walk(world, "nobody", visit())
    sign_in(browser.client, world.campus, world.people["administrator"])
    before = digest(world.campus)
    writing = [(method, filled(path, found)) for method, path, _gate in routes(app) if method != "GET"]
    assert len(writing) > 6
    for method, path in writing:
        assert reading.ask(method, path, json={}).status_code == 403, path
        assert browser.ask(method, path, json={}).status_code == 401, path
    assert digest(world.campus) == before


def test_an_empty_or_odd_body_changes_nothing_and_breaks_nothing(world, app, visit):
    found = samples(world, Walk(world, "administrator", visit()))
    walks = {name: Walk(world, name, visit()) for name in ROLES}
    before, wrong = digest(world.campus), []
    for name, walk in walks.items():
        for method, path, gate in routes(app):
            for body in BODIES if method != "GET" else ():
                answer = walk.ask(method, filled(path, found), **body)
                is_outside = not is_inside(world, name, path, gate.permission)
                if answer.status_code >= 500 or (is_outside and answer.status_code < 400):
                    wrong.append(f"{name}: {method} {path} -> {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert digest(world.campus) == before
