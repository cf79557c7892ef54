"""A person's dates as a page: what is shown of them, and to whom."""

from datetime import date

import pytest

from lms.calendar import months
from lms.courses import completion
from lms.kernel import clock, i18n
from tests.calendar.stories import NOW, at, change, dated_cohort, open_week, shown
from tests.courses.stories import activities_of, learner, tutor_of
from tests.enrollment.stories import applied, calling_cohort
from tests.factories import make_person, sign_in
from tests.watching import counting, words


@pytest.fixture(autouse=True)
def _march():
    with clock.frozen(NOW):
        yield


def entering(client, campus, person):
    sign_in(client, campus, person)
    return client


def test_a_month_holds_what_is_due_what_opens_and_the_first_and_last_day(client, campus):
    cohort = dated_cohort(campus, at(13, 22), cutoff=at(20, 22), titles=("Map of actors",))
    week = open_week(campus, cohort, 1, at(18, 5))
    browser = entering(client, campus, learner(campus, cohort))
    assert shown(browser) == [
        ("2026-03-04", "First day", cohort.title),
        ("2026-03-13", "Due", "Map of actors"),
        ("2026-03-18", "Opens", week.title),
        ("2026-03-20", "Cut-off", "Map of actors"),
    ]
    assert shown(browser, "2026-04") == [("2026-04-15", "Last day", cohort.title)]
    page = browser.get("/calendar?month=2026-03")
    assert f'href="/learn/{cohort.code}/{activities_of(campus, cohort)[0].id}"' in page.text
    assert "March 2026" in words(page)
    assert "Due 10:00 PM" in words(page)


def test_what_opens_on_the_first_day_is_said_once(client, campus):
    cohort = dated_cohort(campus)
    open_week(campus, cohort, 0, at(4, 0))
    assert [kind for _day, kind, _title in shown(entering(client, campus, learner(campus, cohort)))] == ["First day"]


def test_today_late_and_done_are_said_in_words(client, campus):
    cohort = dated_cohort(campus, at(9), at(10), at(12), titles=("Late one", "Done one", "Open one"))
    person = learner(campus, cohort)
    with campus.database.transaction() as session:
        completion.record(session, person.id or 0, activities_of(campus, cohort)[1], "viewed")
    said = words(entering(client, campus, person).get("/calendar"))
    assert "Late Late one" in said
    assert "Done Done one" in said
    assert "12:00 PM Open one" in said
    assert "11 Wed Today Nothing today." in said


def test_nothing_is_late_once_a_cohort_is_closed_or_beyond_the_cut_off(client, campus):
    cohort = dated_cohort(campus, at(8), cutoff=at(9))
    browser = entering(client, campus, learner(campus, cohort))
    assert words(browser.get("/calendar")).count("Late") == 1
    change(campus, cohort, status="closed")
    assert "Late" not in words(browser.get("/calendar"))


def test_only_ones_own_cohorts_are_shown(client, campus):
    mine, other, draft = (dated_cohort(campus, at(12), titles=(title,)) for title in ("Mine", "Other", "Draft"))
    learner(campus, other)
    change(campus, draft, status="draft")
    browser = entering(client, campus, learner(campus, mine, draft))
    assert [title for _day, kind, title in shown(browser) if kind == "Due"] == ["Mine"]


def test_what_is_hidden_from_trainees_is_not_shown(client, campus):
    cohort = dated_cohort(campus, at(12), titles=("Hidden",))
    change(campus, activities_of(campus, cohort)[0], published=False)
    assert "Hidden" not in words(entering(client, campus, learner(campus, cohort)).get("/calendar"))


def test_a_tutor_sees_the_dates_of_the_cohort_and_has_nothing_late(client, campus):
    cohort = dated_cohort(campus, at(9), titles=("Map of actors",))
    said = words(entering(client, campus, tutor_of(campus, cohort)).get("/calendar"))
    assert "Map of actors" in said
    assert "Late" not in said


def test_an_applicant_sees_when_the_call_closes(client, campus):
    cohort = calling_cohort(campus, enrol_until=at(16), title="Next course")
    person = make_person(campus)
    browser = entering(client, campus, person)
    assert shown(browser) == []
    applied(campus, cohort, person)
    assert shown(browser) == [("2026-03-16", "Applications close", "Next course")]


@pytest.mark.parametrize(("zone", "day", "time"), [("America/Lima", "2026-03-13", "6:30 PM"), ("Asia/Dhaka", "2026-03-14", "5:30 AM")])
def test_days_and_hours_are_those_of_the_reader(client, campus, zone, day, time):
    cohort = dated_cohort(campus, at(13, 23, 30), titles=("Map of actors",))
    browser = entering(client, campus, learner(campus, cohort, timezone=zone))
    assert [entry[0] for entry in shown(browser) if entry[1] == "Due"] == [day]
    assert f"Due {time}" in words(browser.get("/calendar"))


def test_the_last_moment_of_a_month_belongs_to_it(client, campus):
    cohort = dated_cohort(campus, at(31, 23, 59), titles=("At the end",))
    browser = entering(client, campus, learner(campus, cohort))
    assert [e[0] for e in shown(browser) if e[1] == "Due"] == ["2026-03-31"]


def test_without_dates_a_month_says_so(client, campus):
    browser = entering(client, campus, make_person(campus))
    assert "Nothing has a date in March 2026" in words(browser.get("/calendar"))


@pytest.mark.parametrize("asked", ["", "2026-13", "1", "0000-01", "9999-12", "2026-03-01", "٢٠٢٦-٠٣"])
def test_an_odd_month_is_the_present_one(client, campus, asked):
    browser = entering(client, campus, make_person(campus))
    assert "March 2026" in words(browser.get("/calendar", params={"month": asked}))


@pytest.mark.parametrize(
    ("locale", "begins", "name"),
    [("en", date(2026, 2, 23), "March 2026"), ("es", date(2026, 2, 23), "marzo de 2026"), ("pt_BR", date(2026, 3, 1), "março de 2026")],
)
def test_weeks_begin_as_in_the_language_of_the_reader(locale, begins, name):
    with i18n.using(locale):
        shown = months.month("2026-03", date(2026, 3, 11))
        assert (shown.since, shown.name) == (begins, name)
        assert (shown.until - shown.since).days % 7 == 0
        assert (shown.before, shown.after) == ("2026-02", "2026-04")


def test_more_cohorts_cost_no_more_questions(client, campus):
    first = dated_cohort(campus, at(12))
    person = learner(campus, first)
    browser = entering(client, campus, person)
    browser.get("/calendar")
    with counting(campus) as statements:
        browser.get("/calendar")
        few = len(statements)
        many = learner(campus, *(dated_cohort(campus, at(day), at(day), at(day)) for day in (12, 13, 14)))
        entering(client, campus, many).get("/calendar")
        statements.clear()
        browser.get("/calendar")
        assert len(statements) == few == 6
