"""Many at once: places are never sold twice, whoever comes how."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lms.courses import cohorts
from lms.courses.events import CohortCompleted
from lms.enrollment import applying, batches, enrolling, queries
from lms.enrollment.applying import AlreadyApplied, AlreadyDecided
from lms.enrollment.enrolling import AlreadyEnrolled
from lms.enrollment.events import EnrolmentCompleted
from lms.enrollment.models import Application
from lms.enrollment.places import NoPlaceLeft
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.errors import Refused
from lms.kernel.permissions import SYSTEM
from lms.kernel.text import random_code
from tests.enrollment.stories import (
    applied,
    calling_cohort,
    enrolled,
    enrolments,
    id_of,
    mails_to,
    places,
    self_cohort,
    submit,
)
from tests.factories import actor_of, make_cohort, make_person, sign_in


def together(acts: list[Callable[[], object]]) -> list[object]:
    """Do everything at the same moment; answers what each returned, or the refusal it raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        start.wait()
        try:
            return act()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def in_transaction(campus: Campus, act: Callable[..., object]) -> Callable[[], object]:
    """The act in a transaction of its own."""

    def run() -> object:
        with campus.database.transaction() as session:
            return act(session)

    return run


def test_fifty_people_take_the_last_ten_places_at_once_and_exactly_ten_get_one(campus):
    cohort = self_cohort(campus, seats=12)
    for _number in range(2):
        enrolled(campus, cohort)
    actors = [actor_of(campus, make_person(campus)) for _number in range(50)]
    answers = together([in_transaction(campus, lambda s, a=actor: enrolling.enrol_self(s, a, cohort)) for actor in actors])
    assert sum(isinstance(answer, NoPlaceLeft) for answer in answers) == 40
    assert places(campus, cohort) == list(range(1, 13))


def test_fifty_browsers_press_the_button_at_once_and_exactly_ten_get_in(campus, visit):
    cohort = self_cohort(campus, seats=10)
    people = [make_person(campus) for _number in range(50)]
    browsers = [sign_in(visit(), campus, person) for person in people]
    path = f"/cohorts/{cohort.code}"
    tokens = [browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0] for browser in browsers]

    def press(number: int) -> str:
        answer = browsers[number].post(f"{path}/enrol", data={"csrf_token": tokens[number]}, follow_redirects=False)
        assert answer.status_code == 303
        return str(answer.headers["location"])

    with ThreadPoolExecutor(50) as pool:
        targets = list(pool.map(press, range(50)))
    assert targets.count(f"/learn/{cohort.code}") == 10
    assert targets.count(path) == 40
    assert places(campus, cohort) == list(range(1, 11))
    assert sum(len(mails_to(campus, person)) for person in people) == 10


def test_a_place_given_back_while_many_want_one_goes_to_one_of_them_at_most(campus):
    cohort = self_cohort(campus, seats=3)
    inside = [enrolled(campus, cohort) for _number in range(3)]
    outside = [actor_of(campus, make_person(campus)) for _number in range(8)]
    leaving = [in_transaction(campus, lambda s, e=e: enrolling.withdraw(s, SYSTEM, id_of(e))) for e in inside[:2]]
    coming = [in_transaction(campus, lambda s, a=a: enrolling.enrol_self(s, a, cohort)) for a in outside]
    together([*coming[:4], *leaving, *coming[4:]])
    taken = places(campus, cohort)
    assert taken == sorted(set(taken))
    assert set(taken) <= {1, 2, 3}
    assert len(enrolments(campus, cohort)) - 2 == len(taken) <= 3


def test_one_person_who_leaves_and_comes_at_once_has_one_row_and_at_most_one_place(campus):
    cohort = self_cohort(campus)
    person = make_person(campus)
    enrolment = enrolled(campus, cohort, person)
    me = actor_of(campus, person)
    leave = in_transaction(campus, lambda s: enrolling.withdraw(s, me, id_of(enrolment)))
    come = in_transaction(campus, lambda s: enrolling.enrol_self(s, me, cohort))
    together([leave, come] * 6)
    (row,) = enrolments(campus, cohort)
    assert (row.place is None) == (row.status == "withdrawn")
    assert actor_of(campus, person).can("courses.learn", cohort.scope) == (row.status == "active")


def test_two_staff_who_enrol_the_same_person_at_once_do_it_once(campus):
    cohort = make_cohort(campus, seats=5)
    person = make_person(campus)
    answers = together([in_transaction(campus, lambda s: enrolling.enrol(s, SYSTEM, cohort, id_of(person)))] * 6)
    assert sum(isinstance(answer, AlreadyEnrolled) for answer in answers) == 5
    assert len(mails_to(campus, person)) == 1


