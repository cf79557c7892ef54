"""Building what is inside: modules and activities, their order, their kinds, and what may not be deleted."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.courses import completion, content
from lms.courses.models import Activity, Cohort, Course, Progress
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Conflict, Invalid, NotFound
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit, words
from tests.courses.stories import MARKED, activities_of, learner, modules_of, staff, tutor_of
from tests.factories import make_cohort, make_course, sign_in

PAGE = {
    "title": "Mapping actors",
    "body": "# Who\n\n**decides**",
    "minutes": "8",
    "completion": "marked",
    "required": "on",
    "published": "on",
}


def titles(campus: Any, owner: Course | Cohort) -> list[str]:
    """The activities in order."""
    return [activity.title for activity in activities_of(campus, owner)]


def test_staff_build_a_week_with_a_page_a_link_and_a_file(client, campus):
    staff(client, campus)
    course = make_course(campus, modules=0)
    path = f"/staff/courses/{course.code}"
    assert "No modules yet" in words(client.get(path))
    submit(client, f"{path}/modules/new", title="Week 1", summary="Read and discuss.")
    module = path_of_module(client, path)
    submit(client, f"{module}/activities/new?type=page", f"{module}/activities/new", type="page", **PAGE)
    submit(client, f"{module}/activities/new?type=link", f"{module}/activities/new", type="link", url="https://example.org/v",
           **{**PAGE, "title": "Video", "completion": "viewed"})  # fmt: skip
    submit(client, f"{module}/activities/new?type=file", f"{module}/activities/new", type="file",
           files={"file": ("Guía.pdf", b"%PDF-1.4", "application/pdf")}, **{**PAGE, "title": "Guide", "completion": "viewed"})  # fmt: skip
    page = words(client.get(path))
    for shown in ["Week 1", "Mapping actors", "8 minutes", "Video", "Guide"]:
        assert shown in page
    assert titles(campus, course) == ["Mapping actors", "Video", "Guide"]


def path_of_module(client: Any, path: str) -> str:
    """The address of the first module on the page of a course."""
    return "/staff/modules/" + client.get(path).text.partition("/staff/modules/")[2].partition("/")[0]


def test_activities_move_by_buttons_and_all_at_once(client, campus):
    staff(client, campus)
    course = make_course(campus, modules=1, activities=({"title": "A"}, {"title": "B"}, {"title": "C"}))
    path, module = f"/staff/courses/{course.code}", modules_of(campus, course)[0]
    a, b, c = (activity.id for activity in activities_of(campus, course))
    order = f"/staff/modules/{module.id}/order"
    submit(client, path, order, up=str(c))
    assert titles(campus, course) == ["A", "C", "B"]
    submit(client, path, order, down=str(a))
    assert titles(campus, course) == ["C", "A", "B"]
    submit(client, path, order, up=str(c))  # already the first
    assert titles(campus, course) == ["C", "A", "B"]
    submit(client, path, order, order=f"{b},{a},{c}")
    assert titles(campus, course) == ["B", "A", "C"]


def test_modules_move_in_a_cohort_without_moving_in_the_course(client, campus):
    cohort = make_cohort(campus, make_course(campus, modules=3, activities=({},)))
    sign_in(client, campus, tutor_of(campus, cohort))
    first = modules_of(campus, cohort)[0]
    path = f"/staff/cohorts/{cohort.code}"
    submit(client, path, f"{path}/modules/order", down=str(first.id))
    assert titles(campus, cohort) == ["Reading 2.1", "Reading 1.1", "Reading 3.1"]
    with campus.database.reading() as session:
        course = session.one(Course, cohort.course_id)
    assert titles(campus, course) == ["Reading 1.1", "Reading 2.1", "Reading 3.1"]


@pytest.mark.parametrize("order", ["1", "1,2,999", "a,b", "1" * 4500, "²,³", "-1,2"])
def test_an_order_of_another_list_is_refused_and_told(client, campus, order):
    staff(client, campus)
    course = make_course(campus, modules=1, activities=({"title": "A"}, {"title": "B"}))
    module = modules_of(campus, course)[0]
    answer = submit(client, f"/staff/courses/{course.code}", f"/staff/modules/{module.id}/order", order=order)
    assert "Somebody else changed this" in words(answer)
    assert titles(campus, course) == ["A", "B"]


def test_an_activity_of_another_module_cannot_be_moved_here(campus):
    course = make_course(campus, modules=2)
    first, second = modules_of(campus, course)
    foreign = activities_of(campus, course)[1]
    with pytest.raises(NotFound), campus.database.transaction() as session:
        content.order_activities(session, SYSTEM, first, up=foreign.id)
    stranger = modules_of(campus, make_course(campus))[0]
    with pytest.raises(Conflict), campus.database.transaction() as session:
        content.order_modules(session, SYSTEM, course, order=[first.id, stranger.id])
    with campus.database.transaction() as session:
        content.order_modules(session, SYSTEM, course, order=[second.id, first.id])
    assert titles(campus, course) == ["Reading 2.1", "Reading 1.1"]


def test_the_second_editor_of_an_activity_keeps_her_text_and_sees_the_other(client, campus):
    staff(client, campus)
    activity = activities_of(campus, make_course(campus))[0]
    path = f"/staff/activities/{activity.id}/edit"
    submit(client, path, version="1", **{**PAGE, "body": "Text of Ana."})
    answer = submit(client, path, version="1", **{**PAGE, "body": "Text of Eva."})
    assert answer.status_code == 409
    assert "Text of Ana." in words(answer)
    assert "Text of Eva.</textarea>" in answer.text
    with campus.database.reading() as session:
        assert session.one(Activity, activity.id).body == "Text of Ana."
    version = answer.text.partition('name="version" value="')[2].partition('"')[0]
    submit(client, path, version=version, **{**PAGE, "body": "Text of both."})
    with campus.database.reading() as session:
        assert session.one(Activity, activity.id).body_html == "<p>Text of both.</p>\n"


def test_the_second_editor_of_a_module_keeps_her_text_too(client, campus):
    staff(client, campus)
    module = modules_of(campus, make_course(campus))[0]
    path = f"/staff/modules/{module.id}/edit"
    submit(client, path, version="1", title="Week of Ana")
    answer = submit(client, path, version="1", title="Week of Eva")
    assert answer.status_code == 409
    assert "Week of Ana" in words(answer)
    assert 'value="Week of Eva"' in answer.text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "ftp://example.org", "https://", "http://[", "x", "https://a b.org", ""]
)
def test_a_link_leads_to_the_web_or_is_refused(client, campus, url):
    staff(client, campus)
    course = make_course(campus, modules=1)
    path = f"/staff/modules/{modules_of(campus, course)[0].id}/activities/new"
    answer = submit(client, f"{path}?type=link", path, type="link", url=url, **{**PAGE, "completion": "viewed"})
    assert answer.status_code == 422
    assert "begins with https://" in words(answer)
    assert "**decides**" in answer.text
    assert titles(campus, course) == ["Reading 1.1"]


def test_a_file_activity_needs_its_file_once(client, campus):
    staff(client, campus)
    course = make_course(campus, modules=1, activities=())
    with campus.database.transaction() as session:
        module = content.add_module(session, SYSTEM, course, "Files")
    path = f"/staff/modules/{module.id}/activities/new"
    given = {**PAGE, "completion": "viewed", "type": "file"}
    assert "Please choose a file." in words(submit(client, f"{path}?type=file", path, **given))
    submit(client, f"{path}?type=file", path, files={"file": ("a.pdf", b"%PDF-1.7", "application/pdf")}, **given)
    activity = activities_of(campus, course)[0]
    edit = f"/staff/activities/{activity.id}/edit"
    assert "a.pdf" in words(client.get(edit))
    submit(client, edit, version="1", **{**given, "title": "Renamed"})
    assert titles(campus, course) == ["Renamed"]
    assert activities_of(campus, course)[0].file_id == activity.file_id


@pytest.mark.parametrize(
    ("field", "value"),
    [("completion", "passed"), ("completion", "anything"), ("minutes", "-1"), ("minutes", "9999999999999"), ("due_day", "0"),
     ("due_day", "2001"), ("title", "   "), ("title", "x" * 201)],
)  # fmt: skip
def test_an_activity_that_makes_no_sense_is_refused(client, campus, field, value):
    staff(client, campus)
    activity = activities_of(campus, make_course(campus))[0]
    answer = submit(client, f"/staff/activities/{activity.id}/edit", version="1", **{**PAGE, field: value})
    assert answer.status_code == 422


def test_a_cutoff_comes_after_its_due_date(client, campus):
    staff(client, campus)
    cohort = make_cohort(campus)
    course_activity, cohort_activity = activities_of(campus, make_course(campus))[0], activities_of(campus, cohort)[0]
    answer = submit(client, f"/staff/activities/{course_activity.id}/edit", version="1", due_day="9", cutoff_day="8", **PAGE)
    assert "cut-off comes before the due date" in words(answer)
    dates = {"due_at": "2026-03-09T10:00", "cutoff_at": "2026-03-09T09:59"}
    answer = submit(client, f"/staff/activities/{cohort_activity.id}/edit", version="1", **dates, **PAGE)
    assert "cut-off comes before the due date" in words(answer)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59", "soon", "2026-02-30T10:00", "2026-03-09T10:00+02:00"])
def test_times_that_no_clock_shows_are_refused(client, campus, moment):
    staff(client, campus)
    cohort = make_cohort(campus, timezone="Asia/Tokyo")
    activity = activities_of(campus, cohort)[0]
    assert submit(client, f"/staff/activities/{activity.id}/edit", version="1", due_at=moment, **PAGE).status_code == 422
    module = modules_of(campus, cohort)[0]
    assert submit(client, f"/staff/modules/{module.id}/edit", version="1", title="x", opens_at=moment).status_code == 422


def test_a_hidden_activity_is_gone_for_trainees_and_comes_back(client, campus, visit):
    staff(client, campus)
    cohort = make_cohort(campus)
    activity = activities_of(campus, cohort)[0]
    rosa = sign_in(visit(), campus, learner(campus, cohort))
    path = f"/staff/cohorts/{cohort.code}"
    submit(client, path, f"/staff/activities/{activity.id}/publish", published="0")
    assert "Reading 1.1" not in words(rosa.get(f"/learn/{cohort.code}"))
    assert rosa.get(f"/learn/{cohort.code}/{activity.id}").status_code == 404
    assert "Hidden" in words(client.get(path))
    submit(client, path, f"/staff/activities/{activity.id}/publish", published="1")
    assert rosa.get(f"/learn/{cohort.code}/{activity.id}").status_code == 200


def test_what_people_have_worked_on_is_not_deleted(client, campus):
    staff(client, campus)
    cohort = make_cohort(campus, make_course(campus, activities=(MARKED, MARKED)))
    done, untouched = activities_of(campus, cohort)[:2]
    rosa = learner(campus, cohort)
    with campus.database.transaction() as session:
        completion.record(session, rosa.id or 0, done, "marked")
        completion.record(session, rosa.id or 0, untouched, "viewed")
    edit = "/staff/activities/{}/edit"
    assert "their work is kept" in words(submit(client, edit.format(done.id), f"/staff/activities/{done.id}/delete"))
    module = modules_of(campus, cohort)[0]
    assert "their work is kept" in words(submit(client, f"/staff/modules/{module.id}/edit", f"/staff/modules/{module.id}/delete"))
    assert "The activity is deleted." in words(submit(client, edit.format(untouched.id), f"/staff/activities/{untouched.id}/delete"))
    with campus.database.reading() as session:
        assert session.get(Activity, untouched.id) is None
        assert session.scalar(select(col(Progress.activity_id)).where(col(Progress.person_id) == rosa.id)) == done.id
        actions = list(session.scalars(select(col(AuditEntry.action)).where(col(AuditEntry.action).like("%.deleted"))))
    assert actions == ["activity.deleted"]  # a refused one leaves no trace


def test_a_module_goes_with_what_is_in_it_and_copies_stay(client, campus):
    staff(client, campus)
    course = make_course(campus)
    cohort = make_cohort(campus, course)
    module = modules_of(campus, course)[0]
    assert "The module is deleted." in words(submit(client, f"/staff/modules/{module.id}/edit", f"/staff/modules/{module.id}/delete"))
    assert titles(campus, course) == ["Reading 2.1"]
    assert titles(campus, cohort) == ["Reading 1.1", "Reading 2.1"]


def test_an_activity_whose_plugin_is_gone_is_shown_as_such_and_can_still_be_edited(client, campus):
    cohort = make_cohort(campus)
    activity = activities_of(campus, cohort)[0]
    with campus.database.transaction() as session:
        session.one(Activity, activity.id).type = "hologram"
    person = staff(client, campus)
    assert "needs a plugin (hologram)" in words(client.get(f"/learn/{cohort.code}/{activity.id}"))
    assert "Not installed: hologram" in words(client.get(f"/staff/cohorts/{cohort.code}"))
    answer = submit(client, f"/staff/activities/{activity.id}/edit", version="1", **{**PAGE, "completion": "viewed"})
    assert "Saved." in words(answer)
    assert person.id


def test_there_is_no_form_for_a_kind_that_does_not_exist(client, campus):
    staff(client, campus)
    module = modules_of(campus, make_course(campus))[0]
    assert client.get(f"/staff/modules/{module.id}/activities/new?type=hologram").status_code == 404
    with pytest.raises(Invalid), campus.database.transaction() as session:
        content.add_activity(session, SYSTEM, campus.plugins.named("activity_types"), module, "hologram", "x")
