"""What staff set for an assignment, and what a cohort's copy takes along."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.courses import content
from lms.courses.activity_types import TypeForm
from lms.courses.content import ActivityInUse
from lms.courses.models import Activity
from lms.grading.assignments import read_settings
from lms.grading.models import Assignment, GradeItem
from lms.kernel.errors import Invalid
from lms.kernel.permissions import SYSTEM
from tests.factories import make_cohort, make_course, make_person
from tests.grading.stories import Class, browser_of, fields, send
from tests.watching import words


def items_of(campus, cohort):
    with campus.database.reading() as session:
        return list(session.scalars(select(GradeItem).where(col(GradeItem.cohort_id) == cohort.id).order_by(col(GradeItem.id))))


def settings(**form):
    """The settings of an assignment for which this was typed."""
    assignment = Assignment(activity_id=1)
    read_settings(assignment, TypeForm(form))
    return assignment


def test_a_cohort_gets_the_settings_and_one_column_for_each_assignment(campus):
    room = Class(campus, titles=("Map of actors", "Strategy"), form={"weight": "2,5", "max_files": "1", "file_types": ".PDF, odt"})
    columns = items_of(campus, room.cohort)
    assert [(c.name, c.points, c.pass_points, c.weight) for c in columns] == [
        ("Map of actors", Decimal(20), Decimal(12), Decimal("2.5")),
        ("Strategy", Decimal(20), Decimal(12), Decimal("2.5")),
    ]
    with campus.database.reading() as session:
        copied = session.one(Assignment, room.assignment.id)
    assert (copied.max_files, copied.file_types, copied.allow_text) == (1, "pdf odt", True)


def test_the_course_itself_has_no_columns_and_two_cohorts_have_their_own(campus):
    course = make_course(campus, modules=1, activities=({"title": "Map", "type": "assignment"},))
    first, second = make_cohort(campus, course), make_cohort(campus, course)
    with campus.database.reading() as session:
        assert {item.cohort_id for item in session.scalars(select(GradeItem))} == {first.id, second.id}


def test_two_assignments_of_one_title_get_columns_that_can_be_told_apart(campus):
    room = Class(campus, titles=("Diary", "Diary", "Diary"))
    assert [item.name for item in items_of(campus, room.cohort)] == ["Diary", "Diary (2)", "Diary (3)"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"points": "0"}, "points"), ({"points": "-5"}, "points"), ({"points": "50,,6"}, "points"), ({"points": ""}, "points"),
        ({"points": "10", "pass_points": "11"}, "pass_points"), ({"pass_points": "x"}, "pass_points"), ({"weight": "-1"}, "weight"),
        ({"weight": ""}, "weight"), ({"max_files": "21"}, "max_files"), ({"max_files": "-1"}, "max_files"),
        ({"max_file_mb": "0"}, "max_file_mb"), ({"file_types": ""}, "file_types"), ({"file_types": "p/df"}, "file_types"),
        ({"allow_text": "no", "max_files": "0"}, "max_files"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused_field_by_field(form, field):
    with pytest.raises(Invalid) as refusal:
        read_settings(Assignment(activity_id=1), TypeForm(form))
    assert list(refusal.value.errors) == [field]


def test_what_is_not_said_has_a_sensible_default():
    kept = settings()
    assert (kept.points, kept.pass_points, kept.weight, kept.allow_text, kept.max_files, kept.max_file_mb) == (100, 0, 1, True, 3, 10)
    assert "pdf" in kept.file_types.split()
    assert settings(allow_text="no").allow_text is False
    assert settings(max_files="0", file_types="").max_files == 0


def test_the_editor_shows_the_settings_keeps_what_was_typed_and_saves(campus, visit):
    room = Class(campus)
    staff = browser_of(visit, campus, make_person(campus, "staff"))
    path = f"/staff/activities/{room.assignment.id}/edit"
    shown = fields(staff.get(path), path)
    assert (shown["points"], shown["pass_points"], shown["max_files"]) == (["20"], ["12"], ["3"])
    settings = {"completion": "submitted", "required": "on", "published": "on", "allow_text": "no"}
    refused = send(staff, path, path, points="30", pass_points="40", **settings)
    assert refused.status_code == 422
    assert "At most 30." in words(refused)
    assert 'value="40"' in refused.text
    saved = send(staff, path, path, title="Map of all actors", points="30", pass_points="15,5", weight="3", **settings)
    assert "Saved." in words(saved)
    (column,) = items_of(campus, room.cohort)
    assert (column.name, column.points, column.pass_points, column.weight) == ("Map of all actors", 30, Decimal("15.5"), 3)
    with campus.database.reading() as session:
        assert session.one(Assignment, room.assignment.id).allow_text is False


def test_points_cannot_sink_below_a_grade_that_was_given(campus):
    room = Class(campus)
    room.mark(room.tutor(), room.hand_in(room.trainee()), 18)
    types, fewer = campus.plugins.named("activity_types"), TypeForm({"points": "17"})
    with campus.database.transaction() as session, pytest.raises(Invalid, match="Somebody has 18 points already"):
        content.save_activity(session, SYSTEM, types, room.assignment.id or 0, room.assignment.version, "Map", "", fewer)


def test_an_assignment_takes_its_empty_column_along_but_stays_where_there_is_work(campus):
    room = Class(campus, titles=("Empty", "Used"))
    room.save_draft(room.trainee())
    with campus.database.transaction() as session:
        content.delete_activity(session, SYSTEM, session.one(Activity, room.assignments[1].id))
    assert [item.name for item in items_of(campus, room.cohort)] == ["Empty"]
    with campus.database.transaction() as session, pytest.raises(ActivityInUse):
        content.delete_activity(session, SYSTEM, session.one(Activity, room.assignment.id))


def test_a_preview_of_the_course_shows_the_rules_and_takes_nothing(campus, visit):
    course = make_course(campus, modules=1, activities=({"title": "Map", "type": "assignment", "body": "Name **six** actors."},))
    with campus.database.reading() as session:
        activity = session.scalars(select(Activity).where(col(Activity.course_id) == course.id)).one()
    page = browser_of(visit, campus, make_person(campus, "staff")).get(f"/staff/courses/{course.code}/preview/{activity.id}")
    assert page.status_code == 200
    assert "<strong>six</strong>" in page.text
    assert "text and up to 3 files" in words(page)
    assert "/submission" not in page.text
