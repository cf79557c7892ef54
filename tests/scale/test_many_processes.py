"""Three web servers and two workers on one PostgreSQL and one bucket: together they are one campus."""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from httpx2 import Client, Response
from sqlalchemy import text

from lms.accounts import passwords
from lms.kernel import jobs
from lms.kernel.campus import Campus
from lms.plugin import Plugins
from tests.buckets import bucket_settings
from tests.conftest import PostgresServer, settings_for
from tests.factories import make_person
from tests.scale.fleet import Fleet, Member, ready, until

pytestmark = pytest.mark.postgres
EMAIL, PASSWORD = "rosa@example.org", "a pear in the shade"
SECRET = "the same secret for every process of the test"
PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@dataclass
class Town:
    """The processes, and a look into what they share."""

    fleet: Fleet
    web: list[Member]
    campus: Campus

    def pears(self) -> list[tuple[str, int]]:
        """Name and process of every pear."""
        with self.campus.database.reading() as session:
            return [(row.name, row.process) for row in session.execute(text("SELECT name, process FROM orchard_pear ORDER BY id"))]


@pytest.fixture(scope="module")
def town(postgres: PostgresServer, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Iterator[Town]:
    """The servers, started once for all these tests. Workers are started by the tests that want them."""
    bucket, folder, name = bucket_settings(), tmp_path_factory.mktemp("town"), postgres.make(migrated_postgres)
    fleet = Fleet(folder, database_url=postgres.address(name), secret_key=SECRET, base_url="http://127.0.0.1", **bucket)
    campus = Campus.open(settings_for(folder / "here", postgres.address(name)), plugins)
    try:
        fleet.run("migrate")
        web = [fleet.serve(), fleet.serve(), fleet.serve(LMS_TRUSTED_PROXIES="192.0.2.1")]
        for member in web:
            ready(member)
        person = make_person(campus, email=EMAIL)
        with campus.database.transaction() as session:
            passwords.set_password(session, person.id or 0, PASSWORD, confirmed=True)
        yield Town(fleet, web, campus)
    finally:
        fleet.close()
        campus.close()
        postgres.drop(name)


@pytest.fixture
def browser() -> Iterator[Client]:
    """A browser: it sends its cookies to every port of this machine, as it would to one name behind a proxy."""
    with Client(timeout=30) as client:
        yield client


def token_in(answer: Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert found, answer.text[:500]
    return found[1]


def sign_in(browser: Client, form_at: Member, sent_to: Member, password: str = PASSWORD, **headers: str) -> Response:
    token = token_in(browser.get(f"{form_at.address}/sign-in"))
    return browser.post(f"{sent_to.address}/sign-in", data={"csrf_token": token, "email": EMAIL, "password": password}, headers=headers)


def test_who_signs_in_at_one_is_in_at_all_and_out_at_all(town: Town, browser: Client) -> None:
    a, b, c = town.web
    assert sign_in(browser, a, b).status_code == 303, "the form of one is taken by another"
    assert [browser.get(f"{member.address}/profile").status_code for member in town.web] == [200, 200, 200]
    token = token_in(browser.get(f"{a.address}/profile"))
    answer = browser.post(f"{c.address}/sign-out-everywhere", data={"csrf_token": token})
    assert answer.status_code == 303
    assert "You are signed out on every device." in browser.get(b.address + answer.headers["location"]).text, "said by another"
    assert [browser.get(f"{member.address}/profile").status_code for member in town.web] == [303, 303, 303]


def test_a_photo_given_at_one_is_shown_by_another(town: Town, browser: Client) -> None:
    a, b, c = town.web
    sign_in(browser, a, a)
    profile = browser.get(f"{a.address}/profile")
    sent = browser.post(
        f"{b.address}/profile/photo", data={"csrf_token": token_in(profile)}, files={"photo": ("me.png", PICTURE, "image/png")}
    )
    assert sent.status_code == 303
    shown = re.search(r'src="(/people/[^"]+/photo[^"]*)"', browser.get(f"{c.address}/profile").text)
    assert shown
    pictures = [browser.get(member.address + shown[1]) for member in town.web]
    assert {picture.status_code for picture in pictures} == {200}
    assert len({picture.content for picture in pictures}) == 1
    assert pictures[0].content[8:12] == b"WEBP", "drawn anew, as a WebP"


def test_wrong_passwords_are_counted_together_and_for_the_address_that_the_proxy_names(town: Town, browser: Client) -> None:
    a, b, _ = town.web
    token = token_in(browser.get(f"{a.address}/sign-in"))

    def guess(number: int, client: str) -> int:
        fields = {"csrf_token": token, "email": EMAIL, "password": f"wrong {number}"}
        member = (a, b)[number % 2]
        return browser.post(f"{member.address}/sign-in", data=fields, headers={"x-forwarded-for": client}).status_code

    assert [guess(number, "203.0.113.7") for number in range(12)] == [422] * 10 + [429] * 2
    assert guess(0, "203.0.113.8") == 422, "somebody else's line"


def test_only_a_trusted_proxy_may_say_who_asks(town: Town, browser: Client) -> None:
    said = {"x-forwarded-for": "203.0.113.7"}
    heard = [browser.get(f"{member.address}/orchard", headers=said).json()["client"] for member in town.web]
    assert heard == ["203.0.113.7", "203.0.113.7", "127.0.0.1"]


def test_what_a_page_of_one_refers_to_is_served_by_the_others(town: Town, browser: Client) -> None:
    a, *others = town.web
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', browser.get(a.address).text)
    assert len(assets) > 1
    for asset in assets:
        assert len({browser.get(member.address + asset).content for member in town.web}) == 1
        assert [browser.get(member.address + asset).status_code for member in others] == [200, 200]


def test_each_job_is_done_once_and_a_dead_workers_by_the_other(town: Town) -> None:
    workers = [town.fleet.work(lease=False), town.fleet.work(lease=False)]
    with town.campus.database.transaction() as session:
        for number in range(60):
            jobs.enqueue(session, "orchard.pick", {"name": f"job {number}"})
    until(lambda: len(town.pears()) >= 60)
    with town.campus.database.transaction() as session:
        job_id = jobs.enqueue(session, "orchard.hold", {"name": "held"})
    victim = until(lambda: dict(town.pears()).get("held begun"))
    dead, other = sorted(workers, key=lambda worker: worker.process.pid != victim)
    dead.kill()
    until(lambda: len([1 for name, _ in town.pears() if name == "held begun"]) == 2)
    with town.campus.database.transaction() as session:
        session.execute(text("INSERT INTO orchard_pear (name, process) VALUES ('ripe', 0)"))

    def is_done() -> bool:
        with town.campus.database.reading() as session:
            return bool(session.scalar(text("SELECT state = 'done' FROM job WHERE id = :id"), {"id": job_id}))

    until(is_done)
    assert other.stop() == 0
    assert [process for name, process in town.pears() if name == "held"] == [other.process.pid]
    picked = Counter(name for name, _ in town.pears() if name.startswith("job"))
    assert picked == Counter(f"job {number}" for number in range(60)), "each of them once"
