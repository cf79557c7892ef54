"""Yes or no: what somebody learns who checks a certificate."""

import hashlib
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from lms.accounts import erasing
from lms.certificates import issuing, verifying
from lms.certificates.models import Certificate
from lms.courses.models import Course
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit, words
from tests.certificates.stories import certified, pdf_of
from tests.factories import make_cohort, make_course

JSON = {"accept": "application/json"}


@pytest.fixture
def certificate(campus):
    course = make_course(campus, title="Influencing policy with evidence", hours=40)
    cohort = make_cohort(campus, course, code="POLI-2013-LA", starts_on=date(2013, 4, 1), ends_on=date(2013, 5, 12))
    return certified(campus, cohort, given_name="María José", family_name="Fernández-Núñez")


def set_status(campus, certificate, status: str) -> None:
    with campus.database.transaction() as session:
        session.execute(update(Certificate).where(col(Certificate.id) == certificate.id).values(status=status))


def test_a_genuine_certificate_is_confirmed_to_anybody(client, certificate):
    page = client.get(f"/verify/{certificate.code}")
    assert page.status_code == 200
    shown = words(page)
    for fact in ("This certificate is genuine", "María José Fernández-Núñez", "Influencing policy with evidence, 40 hours", "POLI-2013-LA",
                 certificate.serial):  # fmt: skip
        assert fact in shown
    assert page.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    "typed", [str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("-", " ").lower(), lambda code: f" {code}-"]
)
def test_codes_may_be_typed_in_many_ways(client, certificate, typed):  # edge 42
    page = client.get("/verify", params={"code": typed(certificate.code)})
    assert page.url.path == f"/verify/{certificate.code}"
    assert "This certificate is genuine" in words(page)
    assert "This certificate is genuine" in words(client.get(f"/verify/{typed(certificate.code)}"))


def test_programs_get_the_facts_as_json(client, certificate):
    answer = client.get(f"/verify/{certificate.code}", headers=JSON)
    assert answer.headers["content-type"] == "application/json"
    assert "Accept" in answer.headers["vary"]
    facts: dict[str, Any] = answer.json()
    assert facts == {
        "valid": True, "status": "valid", "serial": certificate.serial, "code": certificate.code, "name": "María José Fernández-Núñez",
        "programme": "Aula Sur", "course": "Influencing policy with evidence", "cohort": "POLI-2013-LA", "starts_on": "2013-04-01",
        "ends_on": "2013-05-12", "hours": 40, "region": None, "issued_on": certificate.issued_on.isoformat(),
    }  # fmt: skip


@pytest.mark.parametrize("code", ["K7QW-93FM-TB2X", "nonsense", "%27 OR 1=1", "<script>", "é", "a" * 300])
def test_a_wrong_code_gets_a_clear_no(client, certificate, code):  # edge 40
    page = client.get(f"/verify/{code}")
    assert page.status_code == 404
    assert "No certificate has this code" in words(page)
    assert "genuine" not in words(page)
    assert "<script>" not in page.text.replace("<script src", "")
    answer = client.get(f"/verify/{code}", headers=JSON)
    assert (answer.status_code, answer.json()) == (404, {"valid": False, "status": "unknown"})


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("revoked", "This certificate was revoked"),
        ("replaced", "This certificate was replaced"),
        ("expired", "This certificate has expired"),
    ],
)
def test_each_state_has_its_own_answer(client, campus, certificate, status, sentence):  # edge 43
    set_status(campus, certificate, status)
    page = client.get(f"/verify/{certificate.code}")
    assert sentence in words(page)
    assert "genuine" not in words(page).replace("It was genuine", "")
    answer = client.get(f"/verify/{certificate.code}", headers=JSON).json()
    assert (answer["valid"], answer["status"]) == (False, status)


def test_strangers_do_not_learn_why_a_certificate_was_withdrawn(client, campus, certificate):
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, certificate.serial, "Plagiarism in week four.")
    assert "Plagiarism" not in client.get(f"/verify/{certificate.code}").text
    assert "Plagiarism" not in client.get(f"/verify/{certificate.code}", headers=JSON).text


def test_the_certificate_of_a_person_who_was_forgotten_confirms_nothing(client, campus, certificate):
    pdf = pdf_of(campus, certificate)
    with campus.database.transaction() as session:
        erasers = [p.personal_data.erase for p in campus.plugins if p.personal_data and p.personal_data.erase]
        erasing.erase(session, SYSTEM, certificate.person_id, erasers)
    page = client.get(f"/verify/{certificate.code}")
    assert "no longer available" in words(page)
    assert "María" not in page.text
    assert client.get(f"/verify/{certificate.code}", headers=JSON).json() == {"valid": False, "status": "unavailable"}
    assert "no longer available" in words(submit(client, "/verify", files={"file": ("c.pdf", pdf, "application/pdf")}))


def test_guessing_codes_is_stopped_even_where_a_guess_is_right(client, campus, certificate):
    for number in range(verifying.WRONG_CODES):
        assert client.get(f"/verify/AAAA-BBBB-{number:04}").status_code == 404
    assert client.get("/verify/AAAA-BBBB-CCCC").status_code == 429
    assert client.get(f"/verify/{certificate.code}").status_code == 429
    with campus.database.reading() as session:
        assert verifying.by_code(session, certificate.code).is_valid


def test_right_codes_may_be_checked_all_day(client, certificate):
    for _number in range(verifying.WRONG_CODES + 5):
        assert client.get(f"/verify/{certificate.code}", headers=JSON).status_code == 200


def test_a_file_is_confirmed_only_as_it_was_issued(client, campus, certificate):
    pdf = pdf_of(campus, certificate)
    assert hashlib.sha256(pdf).hexdigest() == certificate.file_sha256
    yes = submit(client, "/verify", files={"file": ("any name.pdf", pdf, "application/pdf")})
    assert "Every byte of this file is as issued" in words(yes)
    changed = submit(client, "/verify", files={"file": ("c.pdf", pdf + b"\n", "application/pdf")})
    assert changed.status_code == 404
    assert "not as issued" in words(changed)


def test_a_file_that_cannot_be_a_certificate_is_refused(client, certificate):
    assert submit(client, "/verify", files={"file": ("c.pdf", b"x" * (5 * 1024 * 1024 + 1), "application/pdf")}).status_code == 422
    assert submit(client, "/verify").status_code == 422


def test_later_changes_of_the_course_do_not_change_the_answer(client, campus, certificate):
    with campus.database.transaction() as session:
        session.execute(update(Course).values(title="Another title"))
    assert "Influencing policy with evidence" in words(client.get(f"/verify/{certificate.code}"))
