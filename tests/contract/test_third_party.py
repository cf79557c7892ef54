"""The plugin contract holds for somebody else's plugin: built, installed beside the suite's own wheel, used, uninstalled, installed again.

The plugin is the one that docs/extending teaches.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import create_engine, text

from tests.conftest import PostgresServer
from tests.contract import seed
from tests.contract.environment import EXAMPLE, ROOT, Environment, build_wheel, chromium

SEED = str(Path(seed.__file__))
ENTRY = "I will ask two ministries what they read last year."


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the suite and of the plugin."""
    folder = tmp_path_factory.mktemp("wheels")
    build_wheel(ROOT, folder)
    build_wheel(EXAMPLE, folder)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Environment:
    """A clean environment with both installed: pip finds the suite by what the plugin requires."""
    made = Environment(tmp_path_factory.mktemp("clean") / "venv")
    made.install("aula-sur-journal", wheels=wheels)
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a campus on each database."""
    own = {"LMS_DATA_DIR": str(tmp_path / "var"), "LMS_DATABASE_URL": f"sqlite:///{tmp_path / 'lms.db'}", "LMS_LOG_LEVEL": "WARNING"}
    if request.param == "sqlite":
        yield own
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.make()
    yield {**own, "LMS_DATABASE_URL": server.address(name)}
    server.drop(name)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real one."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-background-networking"])
        yield opened
        opened.close()


@contextmanager
def visit(browser: Browser, address: str, name: str) -> Iterator[Page]:
    """A page in a browser of its own, in which this person has signed in."""
    context = browser.new_context(base_url=address, locale="en-GB")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Password", exact=True).fill(seed.PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page
    context.close()
    assert not faults


@dataclass
class Visitor:
    """Somebody who asks over HTTP."""

    client: Client

    def get(self, path: str, **options: Any) -> Any:
        """Ask for a page; redirects are shown as such."""
        return self.client.get(path, **options)

    def send(self, page: str, path: str, **fields: str) -> Any:
        """Send a form of a page to an address."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page).text)
        return self.client.post(path, data={"csrf_token": token[1] if token else "", **fields})


@contextmanager
def visitors(address: str, *names: str) -> Iterator[list[Visitor]]:
    """These people, signed in."""
    found = [Visitor(Client(base_url=address, timeout=60)) for _ in names]
    for visitor, name in zip(found, names, strict=True):
        if name:
            visitor.send("/sign-in", "/sign-in", email=f"{name}@example.org", password=seed.PASSWORD)
    yield found
    for visitor in found:
        visitor.client.close()


def written(settings: dict[str, str]) -> list[Any]:
    """What the plugin's own table holds, asked past the suite."""
    engine = create_engine(settings["LMS_DATABASE_URL"])
    with engine.connect() as connection:
        rows = list(connection.execute(text("SELECT text, intention FROM journal_entry")))
    engine.dispose()
    return [tuple(row) for row in rows]


def add_to_the_course(page: Page) -> None:
    """A staff member adds a journal to the course, in the editor that the suite gives to every type."""
    page.goto("/staff/courses/EVIDENCE")
    page.get_by_role("link", name="Journal", exact=True).click()
    page.get_by_label("Title").fill("What will you try?")
    page.get_by_label("Question").fill("Which decision will you bring evidence to?")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="What will you try?").wait_for()


def write_an_entry(page: Page) -> str:
    """A trainee writes, and reads it again in Spanish; answers the address of the activity."""
    page.goto("/learn/EVIDENCE-1")
    page.get_by_role("link", name="What will you try?").first.click()
    question = page.get_by_text("Which decision will you bring evidence to?")
    assert "rgb" in question.evaluate("e => getComputedStyle(e).color")
    assert question.evaluate("e => getComputedStyle(e).fontWeight") == "600", "the plugin's own stylesheet is not in force"
    page.get_by_label("Your entry").fill(ENTRY)
    page.get_by_label("I will try it").check()
    page.get_by_label("My tutors may read this").check()
    page.get_by_role("button", name="Keep my entry").click()
    page.get_by_text("Your entry is kept.").wait_for()
    address = page.url
    page.get_by_label("Language: English").click()
    page.get_by_role("link", name="Español").click()
    page.get_by_role("button", name="Guardar mi entrada").wait_for()
    page.get_by_role("banner").get_by_role("link", name="Diario").click()
    page.get_by_role("heading", name="Mi diario").wait_for()
    assert page.locator("blockquote").inner_text() == ENTRY
    return address


