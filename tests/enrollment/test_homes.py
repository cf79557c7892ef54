"""What the homes of tutors and staff say first: what waits, how full cohorts are, and who has gone quiet."""

from datetime import timedelta

from lms.courses import completion
from lms.courses.models import Cohort
from lms.kernel import clock
from tests.courses.stories import activities_of, tutor_of
from tests.enrollment.stories import applied, calling_cohort, enrolled, self_cohort
from tests.factories import make_person, sign_in
from tests.watching import counting, words


def at_work(campus, cohort, person, days_ago):
    """The person opens the first activity, some days ago."""
    with clock.frozen(clock.now() - timedelta(days=days_ago)), campus.database.transaction() as session:
        completion.record(session, person.id or 0, activities_of(campus, cohort)[0], "viewed")


def old_enrolment(campus, cohort, **values):
    """Somebody who has been enrolled for three weeks."""
    person = make_person(campus, **values)
    with clock.frozen(clock.now() - timedelta(days=21)):
        enrolled(campus, cohort, person)
    return person


def test_a_tutor_reads_beside_the_queue_who_has_gone_quiet(client, campus):
    cohort = self_cohort(campus, starts_in=-30)
    silent = old_enrolment(campus, cohort, given_name="Silent", family_name="Rosa")
    busy = old_enrolment(campus, cohort, given_name="Busy", family_name="Vera")
    at_work(campus, cohort, busy, 2)
    once = old_enrolment(campus, cohort, given_name="Once", family_name="Tendai")
    at_work(campus, cohort, once, 12)
    enrolled(campus, cohort, make_person(campus, given_name="Fresh", family_name="Ines"))  # came today
    withdrawn = make_person(campus, given_name="Gone", family_name="Away")
    enrolled(campus, cohort, withdrawn, status="withdrawn")
    sign_in(client, campus, tutor_of(campus, cohort))
    page = words(client.get("/marking"))
    assert "Silent Rosa" in page
    assert "Once Tendai" in page
    assert "12 days" in page
    assert page.index("Silent Rosa") < page.index("Once Tendai")  # the longest silence first
    for name in ("Busy Vera", "Fresh Ines", "Gone Away"):
        assert name not in page, name
    assert silent.id


def test_nobody_is_quiet_before_a_cohort_has_begun_nor_after_its_end(client, campus):
    for starts, days in ((14, 42), (-90, 30)):
        cohort = self_cohort(campus, starts_in=starts, days=days)
        with clock.frozen(clock.now() - timedelta(days=60)):
            enrolled(campus, cohort, make_person(campus, given_name="Nobody", family_name="Yet"))
        sign_in(client, campus, tutor_of(campus, cohort))
        assert "Nobody Yet" not in words(client.get("/marking"))


def test_quiet_trainees_are_told_only_to_those_who_look_after_the_cohort(client, campus):
    cohort, other = self_cohort(campus, starts_in=-30), self_cohort(campus, starts_in=-30)
    old_enrolment(campus, cohort, given_name="Silent", family_name="Rosa")
    sign_in(client, campus, tutor_of(campus, other))
    assert "Silent Rosa" not in words(client.get("/marking"))


def test_the_desk_says_of_each_cohort_what_waits_and_how_full_it_is(client, campus):
    cohort = calling_cohort(campus, seats=10, starts_in=-30)
    old_enrolment(campus, cohort)
    applied(campus, cohort)
    applied(campus, cohort)
    sign_in(client, campus, make_person(campus, "staff"))
    page = words(client.get("/staff"))
    for shown in ("2 applications wait", "1 of 10 places taken", "1 has gone quiet"):
        assert shown in page, shown
    assert page.index("2 applications wait") < page.index("1 of 10 places taken")  # what asks for a decision comes first


def test_a_tutor_sees_the_figures_of_own_cohorts_alone_in_as_many_questions_as_for_one(client, campus):
    cohorts: list[Cohort] = [self_cohort(campus, starts_in=-30) for _ in range(2)]
    for cohort in cohorts:
        old_enrolment(campus, cohort)
    sign_in(client, campus, tutor_of(campus, cohorts[0]))
    client.get("/staff")
    with counting(campus) as one:
        page = words(client.get("/staff"))
    assert page.count("1 of 10 places taken") == 1
    sign_in(client, campus, tutor_of(campus, *cohorts))
    with counting(campus) as both:
        assert words(client.get("/staff")).count("1 of 10 places taken") == 2
    assert len(one) == len(both)
