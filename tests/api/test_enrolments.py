"""Enrolments through the API."""

from lms.kernel import clock
from tests.api.programs import at_once
from tests.enrollment.stories import enrolled, enrolments, self_cohort
from tests.factories import make_cohort, make_person
from tests.watching import counting


def test_staff_enrol_somebody_by_address_or_by_code(campus, program):
    staff, cohort, other = program(make_person(campus, "staff")), make_cohort(campus), make_cohort(campus)
    rosa = make_person(campus, email="rosa@example.org")
    made = staff.post("/enrolments", json={"person": "Rosa@Example.org", "cohort": cohort.code})
    assert made.status_code == 201, made.text
    assert made.json() == {
        "id": made.json()["id"], "person": rosa.code, "name": rosa.name, "email": "rosa@example.org", "cohort": cohort.code,
        "status": "active", "method": "staff", "enrolled_at": made.json()["enrolled_at"], "completed_at": None, "withdrawn_at": None,
    }  # fmt: skip
    again = staff.get(made.headers["location"].removeprefix("/api/v1"))
    assert again.json() == made.json()
    assert again.headers["etag"] == made.headers["etag"]
    assert staff.post("/enrolments", json={"person": rosa.code, "cohort": other.code}).status_code == 201


def test_what_cannot_be_enrolled_says_why_and_where(campus, program):
    staff, cohort, rosa = program(make_person(campus, "staff")), make_cohort(campus, seats=1), make_person(campus)

    def refused(person, code):
        answer = staff.post("/enrolments", json={"person": person, "cohort": code})
        body = answer.json()
        return answer.status_code, body["code"], [error.get("pointer") for error in body.get("errors", [])]

    assert refused("nobody@example.org", cohort.code) == (422, "invalid", ["/person"])
    assert refused("NOSUCHCODE", cohort.code) == (422, "invalid", ["/person"])
    assert refused(rosa.code, "NONE") == (422, "invalid", ["/cohort"])
    enrolled(campus, cohort, rosa)
    assert refused(rosa.code, cohort.code)[:2] == (409, "already-enrolled")
    assert refused(make_person(campus).code, cohort.code)[:2] == (409, "no-place-left")


def test_one_enrols_oneself_where_the_cohort_lets_people_in(campus, program):
    rosa = make_person(campus)
    mine, cohort = program(rosa), self_cohort(campus)
    assert mine.post("/enrolments", json={"cohort": cohort.code}).status_code == 201
    assert mine.post("/enrolments", json={"cohort": make_cohort(campus).code}).json()["code"] == "not-offered"
    assert mine.post("/enrolments", json={"cohort": cohort.code, "person": make_person(campus).code}).status_code == 403
    hidden = self_cohort(campus, status="draft")
    assert mine.post("/enrolments", json={"cohort": hidden.code}).status_code == 422


def test_the_same_request_sent_twice_enrols_once(campus, program):
    person, cohort, rosa = make_person(campus, "staff"), make_cohort(campus), make_person(campus)
    staff = program(person)
    body = {"person": rosa.code, "cohort": cohort.code}
    first, second = (staff.post("/enrolments", key="once", json=body) for _time in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, first.json())
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["location"] == first.headers["location"]
    assert len(enrolments(campus, cohort)) == 1
    other = staff.post("/enrolments", key="once", json={**body, "person": make_person(campus).code})
    assert other.status_code == 422
    assert len(enrolments(campus, cohort)) == 1


def test_sent_four_times_at_the_same_moment_it_enrols_once(campus, program):
    person, cohort, rosa = make_person(campus, "staff"), make_cohort(campus), make_person(campus)
    programs = [program(person) for _number in range(4)]
    body = {"person": rosa.code, "cohort": cohort.code}
    answers = at_once(*(lambda each=each: each.post("/enrolments", key="at-once", json=body) for each in programs))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(enrolments(campus, cohort)) == 1