@pytest.mark.browser
@pytest.mark.timeout(600)  # many processes, one after the other: on a busy machine they take their time
def test_a_plugin_of_somebody_else_is_used_uninstalled_and_installed_again(
    environment: Environment, wheels: Path, settings: dict[str, str], browser: Browser
) -> None:
    environment.run("lms", "migrate", settings=settings)
    comes_from = json.loads(environment.run("python", SEED, "people", settings=settings).stdout)
    assert {str(environment.site) in comes_from[name] for name in ("lms", "templates", "locale", "static", "migrations")} == {True}
    assert str(ROOT) not in comes_from["path"]

    with environment.served(settings) as address:
        with visit(browser, address, "ana") as page:
            add_to_the_course(page)
        environment.run("python", SEED, "cohort", settings=settings)
        with visit(browser, address, "rosa") as page:
            path = write_an_entry(page).removeprefix(address)
        with visitors(address, "ana", "rosa", "eva", "") as people:
            check_doors(people, path)
            check_figures(people[0])
    assert written(settings) == [(ENTRY, "yes")]
    told = environment.run("lms", "journal", "export", "EVIDENCE-1", settings=settings).stdout
    assert f"Rosa Rojas,What will you try?,yes,{ENTRY}," in told

    environment.pip("uninstall", "-y", "-q", "aula-sur-journal")
    environment.run("lms", "migrate", settings=settings)
    with environment.served(settings) as address, visitors(address, "ana", "rosa") as people:
        check_without(people, path)
    assert written(settings) == [(ENTRY, "yes")]

    environment.install("aula-sur-journal", wheels=wheels)
    with environment.served(settings) as address, visitors(address, "rosa") as (rosa,):
        assert ENTRY in rosa.get(path).text
        again = rosa.send(path, path.replace("/learn/", "/journal/"), text="And a third.", intention="perhaps")
        assert again.status_code == 303
    assert written(settings) == [("And a third.", "perhaps")]


def check_doors(people: list[Visitor], path: str) -> None:
    """Who may, may; a stranger is told nothing, a member without the right is told so."""
    ana, rosa, eva, nobody = people
    shared, own = "/journal/EVIDENCE-1", path.replace("/learn/", "/journal/")
    assert ENTRY in ana.get(shared).text
    assert "1 entry is shared with the tutors." in ana.get("/staff/cohorts/EVIDENCE-1").text
    assert "You have written 1 entry in this course." in rosa.get("/learn/EVIDENCE-1", headers={"cookie": own_cookies(rosa, "en")}).text
    assert [visitor.get(shared).status_code for visitor in (rosa, eva, nobody)] == [403, 403, 303]
    assert [visitor.get("/journal").status_code for visitor in (ana, rosa, eva, nobody)] == [403, 200, 403, 303]
    assert eva.send("/profile", own, text="x", intention="yes").status_code == 404
    assert nobody.send("/sign-in", own, text="x", intention="yes").status_code in (303, 403)
    assert ana.send("/profile", own, text="x", intention="yes").status_code == 403
    refused = rosa.send(path, own, text="", intention="")
    assert refused.status_code == 422
    assert ENTRY in json.dumps(rosa.get("/profile/data").json(), ensure_ascii=False)
    blocked = ana.send("/staff/cohorts/EVIDENCE-1", "/staff/activities/" + path.rpartition("/")[2] + "/delete")
    assert blocked.status_code in (303, 409)
    assert ENTRY in rosa.get(path).text


def own_cookies(visitor: Visitor, language: str) -> str:
    """The visitor's cookies, with another language."""
    kept = {name: value for name, value in visitor.client.cookies.items() if name != "lang"}
    return "; ".join(f"{name}={value}" for name, value in {**kept, "lang": language}.items())


