"""What every answer has: headers, an id, a language, a line in the log; and what is refused before any page sees it."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.testclient import TestClient

from lms.app import create_app
from lms.kernel.campus import Campus
from lms.kernel.errors import Invalid, TooMany
from lms.kernel.middleware import SECURITY_HEADERS, JsonLines, configure_logging
from lms.kernel.permissions import PUBLIC
from lms.kernel.web import Router, Write, page
from lms.plugin import Plugins
from tests.kernel.probe import browse, embedded_campus, send, token, with_pages, with_settings

pages = Router()
JSON = {"accept": "application/json"}


@pages.get("/probe/break", permission=PUBLIC)
def break_down() -> Response:
    """Fail with something that is nobody's business."""
    raise RuntimeError("the password of the database is pear")


@pages.get("/probe/half", permission=PUBLIC)
def half() -> Response:
    """Fail in the middle of an answer."""

    def body() -> Iterator[str]:
        yield "one half"
        raise RuntimeError("and no other")

    return StreamingResponse(body())


@pages.post("/probe/take", permission=PUBLIC)
def take(session: Write) -> Response:
    """Take whatever comes."""
    return PlainTextResponse("taken")


@pages.get("/probe/invalid", permission=PUBLIC)
def invalid() -> Response:
    """Refuse what was sent."""
    raise Invalid({"seats": "At least 1.", "": "That is too little."})


@pages.get("/probe/again", permission=PUBLIC)
def again() -> Response:
    """Refuse who asks too often."""
    raise TooMany(minutes=4)


@pages.get("/probe/undefined", permission=PUBLIC)
def undefined(request: Request) -> Response:
    """A page whose template is not there."""
    return page(request, "probe/nowhere.html")


@pytest.fixture
def probe(tmp_path: Path, migrated_sqlite: Path, plugins: Plugins) -> Iterator[Campus]:
    campus = embedded_campus(tmp_path, migrated_sqlite, plugins)
    yield with_settings(with_pages(campus, pages), max_upload_mb=1)
    campus.close()


@pytest.fixture
def browser(probe: Campus) -> Iterator[TestClient]:
    with browse(probe) as opened:
        yield opened


