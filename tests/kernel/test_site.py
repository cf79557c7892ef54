"""Whether the site is well, what it counts, and how far a job is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from lms.app import create_app
from lms.kernel import jobs
from lms.kernel.campus import Campus
from lms.kernel.site import checks
from lms.kernel.storage import LocalStorage
from lms.kernel.web import Router
from tests.conftest import ADDRESS
from tests.factories import make_person, sign_in
from tests.kernel.probe import browse, send, with_pages, with_settings


@pytest.fixture
def stranger(campus: Campus) -> Iterator[TestClient]:
    """A browser on another machine."""
    with TestClient(create_app(campus), base_url=ADDRESS, client=("203.0.113.9", 4000)) as browser:
        yield browser


def test_a_campus_in_order_is_ready(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "failing": []})


def test_a_missing_migration_is_named(campus: Campus, client: TestClient) -> None:
    with campus.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["migrations"])


def test_a_database_without_tables_is_not_ready(campus: Campus, client: TestClient) -> None:
    with campus.database.transaction() as session:
        session.execute(text("DROP TABLE alembic_version"))
    assert client.get("/readyz").json()["failing"] == ["migrations"]


def test_storage_that_is_gone_is_named(campus: Campus, client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("where the folder should be")
    campus.storage = LocalStorage(tmp_path / "file" / "files")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["storage"])


def test_a_database_that_is_gone_is_named_and_nothing_of_it_is_shown(campus: Campus, client: TestClient, monkeypatch: Any) -> None:
    def gone() -> Any:
        raise ConnectionError("could not connect to user=lms password=pear")

    monkeypatch.setattr(campus.database, "reading", gone)
    assert client.get("/healthz").text == "ok", "the process is alive, whatever else is wrong"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert {"database", "migrations"} <= set(answer.json()["failing"])
    assert "pear" not in answer.text


def test_what_a_plugin_checks_counts_and_the_doctor_hears_why(campus: Campus) -> None:
    def ailing(session: Any) -> None:
        raise RuntimeError("the sundial stands in the shade")

    probe = with_pages(campus, Router(), health_checks=(("sundial", ailing), ("moon", lambda session: None)))
    assert browse(probe).get("/readyz").json()["failing"] == ["sundial"]
    assert checks(probe) == {"sundial": "RuntimeError: the sundial stands in the shade"}


def test_figures_are_for_this_machine_and_for_those_with_the_token(campus: Campus, client: TestClient, stranger: TestClient) -> None:
    assert client.get("/metrics").headers["content-type"].startswith("text/plain")
    assert stranger.get("/metrics").status_code == 404
    assert stranger.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404, "no token is configured"
    guarded = with_settings(campus, metrics_token="a-long-token")
    with TestClient(create_app(guarded), base_url=ADDRESS, client=("203.0.113.9", 4000)) as browser:
        answers = [browser.get("/metrics", headers={"authorization": f"Bearer {t}"}).status_code for t in ("wrong", "", "a-long-token")]
    assert answers == [404, 404, 200]


def test_a_job_is_followed_by_whom_it_concerns(campus: Campus, visit: Callable[[], TestClient]) -> None:
    owner, admin, other = make_person(campus), make_person(campus, "administrator"), make_person(campus, "staff")
    with campus.database.transaction() as session:
        job_id = jobs.enqueue(session, "probe.work", {}, by=owner.id, title="Zipping pears")
    mine, theirs, nobody = (sign_in(visit(), campus, person) for person in (owner, other, admin))
    path = f"/jobs/{job_id}"
    assert "Zipping pears" in mine.get(path).text
    assert [browser.get(path).status_code for browser in (theirs, nobody)] == [404, 200]
    assert visit().get(path, follow_redirects=False).status_code == 303
    assert theirs.get("/jobs/999").status_code == 404


def test_a_job_is_stopped_and_started_again_by_its_owner(campus: Campus) -> None:
    owner, other = make_person(campus), make_person(campus)
    with campus.database.transaction() as session:
        job_id = jobs.enqueue(session, "probe.work", {}, by=owner.id)
    mine, theirs = (sign_in(browse(campus), campus, person) for person in (owner, other))
    assert send(campus, theirs, f"/jobs/{job_id}/cancel").status_code == 404
    assert send(campus, mine, f"/jobs/{job_id}/cancel").status_code == 303
    assert send(campus, mine, f"/jobs/{job_id}/cancel").status_code == 409
    assert "Stopped" in mine.get(f"/jobs/{job_id}").text
    assert send(campus, mine, f"/jobs/{job_id}/retry").status_code == 303
    campus.run_jobs()
    assert "did not work" in mine.get(f"/jobs/{job_id}").text


@pytest.mark.parametrize("path", ["/accessibility", "/source", "/privacy"])
def test_pages_about_the_site_are_open(client: TestClient, path: str) -> None:
    for language in ("en", "es"):
        answer = client.get(path, headers={"accept-language": language})
        assert (answer.status_code, f'<html lang="{language}"' in answer.text) == (200, True)


def test_static_files_are_asked_for_once_and_found_by_their_content(client: TestClient) -> None:
    url = client.app.state.static.url("style.css")  # type: ignore[attr-defined]  # a FastAPI application
    answer = client.get(url)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    sent = {wish: client.get(url, headers={"accept-encoding": wish}) for wish in ("gzip", "gzip, deflate, br", "br;q=0, gzip")}
    assert [answer.headers["content-encoding"] for answer in sent.values()] == ["gzip", "br", "gzip"]
    assert {answer.text for answer in sent.values()} == {answer.text}
    assert client.get(url, headers={"accept-encoding": "identity"}).headers.get("content-encoding") is None
    assert [client.get(path).status_code for path in ("/static/style.css", "/static/../pyproject.toml", url + "/")] == [404, 404, 404]
    assert client.post(url).status_code == 404
    assert f'href="{url}"' in client.get("/accessibility").text


def test_a_checker_of_links_may_ask_for_the_head_alone(client):
    answer = client.head("/verify")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
