"""What lists of the API hold for whom: one's own rows, and those of cohorts within reach; in a constant number of queries."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from lms.certificates import listing as certificate_listing
from lms.enrollment import listing as enrolment_listing
from lms.grading import assignment_listing, grade_listing
from lms.grading import listing as work_listing
from tests.certificates.stories import certified
from tests.enrollment.stories import applied, calling_cohort
from tests.factories import actor_of, make_person
from tests.grading.stories import Class
from tests.watching import counting

LISTS: dict[str, Callable[..., Sequence[Any]]] = {
    "enrolments": enrolment_listing.enrolments, "applications": enrolment_listing.applications,
    "assignments": assignment_listing.assignments,
    "submissions": work_listing.submissions, "grades": grade_listing.grades, "certificates": certificate_listing.certificates,
}  # fmt: skip


class Room(Class):
    """A cohort with a trainee, whose work is marked and not released, her tutor, and somebody else's certificate."""

    def __init__(self, campus):
        super().__init__(campus, completion="passed")
        self.rosa, self.vera = self.trainee(), self.tutor()
        self.grade = self.mark(self.vera, self.hand_in(self.rosa), points=10)
        self.certificate = certified(campus, self.cohort)


def seen(campus, person):
    """How many rows of each list a person sees."""
    actor = actor_of(campus, person)
    with campus.database.reading() as session:
        return {name: len(ask(session, actor)) for name, ask in LISTS.items()}


@pytest.fixture
def rooms(campus):
    """Two cohorts alike."""
    return [Room(campus), Room(campus)]


def test_a_trainee_sees_what_is_her_own_and_grades_only_when_they_are_released(campus, rooms):
    room = rooms[0]
    own = {"enrolments": 1, "applications": 0, "assignments": 1, "submissions": 1, "grades": 0, "certificates": 0}
    assert seen(campus, room.rosa) == own
    room.release(room.vera, room.grade)
    assert seen(campus, room.rosa) == {**own, "grades": 1}
    room.save_draft(room.rosa, "A second attempt")
    assert seen(campus, room.rosa)["submissions"] == 2
    assert seen(campus, room.vera)["submissions"] == 1  # a draft is nobody's business but its author's


def test_a_tutor_sees_her_cohort_and_no_other(campus, rooms):
    expected = {"enrolments": 2, "applications": 0, "assignments": 1, "submissions": 1, "grades": 1, "certificates": 0}
    assert seen(campus, rooms[0].vera) == expected
    with campus.database.reading() as session:
        rows = enrolment_listing.enrolments(session, actor_of(campus, rooms[0].vera))
    assert {row.cohort for row in rows} == {rooms[0].cohort.code}
    assert {row.email for row in rows} == {None}  # addresses are for those who may see people


def test_staff_see_everything_and_strangers_nothing(campus, rooms):
    applicant = make_person(campus)
    applied(campus, calling_cohort(campus), applicant)
    assert seen(campus, make_person(campus, "staff")) == {
        "enrolments": 4, "applications": 1, "assignments": 2, "submissions": 2, "grades": 2, "certificates": 2,
    }  # fmt: skip
    nothing = dict.fromkeys(LISTS, 0)
    assert seen(campus, make_person(campus)) == nothing
    assert seen(campus, make_person(campus, "reporter")) == nothing
    assert seen(campus, applicant) == {**nothing, "applications": 1}


def test_who_has_left_a_cohort_keeps_her_certificates_and_sees_no_grades(campus, rooms):
    room = rooms[0]
    room.release(room.vera, room.grade)
    room.set_status(room.rosa, "suspended")
    assert seen(campus, room.rosa)["grades"] == 1
    assert seen(campus, room.rosa)["assignments"] == 0
    room.set_status(room.rosa, "withdrawn")
    assert seen(campus, room.rosa)["grades"] == 0
    assert seen(campus, room.rosa)["submissions"] == 1


@pytest.mark.parametrize("name", LISTS)
def test_a_page_asks_as_often_for_many_as_for_few(campus, rooms, name):
    staff = actor_of(campus, make_person(campus, "staff"))

    def questions():
        with campus.database.reading() as session, counting(campus) as statements:
            LISTS[name](session, staff)
            return len([each for each in statements if each.startswith("SELECT")])

    few = questions()
    for _number in range(3):
        rooms[0].hand_in(rooms[0].trainee(), "Twelve actors.")
    certified(campus, rooms[1].cohort)
    assert questions() == few <= 2
