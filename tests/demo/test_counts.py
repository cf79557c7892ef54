"""Stories about what the demo counts: the programme's own figures."""

import unicodedata
from collections import Counter
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from lms.accounts.models import Organisation, Person
from lms.courses.models import Cohort
from lms.enrollment.models import Enrolment
from lms.kernel.campus import Campus
from tests.demo.stories import enter

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Organisation: Any = Organisation
_Cohort: Any = Cohort
_Enrolment: Any = Enrolment

FIVE_KINDS = {"think_tank", "civil_society", "government", "university", "international"}


def rows(campus: Campus, statement: Any) -> list[Any]:
    with campus.database.reading() as session:
        return list(session.execute(statement).all())


def report(client: TestClient, **asked: str) -> dict[str, dict[str, Any]]:
    """The report of trainees as a reporter downloads it, by the code of each line; TOTAL for the whole."""
    answer = client.get("/reports/trainees/export.json", params=asked)
    assert answer.status_code == 200, answer.text
    return {line[asked["by"]]: line for line in answer.json()["rows"]}


def test_the_report_counts_225_trainees_from_three_macro_regions(client: TestClient) -> None:
    enter(client, "reporter")
    counted = report(client, by="macroregion")
    assert {code: line["trainees"] for code, line in counted.items()} == {"019": 163, "002": 45, "142": 17, "TOTAL": 225}
    assert counted["TOTAL"]["participations"] == 255


def test_fifteen_cohorts_eleven_of_latin_america_and_four_of_africa_and_asia(client: TestClient) -> None:
    enter(client, "reporter")
    codes = set(report(client, by="cohort")) - {"TOTAL"}
    assert len(codes) == 15
    assert Counter(code.split("-")[2][:2] for code in codes) == {"LA": 11, "AA": 4}


def test_after_thirteen_cohorts_there_were_212_people_from_44_countries(client: TestClient) -> None:
    enter(client, "reporter")
    counted = report(client, by="country", to="2013-12-31")
    assert len(counted) - 1 == 44
    assert counted["TOTAL"]["trainees"] == 212
    assert len(report(client, by="country")) - 1 == 44


def test_five_kinds_of_organisation_and_somewhat_more_women(client: TestClient) -> None:
    enter(client, "reporter")
    assert set(report(client, by="organisation_type")) - {"TOTAL"} == FIVE_KINDS
    by_gender = report(client, by="gender")
    assert 0.52 < by_gender["female"]["trainees"] / 225 < 0.6


def test_about_three_in_four_complete_and_nobody_is_active_in_a_closed_cohort(campus: Campus) -> None:
    found = rows(campus, select(_Cohort.status, _Enrolment.status).join(Cohort, _Cohort.id == _Enrolment.cohort_id))
    closed = Counter(status for state, status in found if state == "closed")
    assert set(closed) == {"completed", "failed", "withdrawn"}
    assert 0.7 < closed["completed"] / closed.total() < 0.78
    running = Counter(status for state, status in found if state == "published")
    assert set(running) == {"active", "withdrawn"}
    assert running["active"] >= 35


def test_everybody_is_somebody_else_and_some_took_part_twice(campus: Campus) -> None:
    found = rows(campus, select(Person).join(Enrolment, _Enrolment.person_id == _Person.id).distinct())
    people = [row[0] for row in found]
    assert len({(person.given_name, person.family_name) for person in people}) == 225
    assert len({person.email for person in people}) == 225
    times = Counter(row[0] for row in rows(campus, select(_Enrolment.person_id)))
    assert Counter(times.values()) == {1: 195, 2: 30}


def test_names_come_in_the_scripts_of_their_countries(campus: Campus) -> None:
    people = [row[0] for row in rows(campus, select(Person))]
    scripts = {unicodedata.name(letter).split()[0] for person in people for letter in person.given_name if letter.isalpha()}
    assert {"LATIN", "BENGALI", "ARABIC", "ETHIOPIC", "DEVANAGARI", "SINHALA", "KHMER"} <= scripts
    assert any(not person.family_name for person in people)
    assert any(len(person.family_name.split()) == 2 and person.country_code == "PE" for person in people)


def test_people_work_where_they_live(campus: Campus) -> None:
    pairs = rows(
        campus, select(_Person.country_code, _Organisation.country_code).join(Organisation, _Organisation.id == _Person.organisation_id)
    )
    assert len(pairs) >= 225
    assert all(home == work for home, work in pairs)