def test_accepting_one_application_twice_at_once_gives_one_place_and_one_mail(campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    application = applied(campus, cohort, person)
    answers = together([in_transaction(campus, lambda s: applying.accept(s, SYSTEM, id_of(application)))] * 6)
    assert sum(isinstance(answer, AlreadyDecided) for answer in answers) == 5
    assert places(campus, cohort) == [1]
    assert len(mails_to(campus, person)) == 2


def test_accepting_rejecting_and_withdrawing_at_once_end_in_one_state_each(campus):
    cohort = calling_cohort(campus)
    acts = []
    for _number in range(6):
        person = make_person(campus)
        me, key = actor_of(campus, person), id_of(applied(campus, cohort, person))
        acts += [
            in_transaction(campus, lambda s, me=me, key=key: applying.withdraw_application(s, me, key)),
            in_transaction(campus, lambda s, key=key: applying.reject(s, SYSTEM, key)),
            in_transaction(campus, lambda s, key=key: batches.decide(s, SYSTEM, cohort, [key], "accepted")),
        ]
    together(acts)
    with campus.database.reading() as session:
        counts = queries.counts(session, id_of(cohort))
    assert counts.waiting == 0
    assert counts.taken == counts.applications.get("accepted", 0)


def test_two_boards_that_accept_the_same_people_at_once_do_not_block_each_other(campus):
    cohort = calling_cohort(campus, seats=10)
    ids = [id_of(applied(campus, cohort)) for _number in range(10)]
    acts = [
        in_transaction(campus, lambda s, order=order: batches.decide(s, SYSTEM, cohort, order, "accepted")) for order in (ids, ids[::-1])
    ]
    together(acts)
    assert places(campus, cohort) == list(range(1, 11))


def test_applying_twice_at_once_makes_one_application_and_one_mail(campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    me = actor_of(campus, person)
    answers = together([in_transaction(campus, lambda s: applying.apply(s, me, cohort, "Yes."))] * 6)
    assert sum(isinstance(answer, AlreadyApplied) for answer in answers) == 5
    assert len(mails_to(campus, person)) == 1


def test_fewer_seats_and_more_people_at_once_never_oversell(campus):
    cohort = self_cohort(campus, seats=10)
    for _number in range(4):
        enrolled(campus, cohort)
    actors = [actor_of(campus, make_person(campus)) for _number in range(8)]
    acts = [in_transaction(campus, lambda s, a=a: enrolling.enrol_self(s, a, cohort)) for a in actors]
    acts.insert(4, in_transaction(campus, lambda s: cohorts.save(s, SYSTEM, id_of(cohort), {"seats": 6})))
    together(acts)
    with campus.database.reading() as session:
        seats = session.one(type(cohort), cohort.id).seats
    assert seats is not None
    assert places(campus, cohort)[-1] <= seats


def test_trainees_who_finish_while_others_leave_and_come_are_each_completed_once(campus):
    told: list[int] = []
    campus.hub.subscribe(EnrolmentCompleted, lambda _session, happened: told.append(happened.person_id))
    cohort = make_cohort(campus, seats=20)
    finishing, leaving = [[enrolled(campus, cohort) for _number in range(5)] for _time in range(2)]
    finish = [in_transaction(campus, lambda s, e=e: s.emit(CohortCompleted(e.person_id, e.cohort_id))) for e in finishing]
    leave = [in_transaction(campus, lambda s, e=e: enrolling.withdraw(s, SYSTEM, id_of(e))) for e in leaving]
    together([*finish, *leave, *finish])
    assert sorted(told) == sorted(e.person_id for e in finishing)


def test_staff_who_complete_and_staff_who_withdraw_the_same_people_at_once_both_come_to_an_end(campus):
    # What a subscriber writes for the cohort needs the cohort's row too: certificates do.
    campus.hub.subscribe(EnrolmentCompleted, lambda s, event: s.add(Application(code=random_code(), cohort_id=event.cohort_id,
                         person_id=event.person_id, submitted_at=clock.now())))  # fmt: skip
    cohort = make_cohort(campus, seats=20)
    ids = [id_of(enrolled(campus, cohort)) for _number in range(6)]
    states = ("completed", "withdrawn", "suspended", "completed")
    together([in_transaction(campus, lambda s, state=state: batches.change_enrolments(s, SYSTEM, cohort, ids, state)) for state in states])
    assert {e.status for e in enrolments(campus, cohort)} <= {"completed", "withdrawn", "suspended"}


def test_the_form_is_sent_twice_by_an_impatient_finger(client, campus):
    cohort = self_cohort(campus)
    person = make_person(campus)
    sign_in(client, campus, person)
    path = f"/cohorts/{cohort.code}"
    token = client.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    for _time in range(2):
        client.post(f"{path}/enrol", data={"csrf_token": token})
    assert len(enrolments(campus, cohort)) == len(mails_to(campus, person)) == 1
    assert submit(client, path, f"{path}/withdraw").status_code == 200