def test_a_state_is_changed_by_staff_and_only_as_it_was_read(campus, program):
    cohort = make_cohort(campus)
    enrolment = enrolled(campus, cohort)
    staff, path = program(make_person(campus, "staff")), f"/enrolments/{enrolment.id}"
    tag = staff.get(path).headers["etag"]
    done = staff.patch(path, match=tag, status="suspended")
    assert done.status_code == 200
    assert done.json()["status"] == "suspended"
    late = staff.patch(path, match=tag, status="failed")
    assert late.status_code == 412
    assert staff.get(path).json()["status"] == "suspended"
    assert staff.patch(path, match=done.headers["etag"], status="active").json()["status"] == "active"
    finished = staff.patch(path, status="completed").json()
    assert finished["completed_at"] <= clock.now().isoformat().replace("+00:00", "Z")
    assert staff.patch(path, status="withdrawn").json()["code"] == "wrong-move"
    assert staff.patch(path, status="asleep").status_code == 422


def test_of_two_who_change_what_both_read_one_is_told(campus, program):
    cohort = make_cohort(campus)
    enrolment, person = enrolled(campus, cohort), make_person(campus, "staff")
    first, second, path = program(person), program(person), f"/enrolments/{enrolment.id}"
    tag = first.get(path).headers["etag"]
    answers = at_once(lambda: first.patch(path, match=tag, status="suspended"), lambda: second.patch(path, match=tag, status="failed"))
    assert sorted(answer.status_code for answer in answers) == [200, 412]


def test_who_may_see_and_change_an_enrolment(campus, program):
    cohort, other = make_cohort(campus), make_cohort(campus)
    rosa = make_person(campus)
    path = f"/enrolments/{enrolled(campus, cohort, rosa).id}"
    tutor = make_person(campus, "tutor", scope=("cohort", cohort.id or 0))
    stranger, fellow = make_person(campus, "tutor", scope=("cohort", other.id or 0)), make_person(campus)
    enrolled(campus, cohort, fellow)
    for person, reads, writes in (
        (None, 401, 401), (make_person(campus), 404, 404), (stranger, 404, 404), (fellow, 403, 403), (tutor, 200, 403),
        (make_person(campus, "reporter"), 404, 404), (rosa, 200, 403),
    ):  # fmt: skip
        asking = program(person)
        assert asking.get(path).status_code == reads, person
        assert asking.patch(path, status="completed").status_code == writes, person
    assert program(tutor).get(path).json()["email"] is None
    assert program(rosa).patch(path, status="withdrawn").json()["status"] == "withdrawn"


def test_lists_are_narrowed_and_paged(campus, program):
    cohort, other = make_cohort(campus), make_cohort(campus)
    rosa = make_person(campus)
    made = [enrolled(campus, cohort), enrolled(campus, cohort, status="completed"), enrolled(campus, other, rosa)]
    staff = program(make_person(campus, "staff"))
    assert [row["id"] for row in staff.items("/enrolments")] == [each.id for each in made]
    assert [row["id"] for row in staff.items("/enrolments", cohort=cohort.code, status="completed")] == [made[1].id]
    assert [row["id"] for row in staff.items("/enrolments", person=rosa.code)] == [made[2].id]
    first = staff.get("/enrolments", limit=2, fields="id").json()
    assert first["items"] == [{"id": made[0].id}, {"id": made[1].id}]
    assert staff.get("/enrolments", limit=2, fields="id", cursor=first["next"]).json() == {"items": [{"id": made[2].id}], "next": None}
    assert staff.get("/enrolments", colour="red").status_code == 422


def test_a_page_asks_as_often_for_many_as_for_few(campus, program):
    cohort, staff = make_cohort(campus), program(make_person(campus, "staff"))
    enrolled(campus, cohort)

    def questions():
        with counting(campus) as statements:
            staff.items("/enrolments")
        return len(statements)

    questions()  # notes the use of the token
    few = questions()
    for _number in range(5):
        enrolled(campus, cohort)
    assert questions() == few
