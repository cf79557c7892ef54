"""Cohorts: a copy of their own, in their language and on their clocks; dates that move; tutors; states."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.courses import cohorts, content, editing
from lms.courses.models import Activity, Cohort, CohortRegion, Course, Module
from lms.kernel import clock
from lms.kernel.errors import Conflict, Forbidden, Invalid
from lms.kernel.permissions import SYSTEM, RoleGrant
from tests.accounts.stories import submit, words
from tests.courses.stories import activities_of, add_words, at, modules_of, region, staff, tutor_of
from tests.factories import actor_of, make_cohort, make_course, make_person, sign_in

MONDAY = date(2026, 3, 2)
FORM = {"title": "Spring", "language": "en", "timezone": "America/Lima", "enrolment_method": "staff"}


def dated(campus: Any, **values: Any) -> Cohort:
    """A weekly cohort of five modules that starts on Monday 2 March 2026; work is due each Sunday, and late until Wednesday."""
    course = make_course(campus, modules=5, activities=())
    with campus.database.transaction() as session:
        types = campus.plugins.named("activity_types")
        for week, module in enumerate(session.scalars(select(Module).where(col(Module.course_id) == course.id)).all(), 1):
            content.add_activity(session, SYSTEM, types, module, "page", f"Work {week}", due_day=7 * week, cutoff_day=7 * week + 3)
    return make_cohort(campus, course, **{"starts_on": MONDAY, "ends_on": date(2026, 4, 5), "weekly": True, **values})


def openings(campus: Any, cohort: Cohort) -> list[Any]:
    """When the modules open."""
    return [module.opens_at for module in modules_of(campus, cohort)]


def deadlines(campus: Any, cohort: Cohort) -> list[Any]:
    """When the work is due, and until when it is accepted."""
    return [(activity.due_at, activity.cutoff_at) for activity in activities_of(campus, cohort)]


def test_days_of_the_course_become_moments_on_the_cohorts_clocks_whatever_summer_time_does(campus):
    cohort = dated(campus, timezone="Europe/Madrid")  # its clocks go forward on 29 March 2026
    assert openings(campus, cohort)[0] == at("2026-03-01T23:00")
    assert openings(campus, cohort)[3] == at("2026-03-22T23:00")
    assert openings(campus, cohort)[4] == at("2026-03-29T22:00")
    assert deadlines(campus, cohort)[0] == (at("2026-03-08T22:59"), at("2026-03-11T22:59"))
    assert deadlines(campus, cohort)[3] == (at("2026-03-29T21:59"), at("2026-04-01T21:59"))


def test_a_cohort_without_weeks_opens_everything_on_its_first_day(campus):
    cohort = dated(campus, timezone="America/Lima", weekly=False)
    assert set(openings(campus, cohort)) == {at("2026-03-02T05:00")}


def test_dates_move_with_the_first_day_and_keep_the_time_of_day(campus):
    cohort = dated(campus, timezone="Europe/Madrid")
    with campus.database.transaction() as session:
        values = {"starts_on": MONDAY + timedelta(weeks=4), "ends_on": date(2026, 5, 3)}
        cohorts.save(session, SYSTEM, cohort.id or 0, values, move_dates=True)
    assert openings(campus, cohort)[0] == at("2026-03-29T22:00")
    assert deadlines(campus, cohort)[0] == (at("2026-04-05T21:59"), at("2026-04-08T21:59"))


def test_dates_stay_where_nobody_asks_to_move_them(campus):
    cohort = dated(campus)
    before = openings(campus, cohort), deadlines(campus, cohort)
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {"starts_on": MONDAY + timedelta(days=2)})
    assert (openings(campus, cohort), deadlines(campus, cohort)) == before


def test_deadlines_follow_the_cohort_to_another_zone(campus):
    cohort = dated(campus, timezone="America/Lima")
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {"timezone": "Africa/Harare"}, move_dates=True)
    assert openings(campus, cohort)[0] == at("2026-03-01T22:00")
    assert deadlines(campus, cohort)[0][0] == at("2026-03-08T21:59")


def test_a_cohort_that_gets_its_first_day_late_gets_its_dates_then(campus):
    cohort = dated(campus, starts_on=None, ends_on=None)
    assert openings(campus, cohort) == [None] * 5
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {"starts_on": MONDAY})
    assert openings(campus, cohort)[1] == at("2026-03-09T00:00")
    assert deadlines(campus, cohort)[0] == (at("2026-03-08T23:59"), at("2026-03-11T23:59"))


def test_modules_open_together_or_in_turn_as_staff_decide_later(campus):
    cohort = dated(campus)
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {"weekly": False})
    assert set(openings(campus, cohort)) == {at("2026-03-02T00:00")}
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {"weekly": True})
    assert openings(campus, cohort)[4] == at("2026-03-30T00:00")


def test_a_cohort_has_its_own_copy_that_remembers_where_it_came_from(campus):
    course = make_course(campus, activities=({"minutes": 8},))
    cohort = make_cohort(campus, course)
    originals, copies = activities_of(campus, course), activities_of(campus, cohort)
    assert [copy.origin_id for copy in copies] == [original.id for original in originals]
    assert [copy.origin_id for copy in modules_of(campus, cohort)] == [original.id for original in modules_of(campus, course)]
    with campus.database.transaction() as session:
        session.one(Activity, originals[0].id).title = "New edition"
        session.one(Activity, copies[1].id).title = "Adapted by the tutor"
        content.add_module(session, SYSTEM, session.one(Course, course.id), "Week 3")
    assert [activity.title for activity in activities_of(campus, cohort)] == ["Reading 1.1", "Adapted by the tutor"]
    assert [activity.title for activity in activities_of(campus, course)] == ["New edition", "Reading 2.1"]
    assert len(modules_of(campus, cohort)) == 2


def test_the_copy_speaks_the_cohorts_language_where_the_course_has_words_in_it(campus):
    course = make_course(campus, activities=({"title": "Reading", "body": "English text."}, {"title": "Exercise"}))
    first, second = activities_of(campus, course)[:2]
    add_words(campus, modules_of(campus, course)[0], "es", "Semana 1", "Leer y conversar.")
    add_words(campus, first, "es", "Lectura", "Texto **español**.")
    add_words(campus, second, "es", "Ejercicio")  # a title only
    cohort = make_cohort(campus, course, language="es")
    copies = activities_of(campus, cohort)
    assert [(m.title, m.summary) for m in modules_of(campus, cohort)] == [("Semana 1", "Leer y conversar."), ("Week 2", "")]
    assert (copies[0].title, copies[0].body_html) == ("Lectura", "<p>Texto <strong>español</strong>.</p>\n")
    assert (copies[1].title, copies[1].body) == ("Ejercicio", "Text.")
    assert copies[2].title == "Reading"


def test_staff_make_a_cohort_with_regions_and_a_call_and_publish_it(client, campus):
    staff(client, campus, timezone="America/Lima")
    make_course(campus, "POLI")
    given: dict[str, Any] = {**FORM, "code": "POLI-2026-LA", "starts_on": "2026-03-02", "ends_on": "2026-04-12", "seats": "25",
             "weekly": "on", "enrolment_method": "application", "enrol_until": "2026-02-15T23:59", "question": "Why?",
             "regions": [str(region(campus, "419")), str(region(campus, "002"))]}  # fmt: skip
    answer = submit(client, "/staff/courses/POLI/cohorts/new", **given)
    page = words(answer)
    for shown in [
        "its own copy of the course now",
        "Africa, Latin America",
        "25",
        "People apply, staff choose",
        "11:59",
        "(Lima)",
        "Draft",
    ]:
        assert shown in page, shown
    path = "/staff/cohorts/POLI-2026-LA"
    submit(client, path, f"{path}/status", status="published")
    client.cookies.clear()
    with clock.frozen(at("2026-02-01T12:00")):
        public = words(client.get("/cohorts/POLI-2026-LA"))
    for shown in ["Spring", "Mar 2, 2026 to Apr 12, 2026", "Africa", "Latin America", "Opens Mar 2, 2026", "4:59", "(UTC)"]:
        assert shown in public, shown


@pytest.mark.parametrize(
    ("field", "value"),
    [("ends_on", "2026-03-01"), ("seats", "-1"), ("timezone", "Mars/Base"), ("language", "xx"), ("regions", "999999"), ("regions", "x"),
     ("starts_on", "9999-12-31"), ("enrol_until", "0001-01-01T00:00"), ("enrol_until", "2025-12-31T00:00"), ("enrolment_method", "x")],
)  # fmt: skip
def test_a_cohort_that_makes_no_sense_is_refused_and_what_was_typed_stays(client, campus, field, value):
    staff(client, campus)
    course = make_course(campus)
    given = {**FORM, "code": "X", "starts_on": "2026-03-02", "enrol_from": "2026-01-01T00:00", "question": "Kept?", field: value}
    answer = submit(client, f"/staff/courses/{course.code}/cohorts/new", **given)
    assert answer.status_code == 422
    assert "Kept?" in words(answer)
    with campus.database.reading() as session:
        assert session.scalars(select(Cohort)).first() is None


def test_the_second_of_two_who_change_a_cohort_is_told_and_keeps_what_she_typed(client, campus):
    staff(client, campus)
    cohort = make_cohort(campus)
    path = f"/staff/cohorts/{cohort.code}/edit"
    submit(client, path, version="1", **{**FORM, "title": "Title of Ana", "seats": "30"})
    answer = submit(client, path, version="1", **{**FORM, "title": "Title of Eva", "seats": "20"})
    assert answer.status_code == 409
    assert "Title of Ana" in words(answer)
    assert 'value="Title of Eva"' in answer.text
    with pytest.raises(Conflict), campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {"seats": 1}, version=1)
    with campus.database.reading() as session:
        assert session.one(Cohort, cohort.id).seats == 30


def test_the_form_of_a_cohort_shows_what_it_holds(client, campus):
    staff(client, campus)
    cohort = make_cohort(campus, regions=[region(campus, "419")], timezone="America/Lima", enrol_until=at("2026-02-16T04:59"))
    page = client.get(f"/staff/cohorts/{cohort.code}/edit").text
    assert 'value="2026-02-15T23:59"' in page
    assert f'value="{region(campus, "419")}" checked' in page
    assert page.count("checked") == 1


def test_regions_are_replaced_as_a_whole(campus):
    cohort = make_cohort(campus, regions=[region(campus, "419")])
    with campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {}, regions=[region(campus, "002"), region(campus, "142")])
    with campus.database.reading() as session:
        held = set(session.scalars(select(col(CohortRegion.region_id))))
    assert held == {region(campus, "002"), region(campus, "142")}
    with pytest.raises(Invalid), campus.database.transaction() as session:
        cohorts.save(session, SYSTEM, cohort.id or 0, {}, regions=[99999])


def test_a_cohort_waits_for_its_course_to_be_published(client, campus):
    staff(client, campus)
    course = make_course(campus)
    with campus.database.transaction() as session:
        editing.unpublish(session, SYSTEM, course)
    cohort = make_cohort(campus, course, status="draft")
    path = f"/staff/cohorts/{cohort.code}"
    assert "Publish the course first" in words(submit(client, path, f"{path}/status", status="published"))
    with campus.database.reading() as session:
        assert session.one(Cohort, cohort.id).status == "draft"


def test_a_running_cohort_goes_on_when_its_course_leaves_the_catalogue(client, campus):
    course = make_course(campus)
    cohort = make_cohort(campus, course)
    with campus.database.transaction() as session:
        editing.unpublish(session, SYSTEM, course)
    page = client.get(f"/cohorts/{cohort.code}")
    assert page.status_code == 200
    assert f'href="/courses/{course.code}"' not in page.text  # it would lead nowhere


def test_tutors_come_by_their_address_and_go(client, campus):
    staff(client, campus)
    cohort = make_cohort(campus)
    tutor = make_person(campus, given_name="Tendai", family_name="Mukwashi", email="tendai@example.org")
    path = f"/staff/cohorts/{cohort.code}"
    missing = submit(client, path, f"{path}/tutors", email="nobody@example.org")
    assert missing.status_code == 422
    assert 'value="nobody@example.org"' in missing.text
    assert "Tendai Mukwashi" in words(submit(client, path, f"{path}/tutors", email=" Tendai@Example.org "))
    assert "Tendai Mukwashi" in words(client.get(f"/cohorts/{cohort.code}"))
    submit(client, path, f"{path}/tutors/remove", person=str(tutor.id))
    with campus.database.reading() as session:
        assert session.scalar(select(col(RoleGrant.role)).where(col(RoleGrant.person_id) == tutor.id)) is None


def test_tutors_adapt_a_cohort_but_do_not_run_it(client, campus):
    cohort = make_cohort(campus)
    tutor = tutor_of(campus, cohort)
    sign_in(client, campus, tutor)
    path = f"/staff/cohorts/{cohort.code}"
    page = words(client.get(path))
    assert "Add a module" in page
    assert "Unpublish" not in page
    assert client.get(f"{path}/edit").status_code == 403
    assert client.get(f"/staff/courses/{cohort.code}").status_code == 403
    for action in ("status", "tutors", "tutors/remove"):
        assert submit(client, path, f"{path}/{action}", status="closed").status_code == 403
    with pytest.raises(Forbidden), campus.database.transaction() as session:
        cohorts.save(session, actor_of(campus, tutor), cohort.id or 0, {"seats": 1000})


def test_the_list_of_cohorts_is_searched_however_accents_are_typed_and_paged(client, campus):
    staff(client, campus)
    course = make_course(campus, "POLI", modules=0)
    for number in range(52):
        make_cohort(campus, course, code=f"K-{number:02}", title="Política", starts_on=None, ends_on=None)
    first = client.get("/staff/cohorts?q=politica")
    assert "K-51" in first.text
    assert "K-01" not in first.text
    following = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "K-01" in client.get(following).text
    assert "K-07" in client.get("/staff/cohorts?q=k-07").text
    assert "K-51" in client.get("/staff/cohorts?q=poli").text  # the code of its course
    assert "All cohorts" in words(client.get("/staff/courses/POLI"))
    assert "Nothing found" in words(client.get("/staff/cohorts?status=closed"))
