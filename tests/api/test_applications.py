"""Applications through the API."""

from lms.enrollment.models import Application
from tests.api.programs import at_once
from tests.enrollment.stories import applied, calling_cohort, enrolments, mails_to
from tests.factories import make_cohort, make_person

ANSWER = "I would share it with my team."


def test_one_applies_for_oneself_and_withdraws(campus, program):
    rosa, cohort = make_person(campus), calling_cohort(campus)
    mine = program(rosa)
    made = mine.post("/applications", json={"cohort": cohort.code, "answer": ANSWER})
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["person"], shown["cohort"], shown["status"], shown["answer"]) == (rosa.code, cohort.code, "submitted", ANSWER)
    assert mine.items("/applications") == [shown]
    path = f"/applications/{shown['code']}"
    assert mine.get(path).json() == shown
    assert mine.patch(path, status="accepted").status_code == 403
    assert mine.patch(path, status="withdrawn").json()["status"] == "withdrawn"


def test_what_cannot_be_applied_to_says_why(campus, program):
    mine, cohort = program(make_person(campus)), calling_cohort(campus)
    empty = mine.post("/applications", json={"cohort": cohort.code})
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/answer")
    unknown = mine.post("/applications", json={"cohort": "NONE", "answer": ANSWER})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/cohort")
    assert mine.post("/applications", json={"cohort": make_cohort(campus).code, "answer": ANSWER}).json()["code"] == "not-offered"
    assert mine.post("/applications", json={"cohort": cohort.code, "answer": ANSWER}).status_code == 201
    assert mine.post("/applications", json={"cohort": cohort.code, "answer": ANSWER}).json()["code"] == "already-applied"
    assert mine.post("/applications", json={"cohort": cohort.code, "anwser": ANSWER}).status_code == 422


def test_sent_twice_at_the_same_moment_it_is_one_application(campus, program):
    rosa, cohort = make_person(campus), calling_cohort(campus)
    mine = [program(rosa) for _number in range(3)]
    body = {"cohort": cohort.code, "answer": ANSWER}
    answers = at_once(*(lambda each=each: each.post("/applications", key="apply-1", json=body) for each in mine))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(mails_to(campus, rosa)) == 1


def test_staff_shortlist_put_on_the_waiting_list_accept_and_reject(campus, program):
    cohort = calling_cohort(campus)
    rosa, juan = make_person(campus), make_person(campus)
    first, second = f"/applications/{applied(campus, cohort, rosa).code}", f"/applications/{applied(campus, cohort, juan).code}"
    staff = program(make_person(campus, "staff"))
    assert staff.patch(first, status="shortlisted").json()["status"] == "shortlisted"
    assert staff.patch(first, status="waitlisted").json()["status"] == "waitlisted"
    told = len(mails_to(campus, rosa))
    accepted = staff.patch(first, status="accepted", note="Welcome!").json()
    assert (accepted["status"], accepted["note"]) == ("accepted", "Welcome!")
    assert [each.person_id for each in enrolments(campus, cohort)] == [rosa.id]
    assert len(mails_to(campus, rosa)) == told + 1
    assert staff.patch(second, status="rejected").json()["status"] == "rejected"
    assert staff.patch(second, status="shortlisted").json()["code"] == "already-decided"
    assert [row["person"] for row in staff.items("/applications", cohort=cohort.code, status="rejected")] == [juan.code]


def test_a_decision_on_what_was_read_before_somebody_elses_is_refused(campus, program):
    cohort, person = calling_cohort(campus), make_person(campus, "staff")
    path = f"/applications/{applied(campus, cohort).code}"
    staff = [program(person) for _number in range(2)]
    tag = staff[0].get(path).headers["etag"]
    answers = at_once(
        lambda: staff[0].patch(path, match=tag, status="shortlisted"), lambda: staff[1].patch(path, match=tag, status="waitlisted")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert staff[0].patch(path, match='"something-else"', status="accepted").status_code == 412
    assert enrolments(campus, cohort) == []


def test_who_may_see_and_decide(campus, program):
    cohort, other = calling_cohort(campus), calling_cohort(campus)
    rosa = make_person(campus)
    application: Application = applied(campus, cohort, rosa)
    path = f"/applications/{application.code}"
    tutor = make_person(campus, "tutor", scope=("cohort", cohort.id or 0))
    other_staff = make_person(campus, "staff", scope=("cohort", other.id or 0))
    for person, reads, writes in (
        (None, 401, 401), (make_person(campus), 404, 404), (other_staff, 404, 404), (tutor, 403, 403), (rosa, 200, 403),
        (make_person(campus, "staff", scope=("cohort", cohort.id or 0)), 200, 200),
    ):  # fmt: skip
        asking = program(person)
        assert asking.get(path).status_code == reads, person
        assert asking.patch(path, status="shortlisted").status_code == writes, person
