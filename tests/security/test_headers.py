"""What every answer says to the browser, over the whole table of routes; and what reading and odd requests do: nothing."""

import re

import pytest
from fastapi.routing import APIRoute

from lms.accounts.models import Person
from lms.kernel.permissions import RoleGrant
from lms.kernel.sessions import RateLimit
from tests.accounts.stories import PASSWORD, enter, link, mails, somebody, submit
from tests.security import objects
from tests.security.test_routes import digest
from tests.security.world import World, build

pytestmark = pytest.mark.parametrize("campus", ["sqlite"], indirect=True)


@pytest.fixture
def world(campus) -> World:
    """The campus with two of everything."""
    made, other = build(campus)
    objects.add(made, other)
    return made


@pytest.fixture
def answers(world, app, visit):
    """What every page says to an administrator who came from another site's page, and to nobody."""
    found = {}
    for name in ("administrator", "nobody"):
        visitor = world.browser(name, visit())
        visitor.browser.headers["origin"] = "https://elsewhere.example"
        for route in app.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.startswith("/api/"):
                found[name, route.path] = visitor.get(world.path(route.path))
    return found


def test_no_answer_opens_itself_to_other_sites(answers):
    assert len(answers) > 150
    assert [key for key, answer in answers.items() if any(name.startswith("access-control") for name in answer.headers)] == []


def test_every_answer_says_what_it_is(answers):
    wrong = []
    for key, answer in answers.items():
        kind = answer.headers.get("content-type", "")
        if answer.content and not kind:
            wrong.append(key)
        if kind.startswith("text/") and "charset=utf-8" not in kind:
            wrong.append(key)
        if answer.text.lstrip().lower().startswith("<!doctype html") != kind.startswith("text/html"):
            wrong.append(key)
    assert wrong == []


def test_nothing_private_may_be_kept_by_others(answers):
    wrong = []
    for key, answer in answers.items():
        rule = answer.headers.get("cache-control", "")
        if key[0] == "administrator" and answer.status_code == 200 and "public" in rule:
            wrong.append(key)
        if answer.headers.get("content-type", "").startswith("text/html") and not re.search("private|no-store", rule):
            wrong.append(key)
    assert wrong == []


def test_reading_every_page_changes_nothing(world, app, visit):
    before = digest(world.campus)
    for name in ("administrator", "own tutor", "reporter", "nobody"):
        visitor = world.browser(name, visit())
        for route in app.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.startswith("/api/"):
                visitor.get(world.path(route.path))
    assert digest(world.campus) == before


def test_a_page_whose_address_is_a_secret_tells_it_to_nobody(client, campus):
    somebody(campus, password=PASSWORD)
    submit(client, "/reset", email="ana@example.org")
    answer = client.get(link(mails(campus)[0]))
    assert answer.status_code == 200
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert client.get("/sign-in").headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/static", "/static/", "/static/../lms/", "/static/%2e%2e/pyproject.toml", "/.git/config", "/.env", "/var/lms.db"]
)
def test_folders_are_not_listed(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG"])
def test_trace_is_not_answered(client, method):
    answer = client.request(method, "/privacy", headers={"x-secret": "echo me", "sec-fetch-site": "same-origin"})
    assert answer.status_code in (404, 405, 501)
    assert "echo me" not in answer.text


def test_fields_that_a_form_does_not_have_change_nothing(client, campus):
    me = enter(client, campus)
    extra = {"id": "1", "code": "mine", "email": "thief@example.org", "erased_at": "2026-01-01", "search_text": "", "role": "administrator",
             "scope_kind": "site", "photo_file_id": "1", "region_id": "1", "created_at": "2020-01-01", "unlimited": "1"}  # fmt: skip
    known = {"given_name": "Ana", "language": "en", "timezone": "UTC", "gender": "female", "organisation_type": "other"}
    submit(client, "/profile", **known, **extra)
    with campus.database.reading() as session:
        after = session.one(Person, me.id)
        grants = list(session.scalars(RoleGrant.__table__.select()))  # type: ignore[attr-defined]
    same = ("id", "code", "email", "erased_at", "photo_file_id", "region_id", "created_at")
    assert [getattr(after, name) for name in same] == [getattr(me, name) for name in same]
    assert (after.gender, grants) == ("female", [])


def test_tries_are_kept_as_digests(client, campus):
    submit(client, "/sign-in", email="ana@example.org", password="wrong")
    with campus.database.reading() as session:
        keys = [row.key for row in session.execute(RateLimit.__table__.select())]  # type: ignore[attr-defined]
    assert keys
    assert not any("ana" in key or "testclient" in key for key in keys)
