"""Staff build courses: the catalogue entry, its words, its states, and copies; nobody's edit is lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.courses import editing
from lms.courses.models import Activity, ContentText, Course, CourseText
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Conflict, Forbidden, Invalid
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit, words
from tests.courses.stories import activities_of, add_words, another_programme, modules_of, staff
from tests.factories import actor_of, make_course, make_person, sign_in

ENTRY = {"title": "Influencing policy", "language": "en", "summary": "A plan.", "description": "**Bold**", "weeks": "6", "hours": "24"}


def course_of(campus: Any, code: str) -> Course:
    """The course as it stands now."""
    with campus.database.reading() as session:
        found: Course = session.scalars(select(Course).where(col(Course.code) == code)).one()
    return found


def test_staff_add_a_course_publish_it_and_take_it_back(client, campus):
    staff(client, campus)
    answer = submit(client, "/staff/courses/new", code="POLI-2026", topic="Policy influence", **ENTRY)
    assert "Saved. Now add its modules." in words(answer)
    assert "Influencing policy" not in words(client.get("/"))
    path = "/staff/courses/POLI-2026"
    submit(client, path, f"{path}/status", status="published")
    assert "Influencing policy" in words(client.get("/"))
    assert "<strong>Bold</strong>" in client.get("/courses/POLI-2026").text
    submit(client, path, f"{path}/status", status="draft")
    assert "Influencing policy" not in words(client.get("/"))


def test_a_state_that_does_not_lead_there_is_told_and_nothing_changes(client, campus):
    staff(client, campus)
    course = make_course(campus)
    path = f"/staff/courses/{course.code}"
    answer = submit(client, path, f"{path}/status", status="published")
    assert "cannot be done in its present state" in words(answer)
    assert course_of(campus, course.code).status == "published"


def test_what_was_typed_stays_when_the_form_is_refused(client, campus):
    staff(client, campus)
    answer = submit(client, "/staff/courses/new", code="has spaces", **{**ENTRY, "weeks": "many", "title": "Kept title"})
    assert answer.status_code == 422
    assert "whole number" in words(answer)
    assert 'value="Kept title"' in answer.text
    answer = submit(client, "/staff/courses/new", code="has spaces", **{**ENTRY, "title": "Kept title"})
    assert answer.status_code == 422
    assert "Letters, digits, dots and hyphens" in words(answer)
    assert "**Bold**" in answer.text


@pytest.mark.parametrize("code", ["new", "NEW", "", "a b", "ñandú", "-x", "x" * 41, "../x"])
def test_a_code_must_fit_into_an_address(client, campus, code):
    staff(client, campus)
    assert submit(client, "/staff/courses/new", code=code, **ENTRY).status_code == 422


def test_a_code_is_taken_once_in_whatever_letters_even_at_the_same_moment(campus):
    make_course(campus, "POLI")
    with pytest.raises(Invalid), campus.database.transaction() as session:
        editing.create_course(session, SYSTEM, code="poli", title="Again")

    def take(_number: int) -> bool:
        try:
            with campus.database.transaction() as session:
                editing.create_course(session, SYSTEM, code="ME", title="Evaluation")
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_the_second_of_two_editors_is_told_sees_the_other_text_and_keeps_her_own(client, campus):
    staff(client, campus)
    course = make_course(campus, summary="First.")
    path = f"/staff/courses/{course.code}"
    submit(client, f"{path}/edit", version="1", **{**ENTRY, "summary": "Written by Ana."})
    answer = submit(client, f"{path}/edit", version="1", **{**ENTRY, "summary": "Written by Eva."})
    assert answer.status_code == 409
    assert "Somebody else changed this" in words(answer)
    assert "Written by Ana." in words(answer)
    assert "Written by Eva.</textarea>" in answer.text
    assert course_of(campus, course.code).summary == "Written by Ana."
    # Having seen it, she may save.
    version = answer.text.partition('name="version" value="')[2].partition('"')[0]
    submit(client, f"{path}/edit", version=version, **{**ENTRY, "summary": "By Ana and Eva."})
    assert course_of(campus, course.code).summary == "By Ana and Eva."


def test_of_twenty_who_save_the_same_version_at_once_one_wins(campus):
    course = make_course(campus)

    def save(number: int) -> bool:
        try:
            with campus.database.transaction() as session:
                editing.save_course(session, SYSTEM, course.id or 0, 1, {"title": f"Title {number}"})
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(save, range(20))) == 1
    assert course_of(campus, course.code).version == 2


def test_words_in_another_language_are_guarded_in_the_same_way(client, campus):
    staff(client, campus)
    course = make_course(campus)
    path = f"/staff/courses/{course.code}/texts/es"
    submit(client, path, version="0", title="Uno", summary="Resumen de Ana.")
    answer = submit(client, path, version="0", title="Dos", summary="Resumen de Eva.")
    assert answer.status_code == 409
    assert "Resumen de Ana." in words(answer)
    assert "Resumen de Eva." in answer.text
    with campus.database.reading() as session:
        text = session.scalars(select(CourseText)).one()
    assert (text.title, text.version) == ("Uno", 1)
    submit(client, path, version="1", title="")
    with campus.database.reading() as session:
        assert session.scalars(select(CourseText)).first() is None


def test_words_of_a_part_are_guarded_in_the_same_way(client, campus):
    staff(client, campus)
    module = modules_of(campus, make_course(campus))[0]
    path = f"/staff/modules/{module.id}/words/es"
    assert "written in this" not in words(client.get(path))
    submit(client, path, version="0", title="Semana 1", description="Leer.")
    answer = submit(client, path, version="0", title="Semana uno", description="Mirar.")
    assert answer.status_code == 409
    assert "Leer." in words(answer)
    assert "Mirar." in answer.text


def test_there_are_no_second_words_in_the_courses_own_language(client, campus):
    staff(client, campus)
    course = make_course(campus, language="en")
    for language in ("en", "xx"):
        assert client.get(f"/staff/courses/{course.code}/texts/{language}").status_code == 404
    add_words(campus, modules_of(campus, course)[0], "es", "Semana 1")
    answer = submit(client, f"/staff/courses/{course.code}/edit", version="1", **{**ENTRY, "language": "es"})
    assert answer.status_code == 422
    assert "translated words in this language already" in words(answer)


def test_a_copy_of_a_course_is_a_draft_with_everything_in_it_and_a_life_of_its_own(client, campus):
    staff(client, campus)
    link = {"type": "link", "title": "Video", "form": {"url": "https://example.org/v"}, "due_day": 5, "required": False}
    course = make_course(campus, "POLI", modules=2, activities=({"minutes": 8}, link))
    add_words(campus, modules_of(campus, course)[1], "es", "Semana 2")
    add_words(campus, activities_of(campus, course)[1], "es", "Vídeo", "Diez minutos.")
    with campus.database.transaction() as session:
        editing.save_course_text(session, SYSTEM, course, "es", title="Incidir")
    answer = submit(client, "/staff/courses/POLI/duplicate", code="POLI-2", title="Second edition")
    assert "This is the copy" in words(answer)
    copy = course_of(campus, "POLI-2")
    assert (copy.status, copy.title) == ("draft", "Second edition")
    shape = [(a.title, a.type, a.minutes, a.due_day, a.required, a.settings, a.origin_id) for a in activities_of(campus, copy)]
    assert shape == [(a.title, a.type, a.minutes, a.due_day, a.required, a.settings, None) for a in activities_of(campus, course)]
    ids = [*(activity.id for activity in activities_of(campus, copy)), *(module.id for module in modules_of(campus, copy))]
    with campus.database.reading() as session:
        texts = [t.title for t in session.scalars(select(ContentText)) if (t.activity_id or t.module_id) in ids]
        assert "Vídeo" in texts
        assert session.scalar(select(col(CourseText.title)).where(col(CourseText.course_id) == copy.id)) == "Incidir"
    with campus.database.transaction() as session:
        for activity in session.scalars(select(Activity).where(col(Activity.course_id) == copy.id)):
            activity.title = "Changed"
    assert {a.title for a in activities_of(campus, course)} == {"Reading 1.1", "Reading 2.1", "Video"}


def test_staff_of_one_programme_add_courses_to_it_and_to_no_other(client, campus):
    other = another_programme(campus)
    person = make_person(campus, "staff", scope=("programme", other))
    sign_in(client, campus, person)
    submit(client, "/staff/courses/new", code="OURS", **ENTRY)
    assert course_of(campus, "OURS").programme_id == other
    assert submit(client, "/staff/courses/new", code="THEIRS", programme="1", **ENTRY).status_code == 403
    with pytest.raises(Forbidden), campus.database.transaction() as session:
        editing.create_course(session, actor_of(campus, person), code="THEIRS", title="x")


def test_who_edits_one_course_adds_no_other(client, campus):
    course = make_course(campus, "MINE")
    sign_in(client, campus, make_person(campus, "staff", scope=("course", course.id or 0)))
    assert client.get("/staff/courses/MINE/edit").status_code == 200
    assert client.get("/staff/courses/new").status_code == 403
    assert submit(client, "/staff/courses/MINE/edit", "/staff/courses/new", code="X", **ENTRY).status_code == 403


def test_the_log_tells_who_changed_what(client, campus):
    me = staff(client, campus)
    course = make_course(campus, title="Before")
    submit(client, f"/staff/courses/{course.code}/edit", version="1", **{**ENTRY, "title": "After"})
    with campus.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "course.changed")).one()
    assert entry.actor_id == me.id
    assert (entry.before or {})["title"] == "Before"
    assert (entry.after or {})["title"] == "After"


def test_the_list_of_courses_is_searched_filtered_and_paged(client, campus):
    staff(client, campus)
    for number in range(55):
        make_course(campus, f"C-{number:02}", title=f"Política {number:02}", modules=0)
    first = client.get("/staff/courses?q=politica")
    assert "C-00" in first.text
    assert "C-52" not in first.text
    following = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(following)
    assert "C-52" in second.text
    assert 'rel="next"' not in second.text
    assert "Nothing found" in words(client.get("/staff/courses?status=draft"))
    assert "Nothing found" in words(client.get("/staff/courses?q=%25"))


def test_a_sign_that_postgresql_cannot_keep_is_left_out(client, campus):
    staff(client, campus)
    submit(client, "/staff/courses/new", code="NUL", **{**ENTRY, "title": "A\0B", "description": "C\0D"})
    assert course_of(campus, "NUL").description == "CD"
