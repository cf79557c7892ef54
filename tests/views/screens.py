"""Every screen of the demo campus as each role meets it: found by following the links, one address of each kind."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import func, select
from sqlmodel import col
from starlette.routing import Match
from starlette.testclient import TestClient

from lms.accounts.models import Person
from lms.accounts.queries import DEMO_DOMAIN
from lms.courses.models import Cohort
from lms.kernel import sessions
from lms.kernel.campus import Campus
from lms.kernel.middleware import LANGUAGE_COOKIE

PEOPLE = {"trainee": "tendai", "tutor": "vera", "staff": "staff", "reporter": "reporter", "administrator": "admin", "newcomer": "visitor"}
ROLES = ("visitor", *PEOPLE)
"""A visitor has not signed in; a newcomer has, and has nothing yet: so lists are empty."""
SEVERAL = {"/learn/{code}/{activity_id}": 4, "/staff/courses/{code}/preview/{activity_id}": 2}
"""How many addresses of a kind are looked at, where it is not one."""
LEFT_OUT = ("/language/{code}", "/healthz", "/readyz", "/metrics")
PAGING = frozenset(("after", "before", "next", "from", "to"))
MOST = 150
REFUSALS = (409, 422)
EXTRAS = {
    "visitor": (("nothing-found", "/?q=zzzz"), ("not-there", "/nothing/here"), ("verify-unknown", "/verify/2222-2222-2222")),
    "trainee": (("not-allowed", "/staff"),),
    "staff": (("no-people", "/staff/people?q=zzzz"), ("no-cohorts", "/staff/cohorts?q=zzzz")),
    "administrator": (("no-entries", "/staff/audit?action=zzzz"),),
}
"""What no link leads to: empty lists and refusals."""


@dataclass(frozen=True)
class Screen:
    """A page as somebody sees it."""

    role: str
    name: str
    path: str
    is_sent: bool = False
    """Whether its form is sent with nothing in it, to see what is said then."""


@dataclass
class _Form:
    action: str
    hidden: dict[str, str]
    is_strict: bool = False


class _Links(HTMLParser):
    """The links of a page, and its forms that refuse to be sent empty."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.forms: list[_Form] = []
        self._open: _Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "download" not in given and given.get("href", "").startswith("/"):
            self.found.append(given["href"])
        if tag == "form" and given.get("method") == "post" and "form" in given.get("class", "").split():
            self._open = _Form(given.get("action", ""), {})
            self.forms.append(self._open)
        if self._open and tag == "input" and given.get("type") == "hidden":
            self._open.hidden[given.get("name", "")] = given.get("value", "")
        if self._open and "required" in given:
            self._open.is_strict = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def cookie_of(campus: Campus, role: str) -> str:
    """The cookie of somebody with this role who has signed in."""
    with campus.database.transaction() as session:
        person = session.scalar(select(Person.id).where(Person.email == PEOPLE[role] + DEMO_DOMAIN))  # type: ignore[call-overload]  # a column
        return sessions.open_session(session, person, 1)


def starts(campus: Campus, role: str) -> list[str]:
    """Where somebody begins; the addresses with most to see come first, because the first of a kind is kept."""
    with campus.database.reading() as session:
        running = session.scalar(select(func.max(Cohort.code)).where(col(Cohort.code).like("POLI-%-AA1")))
    desk = [
        f"/staff/cohorts/{running}",
        f"/staff/cohorts/{running}/trainees",
        "/staff/cohorts/POLI-2013-LA1/certificates",
        "/staff/courses/POLI",
    ]
    own = {
        "visitor": ["/", "/courses/POLI", f"/cohorts/{running}", "/verify", "/sign-in", "/join"],
        "trainee": ["/today", f"/learn/{running}", "/grades", "/certificates"],
        "tutor": [f"/staff/cohorts/{running}", f"/marking?cohort={running}"],
        "reporter": ["/reports", "/reports/trainees?by=macroregion"],
        "newcomer": ["/today", "/grades", "/certificates", "/my-courses"],
    }
    return [*own.get(role, ["/staff", *desk, "/reports/trainees?by=macroregion"]), "/"]


class Crawl:
    """Somebody who follows every link, in the order in which they stand."""

    def __init__(self, campus: Campus, app: FastAPI, role: str, locale: str = "en") -> None:
        self.app, self.role = app, role
        self.browser = TestClient(app, base_url=campus.settings.base_url)
        self.browser.cookies.set(LANGUAGE_COOKIE, locale)
        if role != "visitor":
            self.browser.cookies.set(sessions.COOKIE, cookie_of(campus, role))
        self.waiting = deque(starts(campus, role))
        self._seen: dict[tuple[str, frozenset[str]], list[str]] = {}

    def pages(self) -> Iterator[tuple[Screen, str]]:
        """The pages found with their HTML, and after those with a form the answer to an empty one."""
        count = 0
        while self.waiting and count < MOST:
            path = self.waiting.popleft()
            kind = self._kind(path)
            if kind is None or not self._is_new(kind, path):
                continue
            answer = self.browser.get(path, follow_redirects=False)
            assert answer.status_code < 500, f"{self.role}: {path} answers {answer.status_code}"
            if answer.status_code != 200 or not answer.headers.get("content-type", "").startswith("text/html"):
                self._seen[kind].remove(path)
                if answer.status_code in (302, 303):
                    self.waiting.append(answer.headers["location"].partition("#")[0])
                continue
            count += 1
            page = _Links()
            page.feed(answer.text)
            self.waiting.extend(page.found)
            name = self._name(kind)
            yield Screen(self.role, name, path), answer.text
            for form in [form for form in page.forms if form.is_strict][:1]:
                yield Screen(self.role, f"{name}-sent-empty", path, is_sent=True), self._send_empty(form)
        yield from ((Screen(self.role, name, path), self.browser.get(path).text) for name, path in EXTRAS.get(self.role, ()))

    def _send_empty(self, form: _Form) -> str:
        answer = self.browser.post(form.action, data=form.hidden, follow_redirects=False)
        assert answer.status_code in REFUSALS, f"{form.action} sent empty: {answer.status_code}"
        return answer.text

    def _kind(self, path: str) -> tuple[str, frozenset[str]] | None:
        parts = urlsplit(path)
        for route in self.app.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                scope = {"type": "http", "method": "GET", "path": parts.path}
                if route.matches(scope)[0] == Match.FULL:
                    asked = frozenset(name for name, value in parse_qsl(parts.query) if value) - PAGING
                    return None if route.path in LEFT_OUT else (route.path, asked)
        return None

    def _is_new(self, kind: tuple[str, frozenset[str]], path: str) -> bool:
        seen = self._seen.setdefault(kind, [])
        if path in seen or len(seen) >= SEVERAL.get(kind[0], 1):
            return False
        seen.append(path)
        return True

    def _name(self, kind: tuple[str, frozenset[str]]) -> str:
        words = [word for word in kind[0].split("/") if word and "{" not in word]
        ending = [kind[0].rpartition("{")[2].removesuffix("}").removesuffix("_id")] if kind[0].endswith("}") else []
        number = len(self._seen[kind])
        return "-".join([*(words or ["catalogue"]), *ending, *sorted(kind[1]), *([str(number)] if number > 1 else [])])
