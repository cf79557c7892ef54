"""Being signed in, forms that nobody else can send, and limits on trying."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from lms.kernel import clock, sessions
from lms.kernel.campus import Campus
from lms.kernel.errors import TooMany
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import Me, Router, Write
from tests.conftest import ADDRESS
from tests.factories import make_person, sign_in
from tests.kernel.probe import browse, send, token, with_pages, with_settings

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pages = Router()


@pages.get("/probe/me", permission=SIGNED_IN)
def who(me: Me) -> Response:
    """Who asks."""
    return PlainTextResponse(me.name)


@pages.post("/probe/act", permission=SIGNED_IN)
def act(session: Write) -> Response:
    """Something for people who have signed in."""
    return PlainTextResponse("acted")


@pages.post("/probe/open", permission=PUBLIC)
def act_openly(session: Write) -> Response:
    """Something for everybody."""
    return PlainTextResponse("acted")


@pytest.fixture
def probe(campus: Campus) -> Campus:
    return with_pages(campus, pages)


@pytest.fixture
def browser(probe: Campus) -> TestClient:
    """A browser in which somebody has signed in at noon, for a day."""
    with clock.frozen(NOON):
        return sign_in(browse(probe), probe, make_person(probe, given_name="Rosa", family_name="Quispe"))


def test_a_session_that_is_not_used_ends(browser: TestClient) -> None:
    with clock.frozen(NOON + DAY - HOUR * 13):
        assert browser.get("/probe/me").text == "Rosa Quispe"
    with clock.frozen(NOON + timedelta(days=40)):
        answer = browser.get("/probe/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/probe/me")


def test_a_session_in_use_lives_on_and_so_does_its_cookie(browser: TestClient, probe: Campus) -> None:
    cookie = f"session={browser.cookies['session']}; Max-Age={probe.settings.session_days * 86400}; Path=/; HttpOnly; SameSite=Lax"
    with clock.frozen(NOON + timedelta(minutes=1)):
        assert "set-cookie" not in browser.get("/probe/me").headers, "a write for every page would cost more than it tells"
    for half in range(1, 6):
        with clock.frozen(NOON + HOUR * 12 * half):
            answer = browser.get("/probe/me")
            assert answer.status_code == 200
            assert answer.headers["set-cookie"] == cookie


def test_a_session_ends_one_day_however_much_it_is_used(browser: TestClient, probe: Campus) -> None:
    for day in range(probe.settings.session_max_days):
        with clock.frozen(NOON + DAY * day + HOUR * 12):
            assert browser.get("/probe/me").status_code == 200
    with clock.frozen(NOON + DAY * probe.settings.session_max_days):
        assert browser.get("/probe/me").status_code == 303


def test_signing_out_is_stronger_than_renewing(browser: TestClient, probe: Campus) -> None:
    with clock.frozen(NOON + HOUR):
        answer = send(probe, browser, "/sign-out")
        assert [c.partition(";")[0] for c in answer.headers.get_list("set-cookie") if c.startswith("session=")] == ['session=""']
        assert browser.get("/probe/me").status_code == 303


def test_signing_out_closes_the_session_itself_not_only_the_cookie(browser: TestClient, probe: Campus) -> None:
    with clock.frozen(NOON):
        stolen = browser.cookies["session"]
        send(probe, browser, "/sign-out")
        browser.cookies.set("session", stolen)
        assert browser.get("/probe/me").status_code == 303


def test_signing_out_everywhere_ends_every_browser_of_the_person_and_of_nobody_else(probe: Campus) -> None:
    rosa, ana = make_person(probe), make_person(probe)
    here, there, another = (sign_in(browse(probe), probe, person) for person in (rosa, rosa, ana))
    send(probe, here, "/sign-out-everywhere")
    assert [b.get("/probe/me").status_code for b in (here, there, another)] == [303, 303, 200]


@pytest.mark.parametrize("cookie", ["", "x", "a" * 5000, "ñ", "' or 1=1 --"])
def test_a_made_up_session_is_a_visitor(probe: Campus, cookie: str) -> None:
    answer = browse(probe).get("/probe/me", headers={b"cookie": f"session={cookie}".encode()})
    assert answer.status_code == 303


def test_the_database_holds_no_token_that_opens_anything(browser: TestClient, probe: Campus) -> None:
    with probe.database.reading() as session:
        stored: Any = session.execute(select(sessions.SignIn)).scalars().all()
    assert browser.cookies["session"] not in repr([row.model_dump() for row in stored])


def test_a_form_without_its_token_is_refused(browser: TestClient, probe: Campus) -> None:
    with clock.frozen(NOON):
        assert browser.post("/probe/act").status_code == 403
        assert browser.post("/probe/act", data={"csrf_token": ""}).status_code == 403
        assert browser.post("/probe/act", files={"csrf_token": ("t.txt", token(probe, browser))}).status_code == 403
        assert send(probe, browser, "/probe/act").text == "acted"


def test_the_token_of_another_session_is_refused(probe: Campus) -> None:
    rosa, ana = (sign_in(browse(probe), probe, make_person(probe)) for _ in range(2))
    answer = rosa.post("/probe/act", data={"csrf_token": token(probe, ana)})
    assert (answer.status_code, "expired" in answer.text) == (403, True)


def test_the_token_of_a_visitor_is_tied_to_that_visitor(probe: Campus) -> None:
    one, other = browse(probe), browse(probe)
    other.cookies.set(sessions.VISITOR_COOKIE, "somebody-else")
    assert other.post("/probe/open", data={"csrf_token": token(probe, one)}).status_code == 403
    assert send(probe, one, "/probe/open").text == "acted"


def test_a_visitor_gets_a_cookie_only_with_a_form(probe: Campus) -> None:
    browser = browse(probe)
    assert not browser.get("/accessibility").cookies
    form = browser.get("/sign-in")
    assert [c.partition("=")[0] for c in form.headers.get_list("set-cookie")] == ["visitor"]
    assert not browser.get("/sign-in").cookies, "one visitor stays one"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": ADDRESS}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "http://testserver.elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "host": ""}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": ADDRESS}, 200),
        ({}, 200),
    ],
)
def test_only_our_own_pages_may_send_forms(probe: Campus, headers: dict[str, str], status: int) -> None:
    browser = browse(probe)
    answer = browser.post("/probe/open", data={"csrf_token": token(probe, browser)}, headers=headers)
    assert answer.status_code == status


def test_reading_from_elsewhere_is_what_links_are_for(probe: Campus) -> None:
    assert browse(probe).get("/accessibility", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_behind_a_proxy_the_public_address_counts_too(campus: Campus) -> None:
    probe = with_settings(with_pages(campus, pages), base_url="https://aula.example")
    browser = browse(probe)
    answer = browser.post("/probe/open", data={"csrf_token": token(probe, browser)}, headers={"origin": "https://aula.example"})
    assert answer.status_code == 200


def test_over_https_every_cookie_is_for_https_alone(campus: Campus) -> None:
    probe = with_settings(with_pages(campus, pages), base_url="https://aula.example")
    with clock.frozen(NOON):
        browser = browse(probe)
        form = browser.get("/sign-in")
        sign_in(browser, probe, make_person(probe))
    with clock.frozen(NOON + HOUR):
        page = browser.get("/probe/me")
    assert all("; Secure" in answer.headers["set-cookie"] for answer in (form, page))
    assert form.headers["set-cookie"].startswith("__Host-visitor=")
    assert page.headers["set-cookie"].startswith("__Host-session=")


def test_over_https_a_session_under_another_name_is_none(campus: Campus) -> None:
    """A neighbour's host, or a page over plain http, can set a cookie for us, but never one that begins with __Host-."""
    probe = with_settings(with_pages(campus, pages), base_url="https://aula.example")
    browser = sign_in(browse(probe), probe, make_person(probe))
    assert browser.get("/probe/me").status_code == 200
    token = browser.cookies["__Host-session"]
    browser.cookies.clear()
    browser.cookies.set("session", token)
    assert browser.get("/probe/me").status_code == 303


