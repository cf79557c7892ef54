"""Grades through the API."""

import pytest

from lms.accounts import roles
from lms.kernel.permissions import SYSTEM
from tests.api.programs import at_once
from tests.factories import make_person
from tests.grading.stories import Class, changes, grades


@pytest.fixture
def room(campus):
    """A cohort with an assignment."""
    return Class(campus)


def test_a_tutor_marks_and_its_owner_sees_it_when_it_is_released(campus, program, room):
    vera, rosa = room.tutor(), room.trainee()
    attempt = room.hand_in(rosa)
    marking, mine, path = program(vera), program(rosa), f"/submissions/{attempt.code}/grade"
    assert marking.get(path).status_code == 404
    saved = marking.put(path, score=16.5, feedback="Well drawn.", version=0)
    assert saved.status_code == 200, saved.text
    shown = saved.json()
    assert (shown["score"], shown["max_score"], shown["status"], shown["version"]) == (16.5, 20, "marked", 1)
    assert (shown["person"], shown["submission"], shown["assignment"]) == (rosa.code, attempt.code, room.assignment.id)
    assert marking.get(path).json() == marking.get(f"/grades/{shown['id']}").json() == shown
    assert mine.get(path).status_code == mine.get(f"/grades/{shown['id']}").status_code == 404
    assert mine.items("/grades") == []
    room.release(vera, *grades(campus))
    assert [(row["score"], row["status"]) for row in mine.items("/grades")] == [(16.5, "released")]
    assert mine.get(path).json()["feedback"] == "Well drawn."


def test_a_lost_update_is_refused_in_both_ways(campus, program, room):
    vera = room.tutor()
    attempt = room.hand_in(room.trainee())
    marking, path = program(vera), f"/submissions/{attempt.code}/grade"
    first = marking.put(path, score=12, version=0)
    stale = marking.put(path, score=9, version=0)
    assert (stale.status_code, stale.json()["code"]) == (409, "grade-changed")
    by_tag = marking.put(path, match=first.headers["etag"], score=13)
    assert (by_tag.status_code, by_tag.json()["version"]) == (200, 2)
    assert marking.put(path, match=first.headers["etag"], score=9).status_code == 412
    assert marking.put(path, match=by_tag.headers["etag"], score=9, version=1).status_code == 409
    assert marking.put(path, score=9).status_code == 422  # what was read must be said
    assert [grade.points for grade in grades(campus)] == [13]
    assert [change.points for change in changes(campus)] == [12, 13]


def test_a_tag_of_a_grade_that_is_not_there_matches_nothing(campus, program, room):
    attempt = room.hand_in(room.trainee())
    assert program(room.tutor()).put(f"/submissions/{attempt.code}/grade", match="*", score=9).status_code == 412
    assert grades(campus) == []


def test_of_four_who_mark_at_the_same_moment_one_gets_through(campus, program, room):
    attempt = room.hand_in(room.trainee())
    tutors = [program(room.tutor()) for _number in range(4)]
    path = f"/submissions/{attempt.code}/grade"
    answers = at_once(*(lambda each=each, n=n: each.put(path, score=10 + n, version=0) for n, each in enumerate(tutors)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert [float(grade.points or 0) for grade in grades(campus)] == [winner.json()["score"]]
    assert len(changes(campus)) == 1


def test_what_cannot_be_given_says_why_and_where(campus, program, room):
    rosa = room.trainee()
    attempt, marking = room.hand_in(rosa), program(room.tutor())
    path = f"/submissions/{attempt.code}/grade"

    def refused(**body):
        answer = marking.put(path, version=0, **body)
        return answer.status_code, [error.get("pointer") for error in answer.json()["errors"]]

    assert refused(score=20.5) == (422, ["/score"])
    assert refused(score=-1) == (422, ["/score"])
    assert refused(score=0.00001) == (422, ["/score"])
    assert refused(score="many") == (422, ["/score"])
    assert refused() == (422, ["/score"])
    assert refused(levels={"clarity": 2}) == (422, ["/levels"])
    assert refused(points=12) == (422, ["/points"])
    assert grades(campus) == []


def test_who_may_see_and_give_a_grade(campus, program, room):
    other, rosa, vera = Class(campus), room.trainee(), room.tutor()
    attempt = room.hand_in(rosa)
    grade = room.mark(vera, attempt)
    room.release(vera, grade)
    for person, reads, writes in (
        (None, 401, 401), (make_person(campus), 404, 403), (other.tutor(), 404, 404), (room.trainee(), 403, 403), (rosa, 200, 403),
        (make_person(campus, "reporter"), 404, 403), (make_person(campus, "staff"), 200, 200),
    ):  # fmt: skip
        asking = program(person)
        assert asking.get(f"/grades/{grade.id}").status_code == reads, person
        assert asking.get(f"/submissions/{attempt.code}/grade").status_code == reads, person
        assert asking.put(f"/submissions/{attempt.code}/grade", score=20, version=2).status_code == writes, person
    assert program(vera).items("/grades", cohort=other.cohort.code) == []
    assert [row["item"] for row in program(vera).items("/grades", status="released", item="Map of actors")] == ["Map of actors"]


def test_nobody_marks_herself(campus, program, room):
    rosa = room.trainee()
    attempt = room.hand_in(rosa)
    with campus.database.transaction() as session:
        roles.give(session, SYSTEM, rosa.id or 0, "tutor", "cohort", room.cohort.id or 0)
    answer = program(rosa).put(f"/submissions/{attempt.code}/grade", score=20, version=0)
    assert (answer.status_code, answer.json()["code"]) == (403, "own-work")
