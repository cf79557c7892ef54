"""The trainee's way: where am I, what is due, what opens when, and how far I have come."""

from datetime import date
from typing import Any

import pytest

from lms.courses import content
from lms.courses.models import Activity, Cohort
from lms.kernel import clock
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit, words
from tests.courses.stories import MARKED, activities_of, at, learner, tutor_of
from tests.factories import make_cohort, make_course, make_person, sign_in
from tests.watching import counting


def weekly(campus: Any, **values: Any) -> Cohort:
    """A cohort of three weeks from Monday 2 March 2026, on the clocks of Lima (UTC-5)."""
    work = {"title": "Your map", "minutes": 90, "due_day": 7, "cutoff_day": 10, **MARKED}
    course = make_course(campus, modules=3, activities=({"minutes": 8}, work), title="Policy influence")
    given = {"starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 22), "weekly": True, "timezone": "America/Lima"}
    return make_cohort(campus, course, code="POLI", **{**given, **values})


def test_before_a_module_opens_its_time_is_shown_and_there_is_no_way_in(client, campus):
    cohort = weekly(campus)
    sign_in(client, campus, learner(campus, cohort, timezone="Africa/Harare"))
    second = activities_of(campus, cohort)[2]
    path = f"/learn/POLI/{second.id}"
    with clock.frozen(at("2026-03-09T04:59")):
        outline = client.get("/learn/POLI")
        assert "Opens Mar 9, 2026, 7:00" in words(outline)
        assert "(Harare)" in words(outline)
        assert path not in outline.text
        refused = client.get(path)
        assert refused.status_code == 403
        assert "This module opens on Mar 9, 2026, 7:00" in words(refused)
        assert "Reading 2.1" not in words(refused)
        assert submit(client, "/learn/POLI", f"{path}/done").status_code == 403
        assert client.get(f"{path}/file").status_code == 403
    with clock.frozen(at("2026-03-09T05:00")):
        assert client.get(path).status_code == 200
        assert path in client.get("/learn/POLI").text


def test_next_leads_to_the_next_open_activity_and_not_into_a_closed_module(client, campus):
    cohort = weekly(campus)
    sign_in(client, campus, learner(campus, cohort))
    first, second, third = (f"/learn/POLI/{activity.id}" for activity in activities_of(campus, cohort)[:3])
    with clock.frozen(at("2026-03-04T12:00")):
        assert f'rel="next" href="{second}"' in client.get(first).text
        last = client.get(second).text
        assert f'rel="prev" href="{first}"' in last
        assert 'rel="next"' not in last
    with clock.frozen(at("2026-03-10T12:00")):
        assert f'rel="prev" href="{second}"' in client.get(third).text


def test_today_greets_by_the_persons_own_clock_and_says_week_and_progress(client, campus):
    cohort = weekly(campus)
    sign_in(client, campus, learner(campus, cohort, given_name="Rosa", timezone="America/Lima"))
    with clock.frozen(at("2026-03-10T01:00")):  # the evening of the 9th in Lima
        client.get(f"/learn/POLI/{activities_of(campus, cohort)[0].id}")
        page = words(client.get("/today"))
    for shown in ["Good evening, Rosa", "Week 2 of 3", "1 of 6 done", "Go on: Your map"]:
        assert shown in page, shown


@pytest.mark.parametrize(
    ("hour", "greeting"), [("09", "Good morning"), ("15", "Good afternoon"), ("21", "Good evening"), ("02", "Good evening")]
)
def test_greetings(client, campus, hour, greeting):
    sign_in(client, campus, make_person(campus))
    with clock.frozen(at(f"2026-03-10T{hour}:00")):
        assert greeting in words(client.get("/today"))


def test_today_shows_what_is_due_the_nearest_first_with_the_city_and_late_work_until_its_cutoff(client, campus):
    cohort = weekly(campus)
    rosa = learner(campus, cohort, timezone="America/Lima")
    sign_in(client, campus, rosa)
    work = activities_of(campus, cohort)[1]
    path = f"/learn/POLI/{work.id}"
    with clock.frozen(at("2026-03-05T12:00")):
        page = words(client.get("/today"))
        assert "One thing before Mar 8, 2026, 11:59" in page
        assert "Due Mar 8, 2026, 11:59" in page
        assert "(Lima)" in page
        assert "Late work is accepted until Mar 11, 2026, 11:59" in page
    with clock.frozen(at("2026-03-09T12:00")):
        page = words(client.get("/today"))
        assert "Late since Mar 8, 2026" in page
    with clock.frozen(at("2026-03-12T12:00")):  # past the cut-off: nothing to be done about it
        assert "Late since Mar 8" not in words(client.get("/today"))
    with clock.frozen(at("2026-03-05T12:00")):
        submit(client, path, f"{path}/done")
        assert "Nothing has a date in the next two weeks." in words(client.get("/today"))


def test_today_begins_with_the_cohort_that_runs_and_keeps_old_ones_at_the_end(client, campus):
    course = make_course(campus)
    given = [("RUNS", date(2026, 3, 1), date(2026, 4, 1)), ("COMES", date(2026, 5, 1), date(2026, 6, 1)),
             ("ENDED", date(2026, 1, 5), date(2026, 2, 20)), ("LONG-AGO", date(2013, 3, 1), date(2013, 4, 1))]  # fmt: skip
    made = [make_cohort(campus, course, code=code, title=code, starts_on=start, ends_on=end) for code, start, end in given]
    sign_in(client, campus, learner(campus, *made))
    with clock.frozen(at("2026-03-10T12:00")):
        page = words(client.get("/today"))
    cards = page[page.index("My courses") :]
    assert cards.index("RUNS") < cards.index("COMES") < cards.index("Earlier courses") < cards.index("LONG-AGO")
    assert cards.index("ENDED") < cards.index("Earlier courses")  # not long ago
    assert "Starts May 1, 2026" in page
    assert "Ended Feb 20, 2026" in page


def test_a_cohort_that_opens_all_at_once_counts_no_weeks_and_begins_at_the_first_module(client, campus):
    cohort = weekly(campus, weekly=False)
    sign_in(client, campus, learner(campus, cohort))
    with clock.frozen(at("2026-03-03T12:00")):
        page = words(client.get("/today"))
    assert "Week 3 of 3" not in page
    side = page[page.index("This week") :]
    assert "Reading 1.1" in side
    assert "Reading 3.1" not in side


def test_somebody_without_a_course_is_shown_the_way_to_the_catalogue(client, campus):
    sign_in(client, campus, make_person(campus))
    assert "No course yet" in words(client.get("/today"))


def test_the_outline_says_what_takes_how_long_what_is_due_and_what_is_done(client, campus):
    cohort = weekly(campus)
    sign_in(client, campus, learner(campus, cohort, timezone="America/Lima"))
    with clock.frozen(at("2026-03-03T12:00")):
        client.get(f"/learn/POLI/{activities_of(campus, cohort)[0].id}")
        page = words(client.get("/learn/POLI"))
    for shown in ["Week 1 of 3", "1 of 6 done", "1 of 2 done", "8 minutes", "90 minutes · due Mar 8, 2026, 11:59", "Go on: Your map",
                  "Reading 1.1 (done)", "Your map (to do)", "Reading 2.1 (not open yet)"]:  # fmt: skip
        assert shown in page, shown


def test_an_activity_says_where_it_stands(client, campus):
    cohort = weekly(campus)
    sign_in(client, campus, learner(campus, cohort))
    with clock.frozen(at("2026-03-03T12:00")):
        page = client.get(f"/learn/POLI/{activities_of(campus, cohort)[1].id}")
    for shown in ["Policy influence", "Week 1", "90 minutes", "2 of 2 in this module", "Due Mar 9, 2026, 4:59", "(UTC)"]:
        assert shown in words(page), shown
    assert 'aria-current="true"' in page.text


def test_tutors_see_what_is_closed_or_hidden_and_are_told_so(client, campus):
    cohort = weekly(campus)
    sign_in(client, campus, tutor_of(campus, cohort))
    hidden = activities_of(campus, cohort)[2]
    with campus.database.transaction() as session:
        content.set_published(session, SYSTEM, session.one(Activity, hidden.id), False)
    with clock.frozen(at("2026-03-03T12:00")):
        page = words(client.get(f"/learn/POLI/{hidden.id}"))
        assert "Trainees do not see this activity" in page
        assert "Trainees enter this module on Mar 9, 2026" in page
        assert "hidden" in words(client.get("/learn/POLI"))


def test_a_module_that_a_tutor_adds_opens_when_the_tutor_says_on_the_cohorts_clocks(client, campus):
    cohort = weekly(campus)
    sign_in(client, campus, tutor_of(campus, cohort))
    submit(client, "/staff/cohorts/POLI/modules/new", title="Bonus", opens_at="2026-03-20T08:00")
    with clock.frozen(at("2026-03-19T12:00")):
        assert "Opens Mar 20, 2026, 1:00" in words(client.get("/learn/POLI"))  # 8:00 in Lima


def test_a_trainee_of_a_draft_cohort_waits(client, campus):
    cohort = weekly(campus, status="draft")
    sign_in(client, campus, learner(campus, cohort))
    assert client.get("/learn/POLI").status_code == 404
    assert "No course yet" in words(client.get("/today"))


def test_pages_of_trainees_ask_the_same_number_of_questions_however_much_there_is(client, campus):
    def costs(code: str) -> list[int]:
        found = []
        for path in ("/today", f"/learn/{code}", f"/learn/{code}/{last}"):
            client.get(path)  # what the first visit records is no part of it
            with counting(campus) as statements:
                assert client.get(path).status_code == 200
            found.append(len(statements))
        return found

    small = make_cohort(campus, make_course(campus, modules=1))
    rosa = learner(campus, small)
    sign_in(client, campus, rosa)
    last = activities_of(campus, small)[-1].id
    before = costs(small.code)
    large = [make_cohort(campus, make_course(campus, modules=5, activities=({"due_day": 9},) * 4), weekly=True) for _number in range(4)]
    sign_in(client, campus, learner(campus, *large))
    last = activities_of(campus, large[0])[0].id
    assert costs(large[0].code) == before
    assert max(before) <= 25


def test_the_words_of_these_pages_are_there_in_spanish_where_they_are_translated(client, campus):
    cohort = weekly(campus, language="es")
    sign_in(client, campus, learner(campus, cohort))
    with clock.frozen(at("2026-03-03T12:00")):
        page = client.get("/learn/POLI", headers={"accept-language": "es"})
    assert page.status_code == 200
    assert '<html lang="es"' in page.text
    assert '<h1 lang="es">' in page.text
    assert "mar 2026" in words(page)  # dates as people write them there
