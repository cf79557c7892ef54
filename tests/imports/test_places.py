"""Regions, courses and cohorts from files."""

import pytest
from sqlalchemy import select

from lms.accounts.models import Country, Programme, Region
from lms.courses import importing_cohorts, importing_courses
from lms.courses.models import Activity, Cohort, Course, Module
from lms.enrollment import enrolling
from lms.grading.models import GradeItem
from lms.imports.running import Task, bring_in
from lms.kernel.csvio import read
from lms.kernel.errors import Forbidden
from lms.kernel.permissions import SYSTEM
from tests.factories import actor_of, make_course, make_person
from tests.imports.shell import table
from tests.kernel.probe import count

REGIONS = "code,name,parent,countries"
COURSES = "code,title,language,topic,summary,weeks,hours,programme,status"
COHORTS = "code,course,title,region,language,starts,ends,seats,tutors,status"
POLI = ("POLI", "Influencing policy", "es", "Policy influence", "In short.", "6", "40", "main", "published")
POLI_1 = ("POLI-1", "POLI", "First delivery", "005 013", "es", "2026-03-02", "2026-05-01", "25", "ana@x.org", "published")


def regions(campus):
    """Each region by its code."""
    with campus.database.reading() as session:
        return {region.code: region for region in session.scalars(select(Region))}


def test_a_tree_comes_in_whatever_the_order_of_its_lines(campus, shell):
    rows = [("LIM", "Lima", "AND", ""), ("AND", "Andes", "TOP", "PE bo"), ("TOP", "", "", "")]
    answer = shell.bring("regions", table(REGIONS, *rows))
    assert tuple(answer) == (3, 0, 0, 0)
    known = regions(campus)
    assert [(known[code].level, known[code].macro_id) for code in ("TOP", "AND", "LIM")] == [
        (0, None), (1, known["AND"].id), (2, known["AND"].id),
    ]  # fmt: skip
    assert known["TOP"].name == "TOP"
    with campus.database.reading() as session:
        homes = {code: session.one(Country, code).region_id for code in ("PE", "BO", "EC")}
    assert homes == {"PE": known["AND"].id, "BO": known["AND"].id, "EC": known["005"].id}
    assert tuple(shell.bring("regions", table(REGIONS, *rows))) == (0, 0, 3, 0)
    out = shell.export("regions")
    assert tuple(shell.bring("regions", out)) == (0, 0, len(known), 0)
    assert shell.call("undo", answer.code)[0] == {"undone": 5, "left": 0}
    assert "TOP" not in regions(campus)


def test_what_lies_below_moves_along(campus, shell):
    shell.bring("regions", table(REGIONS, ("A", "A", "", ""), ("B", "B", "A", ""), ("C", "C", "B", ""), ("Z", "Z", "", "")))
    answer = shell.bring("regions", table(REGIONS, ("B", "", "C2", ""), ("C2", "C2", "Z", "")))
    known = regions(campus)
    assert (known["C"].level, known["C"].macro_id, known["B"].name) == (3, known["C2"].id, "B")
    shell.call("undo", answer.code)
    known = regions(campus)
    assert (known["C"].level, known["C"].macro_id, "C2" in known) == (2, known["B"].id, False)


def test_a_tree_that_makes_no_sense_is_rejected_line_by_line(campus, shell):
    rows = [
        ("A", "A", "B", ""), ("B", "B", "A", ""), ("C", "C", "NONE", ""), ("D", "D", "C", ""), ("E", "E", "E", ""), ("F F", "F", "", ""),
        ("G", "G", "", "PE XX"), ("H", "H", "", "PE"), ("I", "I", "", "EC PE"), ("J", "J" * 201, "", ""), ("001", "World", "005", ""),
    ]  # fmt: skip
    answer = shell.bring("regions", table(REGIONS, *rows))
    assert tuple(answer) == (1, 0, 0, 10)
    assert "line 8, column countries “XX”" in answer.rejected[6]["reason"]
    assert "Line 9 of the file lists this country already" in answer.rejected[7]["reason"]
    assert regions(campus)["H"].level == 0


