"""Courses, cohorts and statistics in the API."""

from lms.accounts import people
from lms.accounts.models import Programme
from lms.courses import editing
from lms.enrollment import enrolling
from lms.kernel.permissions import SYSTEM
from tests.factories import make_cohort, make_course, make_person
from tests.watching import counting


def draft(campus, code, **values):
    with campus.database.transaction() as session:
        return editing.create_course(session, SYSTEM, code=code, title="Not ready", **values)


def test_everybody_sees_the_catalogue_and_staff_the_drafts(campus, program):
    make_course(campus, "OPEN", summary="Evidence")
    draft(campus, "DRAFT")
    member, staff = program(make_person(campus)), program(make_person(campus, "staff"))
    assert [item["code"] for item in member.items("/courses")] == ["OPEN"]
    assert member.get("/courses/OPEN").json()["summary"] == "Evidence"
    assert member.get("/courses/DRAFT").status_code == 404
    assert [item["code"] for item in staff.items("/courses")] == ["OPEN", "DRAFT"]
    assert staff.get("/courses/DRAFT").json()["status"] == "draft"
    assert [item["code"] for item in staff.items("/courses", status="draft", q="ready")] == ["DRAFT"]
    assert staff.get("/courses", status="open").status_code == 422


def test_staff_of_one_programme_see_no_drafts_of_another(campus, program):
    with campus.database.transaction() as session:
        second = session.add(Programme(code="second", name="Another", languages=["en"]))
    draft(campus, "THEIRS", programme_id=second.id)
    theirs = program(make_person(campus, "staff", scope=("programme", second.id or 0)))
    ours = program(make_person(campus, "staff", scope=("programme", 1)))
    assert theirs.get("/courses/THEIRS").json()["programme"] == "second"
    assert ours.get("/courses/THEIRS").status_code == 404
    assert ours.items("/courses", programme="second") == []


def test_a_cohort_says_what_its_page_says_and_no_address(campus, program):
    tutor = make_person(campus, given_name="Ana", family_name="Flores")
    course = make_course(campus, "POLI")
    make_cohort(campus, course, code="POLI-1", regions=[1], tutors=[tutor.id or 0], seats=25, language="es")
    make_cohort(campus, course, code="POLI-2", status="draft", tutors=[tutor.id or 0])
    member = program(make_person(campus))
    said = member.get("/cohorts/POLI-1").json()
    assert (said["course"], said["regions"], said["tutors"], said["seats"]) == ("POLI", ["001"], ["Ana Flores"], 25)
    assert str(tutor.email) not in repr(said)
    assert [item["code"] for item in member.items("/cohorts")] == ["POLI-1"]
    assert member.get("/cohorts/POLI-2").status_code == 404
    assert [item["code"] for item in program(tutor).items("/cohorts")] == ["POLI-1", "POLI-2"]
    for asked in ({"course": "POLI"}, {"region": "001"}, {"language": "es"}, {"q": "poli-1"}, {"status": "published"}):
        assert [item["code"] for item in member.items("/cohorts", **asked)] == ["POLI-1"], asked
    assert member.items("/cohorts", region="002") == []


def test_a_longer_page_asks_the_database_no_more_often(campus, program):
    course = make_course(campus, modules=0)
    for _ in range(8):
        make_cohort(campus, course, regions=[1], tutors=[make_person(campus).id or 0])
    member = program(make_person(campus))
    member.get("/cohorts")
    counts = []
    for limit in (1, 8):
        with counting(campus) as statements:
            assert len(member.items("/cohorts", limit=limit)) == limit
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6


def test_a_report_counts_as_the_command_does(campus, program):
    cohort = make_cohort(campus)
    with campus.database.transaction() as session:
        for country, gender in (("PE", "female"), ("PE", "male"), ("EC", "female")):
            person = people.create(session, SYSTEM, given_name="Rosa", country_code=country, gender=gender)
            enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
    reporter = program(make_person(campus, "reporter"))
    said = reporter.get("/reports/trainees", by="country,gender", where="gender=female").json()
    assert said["by"] == ["country", "gender"]
    assert [(row["country"], row["country_name"], row["trainees"]) for row in said["rows"]] == [
        ("EC", "Ecuador", 1), ("PE", "Peru", 1), ("TOTAL", "TOTAL", 2),
    ]  # fmt: skip
    assert list(said["rows"][0])[4:] == [
        "trainees", "participations", "active", "completed", "failed", "withdrawn", "completion_rate", "certificates",
    ]  # fmt: skip
    total = reporter.get("/reports/trainees").json()
    assert (total["row_count"], total["rows"][0]["trainees"]) == (0, 3)
    spanish = reporter.client.get("/api/v1/reports/trainees?by=country", headers={"accept-language": "es"}).json()
    assert "Perú" in {row["country_name"] for row in spanish["rows"]}
    assert [item["name"] for item in reporter.items("/reports")] == ["trainees"]


def test_a_question_that_makes_no_sense_is_refused(campus, program):
    reporter = program(make_person(campus, "reporter"))
    for asked in (
        {"by": "shoe"},
        {"where": "nonsense"},
        {"where": "country=ZZ"},
        {"from": "yesterday"},
        {"from": "2026-02-01", "to": "2026-01-01"},
    ):
        assert reporter.get("/reports/trainees", **asked).status_code == 422, asked
    assert reporter.get("/reports/shoes").status_code == 404
    assert program(make_person(campus)).get("/reports/trainees").status_code == 403


def test_a_reporter_of_one_programme_counts_that_programme(campus, program):
    with campus.database.transaction() as session:
        second = session.add(Programme(code="second", name="Another", languages=["en"]))
    for cohort in (make_cohort(campus), make_cohort(campus, make_course(campus, programme_id=second.id))):
        with campus.database.transaction() as session:
            person = people.create(session, SYSTEM, given_name="Rosa")
            enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
    theirs = program(make_person(campus, "reporter", scope=("programme", second.id or 0)))
    assert theirs.get("/reports/trainees", by="programme").json()["rows"][-1]["trainees"] == 1
