"""Numbers of places: whatever happens in whatever order, no cohort has more people than seats."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.courses import cohorts
from lms.courses.models import Cohort
from lms.enrollment import enrolling, queries
from lms.enrollment.places import NoPlaceLeft
from lms.kernel.errors import Invalid, Refused
from lms.kernel.permissions import SYSTEM
from tests.enrollment.stories import enrolled, enrolments, id_of, places, submit
from tests.factories import make_cohort, make_course, make_person, sign_in
from tests.watching import words

PEOPLE = 7
SOMEBODY = st.integers(0, PEOPLE - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["enrol", "enrol", "withdraw", "suspend"]), SOMEBODY),
        st.tuples(st.just("seats"), st.one_of(st.none(), st.integers(0, PEOPLE))),
        st.tuples(st.just("tighten"), st.just(0)),
    ),
    max_size=20,
)


def change_seats(campus, cohort, seats):
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, id_of(cohort), {"seats": seats})


def seats_of(campus, cohort) -> int | None:
    with campus.database.reading() as session:
        return session.one(Cohort, id_of(cohort)).seats


@pytest.fixture
def ground(campus):
    """One course and some people, shared by all examples."""
    return make_course(campus), [id_of(make_person(campus)) for _number in range(PEOPLE)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, seats=st.one_of(st.none(), st.integers(0, PEOPLE)), inside=st.integers(0, PEOPLE))
def test_no_sequence_of_steps_oversells_or_gives_a_number_twice(campus, ground, steps, seats, inside):
    course, people = ground
    cohort = make_cohort(campus, course, seats=seats)
    steps = [*(("enrol", number) for number in range(inside)), *steps]
    for step, value in steps:
        _try(campus, cohort, people, step, value)
        taken, limit = places(campus, cohort), seats_of(campus, cohort)
        assert len(taken) == len(set(taken))
        assert limit is None or (len(taken) <= limit and all(1 <= number <= limit for number in taken))
        with campus.database.reading() as session:
            assert queries.counts(session, id_of(cohort)).taken == len(taken)


def _try(campus, cohort, people, step, value):
    """Take one step; a refusal changes nothing, and is right only when there is a reason."""
    before = places(campus, cohort)
    try:
        if step == "tighten":  # as few seats as there are people, whatever their numbers
            return change_seats(campus, cohort, len(before))
        if step == "seats":
            return change_seats(campus, cohort, value)
        with campus.database.transaction() as session:
            if step == "enrol":
                return enrolling.enrol(session, SYSTEM, cohort, people[value])
            enrolment = queries.enrolment_of(session, id_of(cohort), people[value])
            if enrolment:
                enrolling.set_status(session, SYSTEM, id_of(enrolment), "suspended" if step == "suspend" else "withdrawn")
    except NoPlaceLeft:
        assert len(before) == seats_of(campus, cohort)
    except Invalid:
        assert value is not None
        assert value < len(before)
    except Refused:
        assert step != "seats"
    assert places(campus, cohort) == before or step in ("withdraw", "suspend")


def test_fewer_seats_than_people_are_refused_on_the_form_with_what_was_typed(client, campus):
    cohort = make_cohort(campus, seats=5)
    for _number in range(3):
        enrolled(campus, cohort)
    sign_in(client, campus, make_person(campus, "staff"))
    path = f"/staff/cohorts/{cohort.code}/edit"
    version = re.search(r'name="version" value="(\d+)"', client.get(path).text)
    answer = submit(client, path, title="A new title", language="en", seats="2", version=version[1] if version else "")
    assert answer.status_code == 422
    assert "3 places are taken" in words(answer)
    assert 'value="A new title"' in answer.text
    assert seats_of(campus, cohort) == 5
    change_seats(campus, cohort, 3)
    with pytest.raises(NoPlaceLeft):
        enrolled(campus, cohort)


def test_seats_may_be_fewer_when_the_people_fit_whatever_their_numbers(campus):
    cohort = make_cohort(campus, seats=6)
    made = [enrolled(campus, cohort) for _number in range(6)]
    for enrolment in made[:3]:
        with campus.database.transaction() as session:
            enrolling.withdraw(session, SYSTEM, id_of(enrolment))
    change_seats(campus, cohort, 4)
    assert all(number <= 4 for number in places(campus, cohort))
    enrolled(campus, cohort)
    with pytest.raises(NoPlaceLeft):
        enrolled(campus, cohort)
    assert places(campus, cohort) == [1, 2, 3, 4]


def test_changing_other_settings_leaves_the_numbers_alone(campus):
    cohort = make_cohort(campus, seats=2)
    enrolled(campus, cohort)
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, id_of(cohort), {"title": "Another title"})
    change_seats(campus, cohort, None)
    change_seats(campus, cohort, 1)
    assert [e.place for e in enrolments(campus, cohort)] == [1]