def check_figures(ana: Visitor) -> None:
    """The dataset is one of the reports."""
    assert "What trainees will try" in ana.get("/reports").text
    assert ana.get("/reports/intentions").status_code == 200
    rows = ana.get("/reports/intentions/export.json?by=country").json()["rows"]
    assert rows[0] == {"country": "BO", "country_name": "Bolivia", "entries": 1, "writers": 1, "will_try": 1, "will_try_rate": 1.0}
    assert rows[-1]["country"] == "TOTAL"


def check_without(people: list[Visitor], path: str) -> None:
    """Without the plugin everything else goes on, its activity says what is missing, and its data stays."""
    ana, rosa = people
    assert rosa.get("/readyz").json() == {"ready": True, "failing": []}
    placeholder = rosa.get(path)
    assert (placeholder.status_code, "journal" in placeholder.text, ENTRY in placeholder.text) == (200, True, False)
    number = path.rpartition("/")[2]
    for page in (
        "/staff",
        "/staff/courses/EVIDENCE",
        "/staff/cohorts/EVIDENCE-1",
        f"/staff/activities/{number}/edit",
        "/reports",
        "/profile",
    ):
        assert ana.get(page).status_code == 200, page
    for page in ("/today", "/learn/EVIDENCE-1", "/grades", "/profile/data"):
        assert rosa.get(page).status_code == 200, page
    assert [rosa.get("/journal").status_code, ana.get("/reports/intentions").status_code] == [404, 404]
    assert "/journal" not in rosa.get("/today").text
    assert ana.send("/profile", f"/staff/activities/{number}/delete").status_code in (303, 409)
    assert rosa.get(path).status_code == 200, "an activity that people worked on is gone"


def test_the_tests_that_the_tutorial_teaches_pass_where_only_wheels_are(environment: Environment) -> None:
    told = environment.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests")).stdout
    assert re.search(r"\d+ passed", told)


def listed(environment: Environment, names: str) -> Any:
    return environment.run("lms", "plugins", settings={"LMS_PLUGINS": names}, check=False)


def test_exactly_the_plugins_that_are_named_are_loaded(environment: Environment) -> None:
    told = listed(environment, "accounts, courses, journal")
    assert re.findall(r"^│ (\w+)", told.stdout, re.M) == ["accounts", "courses", "journal"]
    assert "aula-sur-journal 1.0" in told.stdout


def test_a_plugin_without_the_one_it_requires_keeps_the_site_from_starting(environment: Environment) -> None:
    told = listed(environment, "accounts,journal")
    assert (told.returncode, told.stderr.strip()) == (1, "plugin journal requires courses, which is not loaded")


@pytest.fixture
def pretend(environment: Environment) -> Iterator[Callable[[str, str], None]]:
    """Installs a distribution that declares a plugin and holds nothing else."""
    made: list[Path] = []

    def install(name: str, value: str) -> None:
        folder = environment.site / "orchard-1.0.dist-info"
        folder.mkdir()
        made.extend([folder / "METADATA", folder / "entry_points.txt"])
        made[-2].write_text("Metadata-Version: 2.1\nName: orchard\nVersion: 1.0\n")
        made[-1].write_text(f"[lms.plugins]\n{name} = {value}\n")

    yield install
    for path in made:
        path.unlink()
    made[0].parent.rmdir()


def test_two_plugins_of_one_name_keep_the_site_from_starting(environment: Environment, pretend: Callable[[str, str], None]) -> None:
    pretend("journal", "aula_sur_journal.plugin:plugin")
    told = environment.run("lms", "plugins", check=False)
    assert (told.returncode, told.stderr.strip()) == (1, "plugin journal is there twice: in aula-sur-journal 1.0 and in orchard 1.0")


def test_a_plugin_that_cannot_be_loaded_keeps_the_site_from_starting(environment: Environment, pretend: Callable[[str, str], None]) -> None:
    pretend("orchard", "orchard.plugin:plugin")
    told = environment.run("lms", "serve", check=False)
    assert (told.returncode, told.stderr.strip()) == (1, "plugin orchard cannot be loaded: No module named 'orchard'")
    assert "Traceback" not in told.stderr
