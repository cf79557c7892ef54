"""Certificates through the API."""

import pytest
from sqlalchemy import delete

from lms.certificates import issuing
from lms.kernel.job_table import job
from lms.kernel.permissions import SYSTEM
from tests.api.programs import at_once
from tests.certificates.stories import certificates, certified, completed, enrolled, pdf_of
from tests.factories import make_cohort, make_person


def revoked(campus, certificate):
    """The same certificate, withdrawn."""
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, certificate.serial, "Issued by mistake.")


@pytest.fixture
def cohort(campus):
    """A cohort that trainees complete."""
    return make_cohort(campus)


def test_staff_issue_one_certificate_however_often_it_is_sent(campus, program, cohort):
    person, enrolment = make_person(campus, "staff"), completed(campus, cohort)
    staff = [program(person) for _number in range(3)]
    body = {"enrolment": enrolment.id}
    answers = at_once(*(lambda each=each: each.post("/certificates", key="c-1", json=body) for each in staff))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert staff[0].post("/certificates", json=body).json()["serial"] == answers[0].json()["serial"]  # the valid one, without a key, too
    assert len(certificates(campus)) == 1
    shown = answers[0].json()
    assert (shown["enrolment"], shown["status"], shown["file"]) == (enrolment.id, "valid", None)
    campus.run_jobs()
    drawn = staff[0].get(f"/certificates/{shown['code']}").json()
    assert drawn["file"] == f"/api/v1/certificates/{shown['code']}/file"


def test_a_cohort_is_a_job_that_is_followed(campus, program, cohort):
    staff = program(make_person(campus, "staff"))
    for _number in range(2):
        completed(campus, cohort)
    with campus.database.transaction() as session:  # what follows a completion by itself is another story
        session.execute(delete(job))
    answer = staff.post("/certificates", key="all-of-them", json={"cohort": cohort.code})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["url"]
    assert answer.json()["state"] == "queued"
    again = staff.post("/certificates", key="all-of-them", json={"cohort": cohort.code})
    assert (again.status_code, again.json(), again.headers["location"]) == (202, answer.json(), answer.headers["location"])
    campus.run_jobs()
    followed = staff.get(answer.headers["location"].removeprefix("/api/v1")).json()
    assert (followed["state"], followed["result"]["issued"]) == ("done", 2)
    assert len(certificates(campus)) == 2
    assert program(make_person(campus, "staff")).get(f"/jobs/{followed['id']}").status_code == 404


def test_only_who_completed_gets_one_and_only_from_those_who_may(campus, program, cohort):
    enrolment, other = enrolled(campus, cohort), make_cohort(campus)
    staff = program(make_person(campus, "staff"))
    assert staff.post("/certificates", json={"enrolment": enrolment.id}).json()["code"] == "not-completed"
    for body in ({}, {"enrolment": enrolment.id, "cohort": cohort.code}, {"enrolment": 2**31 - 1}, {"cohort": "NONE"}):
        assert staff.post("/certificates", json=body).status_code == 422, body
    done = completed(campus, cohort)
    elsewhere = program(make_person(campus, "staff", scope=("cohort", other.id or 0)))
    assert elsewhere.post("/certificates", json={"enrolment": done.id}).status_code == 422  # as if there were none
    assert elsewhere.post("/certificates", json={"cohort": cohort.code}).status_code == 422
    assert program(make_person(campus, "tutor")).post("/certificates", json={"enrolment": done.id}).status_code == 403
    assert program(make_person(campus)).post("/certificates", json={"enrolment": done.id}).status_code == 403
    assert certificates(campus) == []


def test_the_owner_and_staff_read_it_and_its_pdf(campus, program, cohort):
    rosa = make_person(campus)
    certificate = certified(campus, cohort, rosa)
    path = f"/certificates/{certificate.code}"
    pdf = pdf_of(campus, certificate)
    tutor = make_person(campus, "tutor", scope=("cohort", cohort.id or 0))
    for person, status in ((rosa, 200), (make_person(campus, "staff"), 200), (tutor, 404), (make_person(campus), 404), (None, 401)):
        asking = program(person)
        assert asking.get(path).status_code == status, person
        file = asking.get(f"{path}/file")
        assert file.status_code == status, person
        assert (file.content == pdf) == (status == 200)
    assert file.headers["content-type"] == "application/problem+json"
    assert program(rosa).get(f"{path}/file").headers["content-disposition"].startswith("attachment")


def test_a_withdrawn_one_says_so_and_gives_its_owner_no_document(campus, program, cohort):
    rosa = make_person(campus)
    certificate = certified(campus, cohort, rosa)
    revoked(campus, certificate)
    mine = program(rosa)
    shown = mine.get(f"/certificates/{certificate.code}").json()
    assert (shown["status"], shown["file"]) == ("revoked", None)
    assert mine.get(f"/certificates/{certificate.code}/file").status_code == 404
    assert [row["code"] for row in mine.items("/certificates", status="revoked")] == [certificate.code]
    assert mine.items("/certificates", status="valid") == []
