"""Stories of visitors who look around as one of the invented people."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from lms.accounts.queries import DEMO_PASSWORD
from lms.certificates.models import Certificate
from lms.courses.models import Cohort
from lms.demo.people import sign_ins
from lms.enrollment.models import Enrolment
from lms.kernel.campus import Campus
from tests.demo.stories import enter, submit

# SQLModel types a column as its value; in a statement it is a column.
_Cohort: Any = Cohort
_Enrolment: Any = Enrolment
_Certificate: Any = Certificate

NAMES = [person.email.partition("@")[0] for person in sign_ins()]


def published(campus: Campus, course: str, ending: str) -> str:
    """The code of the cohort of this course, with this ending, that is not closed."""
    with campus.database.reading() as session:
        codes = session.scalars(select(_Cohort.code).where(_Cohort.status == "published"))
        return next(str(code) for code in codes if code.startswith(course) and code.endswith(ending))


@pytest.mark.parametrize("name", NAMES)
def test_each_of_them_gets_in_with_the_password_of_the_demo(client: TestClient, name: str) -> None:
    answer = enter(client, name)
    assert answer.status_code == 200
    assert client.get("/privacy").status_code == 200
    assert client.get("/privacy").url.path == "/privacy"


def test_the_sign_in_page_of_a_demo_shows_all_of_them(campus: Campus, client: TestClient) -> None:
    campus.settings.demo = True
    page = client.get("/sign-in").text
    assert DEMO_PASSWORD in page
    assert all(person.email in page for person in sign_ins())


def test_trainees_find_something_due_today(visit: Callable[[], TestClient]) -> None:
    for name, title in (("rosa", "Ejercicio: su mapa de actores"), ("tendai", "Exercise: your map of actors")):
        browser = visit()
        enter(browser, name)
        page = unescape(browser.get("/today").text)
        assert title in page


def test_rosa_has_a_draft_an_answer_and_an_earlier_certificate(campus: Campus, client: TestClient) -> None:
    enter(client, "rosa")
    assert "SFE-2013-" in client.get("/certificates").text
    page = unescape(client.get("/today").text)
    assert "88" in page
    assert "Monitorear y evaluar la incidencia en políticas" in page
    grades = unescape(client.get("/grades").text)
    assert "Ejercicio: una nota de contexto con calendario" in grades


def test_tutors_find_work_that_waits(visit: Callable[[], TestClient]) -> None:
    for name in ("ines", "vera"):
        browser = visit()
        enter(browser, name)
        page = browser.get("/marking", params={"state": "waiting"}).text
        assert page.count("/marking/") >= 5


def test_a_visitor_enrols_in_the_cohort_that_runs_and_reads_the_first_page(campus: Campus, client: TestClient) -> None:
    enter(client, "visitor")
    code = published(campus, "POLI", "LA1")
    submit(client, f"/cohorts/{code}", f"/cohorts/{code}/enrol")
    page = unescape(client.get(f"/learn/{code}").text)
    assert "¿Qué queremos que cambie, exactamente?" in page
    with campus.database.reading() as session:
        mine = session.scalars(select(Enrolment).where(_Enrolment.method == "self").order_by(_Enrolment.id.desc())).first()
    assert mine is not None
    assert mine.status == "active"


def test_a_visitor_applies_to_the_coming_cohort(campus: Campus, client: TestClient) -> None:
    enter(client, "visitor")
    code = published(campus, "POLI", "LA2")
    page = unescape(client.get(f"/apply/{code}").text)
    assert "¿En qué decisión les gustaría incidir" in page
    answer = submit(client, f"/apply/{code}", f"/apply/{code}", answer="El presupuesto de bibliotecas, con dos colegas.")
    assert answer.status_code == 200


def test_everybody_finds_a_free_place_in_english_too(campus: Campus, client: TestClient) -> None:
    code = published(campus, "COMM", "AA1")
    assert code in client.get("/", params={"open": "1", "language": "en"}).text


def test_a_certificate_of_the_demo_is_found_by_its_code(campus: Campus, client: TestClient) -> None:
    with campus.database.reading() as session:
        code = session.scalar(select(_Certificate.code).where(_Certificate.status == "valid").limit(1))
    answer = client.get(f"/verify/{code}", headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert "valid" in answer.text
