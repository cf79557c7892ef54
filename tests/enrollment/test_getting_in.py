"""People get into a cohort by themselves, give their place back, and come again."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.accounts import roles
from lms.courses import cohorts, completion
from lms.courses.events import CohortCompleted
from lms.courses.models import Activity
from lms.enrollment import enrolling, queries
from lms.enrollment.enrolling import AlreadyEnrolled, NotWithdrawable
from lms.enrollment.entering import HasEnded, NotOffered, OpensLater
from lms.enrollment.events import Enrolled, EnrolmentCompleted, EnrolmentWithdrawn
from lms.enrollment.places import NoPlaceLeft, PlaceWanted
from lms.kernel import clock
from lms.kernel.errors import Forbidden, NotFound, Refused, SignInNeeded, WrongMove
from lms.kernel.permissions import SYSTEM, Actor
from tests.enrollment.stories import (
    application_of,
    applied,
    calling_cohort,
    enrolled,
    enrolments,
    id_of,
    learns,
    mails_to,
    places,
    self_cohort,
    submit,
)
from tests.factories import actor_of, make_cohort, make_course, make_person, sign_in
from tests.watching import words


def enrol_self(campus, cohort, person):
    with campus.database.transaction() as session:
        return enrolling.enrol_self(session, actor_of(campus, person), cohort)


def withdraw(campus, actor, enrolment):
    with campus.database.transaction() as session:
        return enrolling.withdraw(session, actor, id_of(enrolment))


def set_status(campus, enrolment, status, actor=SYSTEM):
    with campus.database.transaction() as session:
        return enrolling.set_status(session, actor, id_of(enrolment), status)


def test_a_visitor_signs_in_comes_back_and_takes_a_place(client, campus):
    cohort = self_cohort(campus, seats=2)
    page = client.get(f"/cohorts/{cohort.code}")
    assert "Places left: 2 of 2" in words(page)
    assert f'href="/sign-in?next=/cohorts/{cohort.code}"' in page.text
    person = make_person(campus)
    sign_in(client, campus, person)
    answer = submit(client, f"/cohorts/{cohort.code}", f"/cohorts/{cohort.code}/enrol")
    assert answer.url.path == f"/learn/{cohort.code}"
    assert "You have a place." in words(answer)
    shown = words(client.get(f"/cohorts/{cohort.code}"))
    assert "You have a place" in shown
    assert "Give my place back" in shown
    assert learns(campus, person, cohort)


def test_who_enrols_gets_one_mail_in_her_language_that_names_the_first_day(campus):
    cohort = self_cohort(campus)
    person = make_person(campus, language="es")
    enrol_self(campus, cohort, person)
    (mail,) = mails_to(campus, person)
    assert mail.locale == "es"
    assert str((cohort.starts_on or clock.today()).year) in mail.body_text
    assert f"http://testserver/learn/{cohort.code}" in mail.body_text
    assert "http://testserver/reset" in mail.body_text  # somebody added by staff has no password yet


def test_nobody_is_written_to_about_a_cohort_that_is_a_draft_or_over(campus):
    for values in ({"status": "draft"}, {"starts_in": -90, "days": 42}, {"status": "closed"}):
        person = make_person(campus)
        enrolled(campus, make_cohort(campus, **values), person)
        assert mails_to(campus, person) == []


def test_a_person_without_an_address_is_enrolled_all_the_same(campus):
    cohort = make_cohort(campus)
    assert enrolled(campus, cohort, make_person(campus, email=None)).place == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"enrolment_method": "staff"}, NotOffered), ({"enrolment_method": "application"}, NotOffered), ({"status": "draft"}, NotOffered),
     ({"status": "closed"}, NotOffered), ({"enrol_from": timedelta(hours=1)}, OpensLater), ({"enrol_until": timedelta(hours=-1)}, HasEnded),
     ({"starts_in": -40, "days": 30}, HasEnded), ({"seats": 0}, NoPlaceLeft)],
)  # fmt: skip
def test_self_enrolment_is_offered_only_with_the_method_on_inside_the_dates_and_with_seats_left(client, campus, values, reason):
    values = {name: clock.now() + value if isinstance(value, timedelta) else value for name, value in values.items()}
    cohort = self_cohort(campus, **values)
    person = make_person(campus)
    with pytest.raises(reason):
        enrol_self(campus, cohort, person)
    assert enrolments(campus, cohort) == []
    assert not learns(campus, person, cohort)
    page = sign_in(client, campus, person).get(f"/cohorts/{cohort.code}")
    assert f"/cohorts/{cohort.code}/enrol" not in page.text


def test_the_button_pressed_too_late_goes_back_to_the_cohort_with_the_reason(client, campus):
    cohort = self_cohort(campus, seats=1)
    sign_in(client, campus, make_person(campus))
    path = f"/cohorts/{cohort.code}"
    page = client.get(path)
    assert "Places left: 1 of 1" in words(page)
    enrolled(campus, cohort)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = client.post(f"{path}/enrol", data={"csrf_token": token})
    assert answer.url.path == path
    assert "Every place is taken (1)." in words(answer)


def test_the_page_says_when_it_opens_in_the_readers_zone(client, campus):
    cohort = self_cohort(campus, enrol_from=clock.now() + timedelta(days=2))
    person = make_person(campus, timezone="America/Lima")
    assert "Opens on" in words(sign_in(client, campus, person).get(f"/cohorts/{cohort.code}"))
    assert "(Lima)" in words(client.get(f"/cohorts/{cohort.code}"))


def test_nobody_enrols_twice(client, campus):
    cohort = self_cohort(campus)
    person = make_person(campus)
    enrol_self(campus, cohort, person)
    with pytest.raises(AlreadyEnrolled):
        enrol_self(campus, cohort, person)
    assert len(enrolments(campus, cohort)) == 1
    assert f"/cohorts/{cohort.code}/enrol" not in sign_in(client, campus, person).get(f"/cohorts/{cohort.code}").text


def test_a_visitor_cannot_enrol(client, campus):
    cohort = self_cohort(campus)
    with pytest.raises(SignInNeeded), campus.database.transaction() as session:
        enrolling.enrol_self(session, Actor(id=None, name=""), cohort)


def test_who_gives_the_place_back_loses_the_course_and_comes_again_into_the_same_row(client, campus):
    cohort = self_cohort(campus)
    first = enrolled(campus, cohort)
    person = make_person(campus)
    mine = enrol_self(campus, cohort, person)
    assert (first.place, mine.place) == (1, 2)
    sign_in(client, campus, person)
    answer = submit(client, f"/cohorts/{cohort.code}", f"/cohorts/{cohort.code}/withdraw")
    assert "Your place is free again." in words(answer)
    assert not learns(campus, person, cohort)
    gone = enrolments(campus, cohort)[1]
    assert (gone.status, gone.place) == ("withdrawn", None)
    assert gone.withdrawn_at is not None
    withdraw(campus, SYSTEM, first)
    again = enrol_self(campus, cohort, person)
    assert (again.id, again.status, again.place, again.withdrawn_at) == (mine.id, "active", 1, None)
    assert learns(campus, person, cohort)


def test_numbers_of_places_are_used_again(campus):
    cohort = make_cohort(campus, seats=3)
    made = [enrolled(campus, cohort) for _number in range(3)]
    with pytest.raises(NoPlaceLeft, match=r"Every place is taken \(3\)"):
        enrolled(campus, cohort)
    withdraw(campus, SYSTEM, made[1])
    assert enrolled(campus, cohort).place == 2
    assert places(campus, cohort) == [1, 2, 3]


def test_without_a_limit_as_many_come_as_want(campus):
    cohort = make_cohort(campus, seats=None)
    for _number in range(12):
        enrolled(campus, cohort)
    assert places(campus, cohort) == list(range(1, 13))


def test_nobody_else_gives_ones_place_back(campus):
    cohort = self_cohort(campus)
    enrolment = enrolled(campus, cohort)
    other = make_person(campus)
    enrolled(campus, cohort, other)
    with pytest.raises(Forbidden):
        withdraw(campus, actor_of(campus, other), enrolment)


def test_the_suspended_and_those_whose_course_is_over_ask_the_staff(campus):
    cohort = self_cohort(campus)
    person = make_person(campus)
    enrolment = enrol_self(campus, cohort, person)
    me = actor_of(campus, person)
    set_status(campus, enrolment, "suspended")
    with pytest.raises(NotWithdrawable):  # else leaving and enrolling again would end the suspension
        withdraw(campus, me, enrolment)
    set_status(campus, enrolment, "active")
    with campus.database.transaction() as session:
        cohorts.set_status(session, SYSTEM, id_of(cohort), "closed")
    with pytest.raises(NotWithdrawable):
        withdraw(campus, me, enrolment)
    assert withdraw(campus, SYSTEM, enrolment).status == "withdrawn"


def test_a_suspended_trainee_keeps_the_place_but_not_the_course_until_reactivated(client, campus):
    cohort = self_cohort(campus, seats=1)
    person = make_person(campus)
    enrolment = enrol_self(campus, cohort, person)
    set_status(campus, enrolment, "suspended")
    assert not learns(campus, person, cohort)
    assert places(campus, cohort) == [1]
    sign_in(client, campus, person)
    assert "Your place is suspended" in words(client.get(f"/cohorts/{cohort.code}"))
    assert client.get(f"/learn/{cohort.code}").status_code == 404
    set_status(campus, enrolment, "active")
    assert learns(campus, person, cohort)


def test_a_role_alone_makes_nobody_a_trainee_and_a_suspended_one_is_none(campus):
    cohort = make_cohort(campus)
    only_role = make_person(campus)
    with campus.database.transaction() as session:
        roles.give(session, SYSTEM, id_of(only_role), "trainee", "cohort", id_of(cohort))
    people = {status: enrolled(campus, cohort, status=status).person_id for status in ("active", "suspended", "completed", "failed")}
    gone = enrolled(campus, cohort)
    withdraw(campus, SYSTEM, gone)
    with campus.database.reading() as session:
        assert queries.trainee_ids(session, id_of(cohort)) == [people["active"], people["completed"]]
        assert queries.trainee_ids(session, id_of(cohort), ("suspended",)) == [people["suspended"]]
        assert queries.enrolment_of(session, id_of(cohort), id_of(only_role)) is None
        assert queries.enrolment_of(session, id_of(cohort), gone.person_id) is not None


def test_two_cohorts_of_one_course_are_two_places(campus):
    course = make_course(campus)
    first, second = (self_cohort(campus, course=course) for _time in range(2))
    person = make_person(campus)
    mine = enrol_self(campus, first, person)
    enrolled(campus, second, person)
    withdraw(campus, actor_of(campus, person), mine)
    assert not learns(campus, person, first)
    assert learns(campus, person, second)


@pytest.mark.parametrize(
    ("before", "after"), [("withdrawn", "active"), ("suspended", "completed"), ("completed", "suspended"), ("completed", "withdrawn")]
)
def test_states_do_not_lead_everywhere(campus, before, after):
    enrolment = enrolled(campus, make_cohort(campus), status=before)
    with pytest.raises(WrongMove):
        set_status(campus, enrolment, after)


def test_doing_everything_completes_an_active_enrolment_once_and_a_suspended_one_not_at_all(campus):
    told: list[EnrolmentCompleted] = []
    campus.hub.subscribe(EnrolmentCompleted, lambda _session, happened: told.append(happened))
    cohort = make_cohort(campus)
    active, suspended = enrolled(campus, cohort), enrolled(campus, cohort, status="suspended")
    for _time in range(2):
        for enrolment in (active, suspended):
            with campus.database.transaction() as session:
                session.emit(CohortCompleted(enrolment.person_id, id_of(cohort)))
    assert [e.status for e in enrolments(campus, cohort)] == ["completed", "suspended"]
    assert told == [EnrolmentCompleted(id_of(active), active.person_id, id_of(cohort))]
    assert enrolments(campus, cohort)[0].completed_at is not None


def test_completing_twice_by_staff_tells_it_once(campus):
    told: list[EnrolmentCompleted] = []
    campus.hub.subscribe(EnrolmentCompleted, lambda _session, happened: told.append(happened))
    enrolment = enrolled(campus, make_cohort(campus))
    for _time in range(2):
        with campus.database.transaction() as session:
            enrolling.complete(session, SYSTEM, id_of(enrolment))
    assert len(told) == 1


def test_what_happens_is_told_to_other_plugins(campus):
    told: list[object] = []
    for happened in (Enrolled, EnrolmentWithdrawn):
        campus.hub.subscribe(happened, lambda _session, event: told.append(event))
    cohort = make_cohort(campus)
    enrolment = enrolled(campus, cohort)
    withdraw(campus, SYSTEM, enrolment)
    facts = (id_of(enrolment), enrolment.person_id, id_of(cohort))
    assert told == [Enrolled(*facts), EnrolmentWithdrawn(*facts)]


def test_a_guard_may_refuse_a_place(campus):
    class TooFar(Refused):
        message = "Not from there."

    def refuse(_session, wanted):
        assert isinstance(wanted, PlaceWanted)
        raise TooFar()

    campus.hub.guard("enrollment.enrol", refuse)
    cohort = self_cohort(campus)
    with pytest.raises(TooFar):
        enrol_self(campus, cohort, make_person(campus))
    assert enrolments(campus, cohort) == []


def test_withdrawing_what_is_not_there_is_refused_also_for_somebody_who_only_applied(client, campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    applied(campus, cohort, person)
    sign_in(client, campus, person)
    answer = submit(client, f"/apply/{cohort.code}", f"/cohorts/{cohort.code}/withdraw")
    assert answer.status_code == 404
    assert application_of(campus, person).status == "submitted"
    with pytest.raises(NotFound), campus.database.transaction() as session:
        enrolling.withdraw(session, SYSTEM, 999)


def test_work_that_was_marked_during_a_suspension_counts_when_that_ends(campus):
    cohort = make_cohort(campus)
    idle, busy = enrolled(campus, cohort, status="suspended"), enrolled(campus, cohort, status="suspended")
    with campus.database.transaction() as session:
        for activity in list(session.scalars(select(Activity).where(col(Activity.cohort_id) == cohort.id))):
            completion.record(session, busy.person_id, activity, "viewed")
    assert enrolments(campus, cohort)[1].status == "suspended"
    for enrolment in (idle, busy):
        set_status(campus, enrolment, "active")
    assert [e.status for e in enrolments(campus, cohort)] == ["active", "completed"]