def test_a_catalogue_comes_in_and_goes_out(campus, shell):
    rows = [POLI, ("ME", "Evaluation", "en", "", "", "0", "0", "main", "draft")]
    answer = shell.bring("courses", table(COURSES, *rows))
    assert tuple(answer) == (2, 0, 0, 0)
    assert shell.export("courses") == table(COURSES, *rows)
    assert tuple(shell.bring("courses", shell.export("courses"))) == (0, 0, 2, 0)
    changed = shell.bring("courses", table("code,title,weeks", ("poli", "Influencing policies", "7"), ("ME", "Evaluation", "")))
    assert tuple(changed) == (0, 1, 1, 0)
    assert shell.call("undo", changed.code)[0] == {"undone": 1, "left": 0}
    assert shell.export("courses") == table(COURSES, *rows)
    assert shell.call("undo", answer.code)[0] == {"undone": 2, "left": 0}
    assert count(campus, Course) == 0


def test_a_course_of_the_least_words(campus, shell):
    shell.bring("courses", table("code,title", ("POLI", "Policy")))
    with campus.database.reading() as session:
        (course,) = session.scalars(select(Course))
    assert (course.status, course.language, course.search_text) == ("published", "en", "poli policy")


def broken(columns, row, faults):
    """The row once for each fault, under a code of its own where the fault leaves it one."""
    names = columns.split(",")
    for number, (column, value) in enumerate(faults):
        cells = dict(zip(names, row, strict=True)) | {"code": f"X{number}"} | {column: value}
        yield [cells[name] for name in names]


def places(answer):
    """The line and column that each rejected row was told."""
    return [row["reason"].split(":")[0].split(" “")[0] for row in answer.rejected]


def test_each_course_at_fault_is_named(campus, shell):
    faults = [
        ("code", "A B"), ("code", "new"), ("title", ""), ("language", "xx"), ("weeks", "1.5"), ("weeks", "201"), ("hours", "-1"),
        ("programme", "NONE"), ("status", "open"), ("summary", "x" * 1001), ("topic", "x" * 81),
    ]  # fmt: skip
    answer = shell.bring("courses", table(COURSES, *broken(COURSES, POLI, faults), POLI))
    assert tuple(answer) == (1, 0, 0, len(faults))
    assert places(answer) == [f"line {line}, column {column}" for line, (column, _value) in enumerate(faults, 2)]


def test_a_cohort_gets_its_own_copy_of_the_course(campus, shell):
    assignment = {"type": "assignment", "title": "Essay", "form": {"points": "20", "method": "points"}}
    make_course(campus, "POLI", modules=2, activities=({}, assignment))
    shell.bring("people", table("email,given_name", ("ana@x.org", "Ana")))
    answer = shell.bring("cohorts", table(COHORTS, POLI_1))
    assert tuple(answer) == (1, 0, 0, 0)
    assert shell.export("cohorts") == table(COHORTS, POLI_1)
    assert (count(campus, Module), count(campus, Activity), count(campus, GradeItem)) == (4, 8, 2)
    assert tuple(shell.bring("cohorts", shell.export("cohorts"))) == (0, 0, 1, 0)
    assert shell.call("undo", answer.code)[0] == {"undone": 1, "left": 0}
    assert (count(campus, Module), count(campus, GradeItem), count(campus, Cohort)) == (2, 0, 0)


def test_a_cohort_changes_and_goes_back(campus, shell):
    make_course(campus, "POLI")
    shell.bring("people", table("email,given_name", ("ana@x.org", "Ana"), ("bo@x.org", "Bo")))
    shell.bring("cohorts", table(COHORTS, POLI_1))
    changed = (*POLI_1[:2], "Second", "005", "", "2026-04-02", "", "30", "bo@x.org", "closed")
    answer = shell.bring("cohorts", table(COHORTS, changed))
    assert tuple(answer) == (0, 1, 0, 0)
    after = (*POLI_1[:2], "Second", "005", "es", "2026-04-02", "2026-05-01", "30", "ana@x.org bo@x.org", "closed")
    assert shell.export("cohorts") == table(COHORTS, after)
    assert shell.call("undo", answer.code)[0] == {"undone": 1, "left": 0}
    assert shell.export("cohorts") == table(COHORTS, POLI_1)


def test_a_cohort_that_somebody_is_in_is_not_taken_away(campus, shell):
    make_course(campus, "POLI")
    answer = shell.bring("cohorts", table(COHORTS, (*POLI_1[:8], "", "")))
    person = make_person(campus)
    with campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, session.scalars(select(Cohort)).one(), person.id or 0)
    assert shell.call("undo", answer.code)[0] == {"undone": 0, "left": 1}
    assert count(campus, Cohort) == 1