EVERY_KIND = {
    "page": ("GET", "/sign-in"), "text": ("GET", "/healthz"), "json": ("GET", "/readyz"), "redirect": ("GET", "/profile"),
    "not found": ("GET", "/nowhere"), "wrong method": ("POST", "/healthz"), "forbidden": ("POST", "/probe/take"),
    "fault": ("GET", "/probe/break"), "static": ("GET", "/static/nowhere.css"), "missing template": ("GET", "/probe/undefined"),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path"), EVERY_KIND.values(), ids=EVERY_KIND)
def test_every_answer_has_its_security_headers_and_an_id(browser: TestClient, method: str, path: str) -> None:
    for accept in ("text/html", "application/json"):
        answer = browser.request(method, path, headers={"accept": accept})
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert len(answer.headers["x-request-id"]) == 16
        assert "server" not in answer.headers


def test_refusals_of_the_middleware_have_them_too(browser: TestClient) -> None:
    for answer in (
        browser.post("/probe/take", headers={"sec-fetch-site": "cross-site"}),
        browser.post("/probe/take", content=b"x" * (2 << 20)),
    ):
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_the_policy_lets_no_script_or_style_into_a_page_and_no_page_into_a_frame() -> None:
    policy = dict(part.strip().split(" ", 1) for part in SECURITY_HEADERS["content-security-policy"].split(";"))
    assert (policy["script-src"], policy["style-src"], policy["frame-ancestors"]) == ("'self'", "'self'", "'none'")
    assert "unsafe" not in SECURITY_HEADERS["content-security-policy"]


def test_https_is_remembered_where_the_site_is_served_by_it(probe: Campus) -> None:
    plain, safe = browse(probe), browse(with_settings(probe, base_url="https://aula.example"))
    assert "strict-transport-security" not in plain.get("/healthz").headers
    assert safe.get("/healthz").headers["strict-transport-security"].startswith("max-age=31536000")


def test_pages_are_kept_for_nobody_else_and_by_language(browser: TestClient) -> None:
    headers = browser.get("/sign-in").headers
    assert headers["cache-control"] == "private, no-cache"
    assert {"Cookie", "Accept-Language"} <= {name.strip() for name in headers["vary"].split(",")}


ERRORS = {
    403: ("POST", "/probe/take"), 404: ("GET", "/nowhere"), 405: ("PUT", "/probe/take"), 413: ("POST", "/probe/take"),
    422: ("GET", "/probe/invalid"), 429: ("GET", "/probe/again"), 500: ("GET", "/probe/break"),
}  # fmt: skip


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_is_a_page_for_people_and_a_problem_for_programs(browser: TestClient, status: int) -> None:
    method, path = ERRORS[status]
    body = b"x" * (2 << 20) if status == 413 else None
    shown = browser.request(method, path, content=body, headers={"accept": "text/html"})
    assert (shown.status_code, shown.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert shown.headers["x-request-id"] in shown.text
    assert "<h1>" in shown.text
    told = browser.request(method, path, content=body, headers=JSON)
    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
    problem = told.json()
    assert (problem["type"], problem["status"], problem["request_id"]) == ("about:blank", status, told.headers["x-request-id"])
    assert problem["title"]
    assert problem["detail"]


def test_a_wrong_method_is_told_the_right_one(browser: TestClient) -> None:
    assert browser.put("/probe/take").headers["allow"] == "POST"


def test_what_cannot_be_taken_is_told_field_by_field(probe: Campus, browser: TestClient) -> None:
    told = browser.get("/probe/invalid", headers=JSON).json()
    assert told["errors"] == [{"pointer": "/seats", "detail": "At least 1."}, {"pointer": "", "detail": "That is too little."}]
    shown = send(probe, browser, "/sign-in", email="", password="")
    assert (shown.status_code, shown.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert "f-email-error" in shown.text


def test_too_many_tries_are_a_page_and_a_problem(probe: Campus, browser: TestClient) -> None:
    last = [send(probe, browser, "/sign-in", email="a@example.org", password="x") for _ in range(11)][-1]
    assert (last.status_code, "Too many attempts" in last.text) == (429, True)


def test_a_fault_shows_no_detail_and_its_id_finds_it_in_the_log(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    for headers in ({}, JSON):
        caplog.clear()
        answer = browser.get("/probe/break", headers=headers)
        assert answer.status_code == 500
        assert "pear" not in answer.text
        assert "Traceback" not in answer.text
        (line,) = (JsonLines().format(record) for record in caplog.records if record.levelno >= logging.ERROR)
        assert json.loads(line)["request_id"] == answer.headers["x-request-id"]
        assert "pear" in json.loads(line)["error"]


def test_an_error_speaks_the_readers_language(browser: TestClient) -> None:
    assert 'lang="es"' in browser.get("/probe/break", headers={"accept-language": "es"}).text
    assert 'lang="es"' in browser.get("/nowhere", headers={"accept-language": "es"}).text


def test_an_error_page_that_fails_too_is_a_plain_sentence(probe: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> Response:
        raise RuntimeError("no page today")

    monkeypatch.setattr("lms.app.answer", fail)
    answer = browse(probe).get("/probe/break")
    assert (answer.status_code, answer.text) == (500, "Something went wrong.")
    assert answer.headers["x-request-id"]


def test_half_an_answer_is_not_passed_off_as_a_whole_one(browser: TestClient) -> None:
    with pytest.raises(RuntimeError):
        TestClient(browser.app).get("/probe/half")


class Sender:
    """A client that counts how much of its body is asked for."""

    def __init__(self, app: Any, size: int, announced: int | None) -> None:
        self.app = app
        self.parts = size // 65536
        self.headers = [(b"host", b"testserver"), (b"content-type", b"multipart/form-data; boundary=b")]
        if announced is not None:
            self.headers.append((b"content-length", str(announced).encode()))
        self.asked = 0
        self.answered: list[Any] = []

    async def receive(self) -> Any:
        self.asked += 1
        head = b'--b\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n' if self.asked == 1 else b""
        return {"type": "http.request", "body": head + b"x" * 65536, "more_body": self.asked < self.parts}

    async def leave(self) -> Any:
        """Go away after the first piece."""
        self.asked += 1
        begun = {"type": "http.request", "body": b"--b\r\ncontent-disposition: form-data", "more_body": True}
        return begun if self.asked == 1 else {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.answered.append(message)

    def post(self, path: str) -> int:
        scope = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": self.headers,
            "scheme": "http", "server": ("testserver", 80), "client": ("testclient", 1), "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        anyio.run(self.app, scope, self.receive, self.send)
        return int(self.answered[0]["status"])


def test_a_body_that_announces_too_much_is_refused_unread(probe: Campus) -> None:
    sender = Sender(create_app(probe), 50 << 20, announced=50 << 20)
    assert (sender.post("/probe/take"), sender.asked) == (413, 0)


@pytest.mark.parametrize("announced", [None, 100])
def test_a_body_that_grows_too_large_is_cut_off(probe: Campus, announced: int | None) -> None:
    sender = Sender(create_app(probe), 50 << 20, announced)
    assert sender.post("/probe/take") == 413
    assert sender.asked <= (1 << 20) // 65536 + 2


def test_a_client_that_goes_in_the_middle_is_no_fault_of_ours(probe: Campus, caplog: pytest.LogCaptureFixture) -> None:
    sender = Sender(create_app(probe), 50 << 20, None)
    sender.receive = sender.leave  # type: ignore[method-assign]
    assert sender.post("/probe/take") == 400
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_body_within_the_limit_arrives(probe: Campus, browser: TestClient) -> None:
    files = {"f": ("f.bin", b"x" * (900 << 10))}
    assert browser.post("/probe/take", data={"csrf_token": token(probe, browser)}, files=files).text == "taken"


@pytest.mark.parametrize("cookie", ["a/b=1", "(x)=y; lang=es", "=", ";;;", 'lang="es"', "lang", "flash=MQ==", "flash=e30=", "flash=%%%"])
def test_a_cookie_of_somebody_elses_making_breaks_no_page(browser: TestClient, cookie: str) -> None:
    answer = browser.get("/sign-in", headers={"cookie": cookie})
    assert answer.status_code == 200
    assert ('lang="es"' in answer.text.partition("<head>")[0]) == ("es" in cookie)


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept-language": "es-PE,en;q=0.5"}, "es"),
        ({"accept-language": "de, it;q=0.5"}, "en"),
        ({"accept-language": "de, fr;q=0.5"}, "fr"),
        ({"accept-language": "pt-BR"}, "pt"),
        ({"accept-language": "en", "cookie": "lang=es"}, "es"),
        ({"accept-language": "es", "cookie": "lang=en"}, "en"),
        ({"accept-language": "es", "cookie": "lang=tlh"}, "es"),
    ],
)
def test_the_language_is_the_one_chosen_here_else_the_browsers(browser: TestClient, headers: dict[str, str], language: str) -> None:
    assert f'<html lang="{language}"' in browser.get("/sign-in", headers=headers).text


def test_choosing_a_language_keeps_it_and_leads_back(browser: TestClient) -> None:
    chosen = browser.get("/language/es?next=/sign-in")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/sign-in")
    assert "HttpOnly" in chosen.headers["set-cookie"]
    assert '<html lang="es"' in browser.get("/sign-in", headers={"accept-language": "en"}).text
    assert browser.get("/language/tlh").status_code == 404


def test_each_request_is_one_line_of_json_that_says_no_more_than_needed(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "lms.request")
    answer = browser.get("/sign-in?next=/confirm/secret", headers={"user-agent": 'evil"\n{"level": "ERROR"}'})
    (record,) = (r for r in caplog.records if r.name == "lms.request")
    line = JsonLines().format(record)
    said = json.loads(line)
    assert "\n" not in line
    assert (said["method"], said["path"], said["status"], said["person"]) == ("GET", "/sign-in", 200, None)
    assert said["request_id"] == answer.headers["x-request-id"]
    assert said["ms"] >= 0
    assert "secret" not in line


def test_a_log_line_stays_one_line_whatever_is_in_it() -> None:
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "one\ntwo", "facts": {"odd": {1, 2}, "text": "ñ\r\n"}})
    line = JsonLines().format(record)
    assert len(line.splitlines()) == 1
    assert (json.loads(line)["message"], json.loads(line)["text"]) == ("one\ntwo", "ñ\r\n")


def test_logging_goes_to_stderr_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    root, written = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(sys, "stderr", written)
    handlers = root.handlers
    try:
        root.handlers = []  # `basicConfig(force=True)` would close those of the test runner
        configure_logging("INFO")
        logging.getLogger("lms.probe").info("all %s", "well")
    finally:
        root.handlers = handlers
    assert json.loads(written.getvalue())["message"] == "all well"


def test_figures_count_requests_by_route_and_do_not_grow_with_made_up_ones(browser: TestClient) -> None:
    for number in range(5):
        browser.get(f"/nowhere/{number}")
        browser.request(f"BREW{number}", "/healthz")
    browser.get("/healthz")
    figures = browser.get("/metrics").text
    assert 'lms_requests_total{method="GET",route="/healthz",status="200"} 1.0' in figures
    assert "nowhere" not in figures
    assert "BREW" not in figures