def test_the_token_of_a_form_is_another_one_on_every_page(browser: TestClient, probe: Campus) -> None:
    """Else its letters could be guessed from the sizes of compressed pages (BREACH)."""
    with clock.frozen(NOON):
        found = [re.findall(r'name="csrf_token" value="([^"]+)"', browser.get("/profile").text) for _ in range(2)]
        assert len(set(found[0])) == len(set(found[1])) == 1
        assert found[0][0] != found[1][0]
        for sent in (found[0][0], found[1][0]):
            assert browser.post("/probe/act", data={"csrf_token": sent}).status_code == 200
        assert browser.post("/probe/act", data={"csrf_token": found[0][0][:16] + found[1][0][16:]}).status_code == 403


def tries(campus: Campus, key: str) -> int:
    with campus.database.reading() as session:
        row: Any = session.get(sessions.RateLimit, sessions.limit_key(key))
        return row.count if row else 0


def refused(act: Callable[[], None]) -> TooMany | None:
    try:
        act()
    except TooMany as refusal:
        return refusal
    return None


def test_a_refused_try_counts_too_and_the_window_ends(campus: Campus) -> None:
    def attempt() -> None:
        sessions.limit(campus.database, "k", 3, HOUR)

    with clock.frozen(NOON):
        assert [bool(refused(attempt)) for _ in range(5)] == [False, False, False, True, True]
    with clock.frozen(NOON + timedelta(minutes=45)):
        refusal = refused(attempt)
        assert refusal is not None
        assert " 15 " in refusal.sentence()
    assert tries(campus, "k") == 6
    with clock.frozen(NOON + HOUR):
        assert refused(attempt) is None
    assert tries(campus, "k") == 1


def test_tries_at_once_are_all_counted(campus: Campus) -> None:
    def attempt(_number: int) -> bool:
        return refused(lambda: sessions.limit(campus.database, "k", 5, HOUR)) is not None

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(attempt, range(30)))
    assert (answers.count(False), tries(campus, "k")) == (5, 30)


def test_a_success_forgets_the_tries_before_it(campus: Campus) -> None:
    sessions.limit(campus.database, "k", 1, HOUR)
    sessions.forget(campus.database, "k")
    sessions.limit(campus.database, "k", 1, HOUR)
    assert tries(campus, "k") == 1


def test_wrong_passwords_are_counted_although_each_was_refused(probe: Campus) -> None:
    browser = browse(probe)
    answers = [send(probe, browser, "/sign-in", email="ana@example.org", password="wrong").status_code for _ in range(12)]
    assert answers == [422] * 10 + [429] * 2
    with probe.database.reading() as session:
        assert session.scalar(select(func.max(sessions.RateLimit.count))) == 12