def test_a_tutor_whom_nobody_knows_yet_is_listed_and_added_by_the_same_file_later(campus, shell):
    make_course(campus, "POLI")
    answer = shell.bring("cohorts", table(COHORTS, POLI_1))
    assert tuple(answer) == (1, 0, 0, 0)
    assert "line 2, column tutors “ana@x.org”: Nobody with this address is known yet" in answer.told
    shell.bring("people", table("email,given_name", ("ana@x.org", "Ana")))
    assert [tuple(shell.bring("cohorts", table(COHORTS, POLI_1))) for _ in range(2)] == [(0, 1, 0, 0), (0, 0, 1, 0)]


def test_each_cohort_at_fault_is_named(campus, shell):
    make_course(campus, "POLI")
    faults = [
        ("code", "A/B"), ("course", "NONE"), ("course", ""), ("title", ""), ("region", "005 NONE"), ("language", "klingon"),
        ("starts", "2026-02-30"), ("starts", "02/03/2026"), ("starts", "20260302"), ("ends", "2026-03-01"), ("ends", "9999-01-01"),
        ("seats", "many"), ("seats", "-1"), ("status", "running"),
    ]  # fmt: skip
    answer = shell.bring("cohorts", table(COHORTS, *broken(COHORTS, POLI_1, faults), POLI_1))
    assert tuple(answer) == (1, 0, 0, len(faults))
    assert places(answer) == [f"line {line}, column {column}" for line, (column, _value) in enumerate(faults, 2)]


def test_a_course_and_a_cohort_stay_where_they_belong(campus, shell):
    make_course(campus, "POLI")
    make_course(campus, "ME")
    shell.bring("cohorts", table(COHORTS, (*POLI_1[:8], "", "")))
    with campus.database.transaction() as session:
        session.add(Programme(code="other", name="Other", languages=["en"]))
    moved = shell.bring("cohorts", table(COHORTS, ("POLI-1", "ME", *POLI_1[2:8], "", "")))
    assert "stays there" in moved.rejected[0]["reason"]
    moved = shell.bring("courses", table(COURSES, (*POLI[:7], "other", "")))
    assert "stays there" in moved.rejected[0]["reason"]


def test_a_cohort_of_a_draft_is_a_draft(campus, shell):
    shell.bring("courses", table(COURSES, (*POLI[:8], "draft")))
    answer = shell.bring("cohorts", table(COHORTS, (*POLI_1[:8], "", ""), ("POLI-2", *POLI_1[1:8], "", "published")))
    assert tuple(answer) == (1, 0, 0, 1)
    assert "Publish the course first" in answer.rejected[0]["reason"]
    assert shell.export("cohorts").splitlines()[1].endswith(b",draft")


def test_staff_bring_in_what_lies_in_their_programme_alone(campus):
    with campus.database.transaction() as session:
        other = session.add(Programme(code="other", name="Other", languages=["en"]))
    make_course(campus, "MINE", programme_id=other.id)
    make_course(campus, "THEIRS")
    staff = actor_of(campus, make_person(campus, "staff", scope=("programme", other.id)))
    tutor = actor_of(campus, make_person(campus, "tutor", scope=("programme", other.id)))
    told = {}
    for importer, content in [
        (
            importing_courses.importer,
            table(COURSES, ("FRESH", *POLI[1:7], "other", ""), ("BAD", *POLI[1:]), ("THEIRS", *POLI[1:7], "", "")),
        ),
        (importing_cohorts.importer, table(COHORTS, ("M-1", "MINE", *POLI_1[2:8], "", ""), ("T-1", "THEIRS", *POLI_1[2:8], "", ""))),
    ]:
        bring_in(campus.database, Task(importer, staff), read(content), lambda line, outcome: told.update({line.cells["code"]: outcome}))
        with pytest.raises(Forbidden):
            bring_in(campus.database, Task(importer, tutor), read(content))
        with campus.database.reading() as session:
            assert {row[0] for row in importer.give(session, staff)} <= {"FRESH", "MINE", "M-1"}
    assert told["FRESH"].faults == ()
    assert {code: outcome.result for code, outcome in told.items()} == {
        "FRESH": "created", "BAD": "rejected", "THEIRS": "rejected", "M-1": "created", "T-1": "rejected",
    }  # fmt: skip
