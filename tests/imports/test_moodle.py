"""Files of another system, as it writes them."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.courses import cohorts
from lms.courses.models import Course
from lms.imports import undoing
from lms.imports.moodle import UNKNOWN_ROLE, day, form_of
from lms.imports.opening import open_file
from lms.imports.running import Task, bring_in
from lms.kernel.campus import Campus
from lms.kernel.csvio import MissingColumns
from lms.kernel.importing import Incoming, Outcome
from lms.kernel.permissions import SYSTEM
from tests.enrollment.stories import enrolments
from tests.factories import make_cohort, make_course, make_person
from tests.imports.stories import people

FILES = Path(__file__).parents[2].parent / "shared/data/moodle-csv-ics"
# Columns and enrolments as its documentation of uploading users shows them.
USERS = """\
username,password,firstname,lastname,email,city,country,institution,department,lang,course1,role1,group1,cohort1,enrolstatus1,course2,role2
tomas,S3cret!,Tomás,Rojas,tomas@example.org,Lima,PE,Grade,Research,es_mx,POLI,student,Group A,year-7,1,MON,
inés,,Inés,Paz,ines@example.org,Quito,EC,,,es,POLI,editingteacher,,,,,
zoe,,Zoë,King,zoe@example.org,,,,,en,POLI,examiner,,,,,
"""


def read(importer: str, text: str):
    """The form of a file and its lines in our words."""
    titles, *lines = list(csv.reader(text.splitlines()))
    form = form_of(importer, titles)
    assert form is not None
    header = [title.strip().lower() for title in titles]
    return form, [form.read(Incoming(n, dict(zip(header, map(str.strip, cells), strict=False)))) for n, cells in enumerate(lines, 2)]


def test_users_are_people_in_our_words():
    form, lines = read("people", USERS)
    assert dict(lines[0].parts[0].cells) == {
        "email": "tomas@example.org", "given_name": "Tomás", "family_name": "Rojas", "country": "PE", "organisation": "Grade",
        "language": "es",
    }  # fmt: skip
    left_out = {fault.column: str(fault.reason) for fault in form.left_out}
    assert "passwords" in left_out["password"]
    assert {"username", "city", "department", "course1", "group1", "cohort1"} <= left_out.keys()
    assert not any(fault.value for fault in form.left_out)  # a password is not even told


def test_the_same_file_says_who_takes_part_in_what():
    _form, (tomas, ines, zoe) = read("enrolments", USERS)
    assert [dict(part.cells) for part in tomas.parts] == [
        {"email": "tomas@example.org", "cohort": "POLI", "status": "suspended"},
        {"email": "tomas@example.org", "cohort": "MON", "status": ""},
    ]
    assert {note.column: note.value for note in tomas.notes} == {"cohort1": "year-7", "group1": "Group A"}
    assert [part.is_tutor for part in ines.parts] == [True]
    assert [(fault.column, fault.value, fault.reason) for fault in zoe.faults] == [("role1", "examiner", UNKNOWN_ROLE)]


def test_grades_stand_in_a_column_for_each_item():
    _form, lines = read(
        "grades",
        "First name,Email address,cohort,Assignment: Map of Actors (Real),Assignment: Map of Actors (Feedback),Quiz 1,Course total (Real)\n"
        "Ana,ana@example.org,POLI-1,8.50,Well done,-,8.50\n",
    )
    assert [dict(part.cells) for part in lines[0].parts] == [
        {"email": "ana@example.org", "cohort": "POLI-1", "item": "Map of Actors", "score": "8.50", "feedback": "Well done"}
    ]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("1569938400", "2019-10-01"), ("2019-10-01 14:00", "2019-10-01"), ("20191001", "20191001"), ("0", ""), ("1/10/2019", "1/10/2019")],
)
def test_dates_come_as_seconds_or_with_a_time(theirs, ours):
    assert day(theirs) == ours


def test_our_own_files_are_not_taken_for_theirs():
    assert form_of("people", ["email", "given_name", "family_name", "country"]) is None
    assert form_of("enrolments", ["email", "cohort", "status"]) is None
    assert form_of("grades", ["email", "cohort", "item", "score"]) is None
    assert form_of("grades", ["email", "cohort", "item", "scor"]) is None
    assert form_of("courses", ["code", "title"]) is None


def take(campus: Campus, kind: str, content: str | bytes, **fixed: str) -> tuple[str, dict[int, Outcome]]:
    """Import a file; answers the code of the run and what became of each line."""
    told: dict[int, Outcome] = {}
    stream = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    importer, table = open_file(stream, campus.plugins.named("importers")[kind], fixed=fixed)
    done = bring_in(campus.database, Task(importer, SYSTEM), table, lambda line, outcome: told.update({line.number: outcome}))
    return done.code, told


def real(name: str) -> bytes:
    """A file of the other system's own tests."""
    if not FILES.is_dir():
        pytest.skip(f"{FILES} is not there")
    return (FILES / name).read_bytes()


def results(told: dict[int, Outcome]) -> list[str]:
    return [outcome.result for _line, outcome in sorted(told.items())]


def test_users_come_in_and_then_take_part(campus):
    cohort = make_cohort(campus, make_course(campus, "POLI"), code="POLI-1")
    monitoring = make_cohort(campus, make_course(campus, "MON"), code="MON-1")
    _code, told = take(campus, "people", USERS)
    assert results(told) == ["created", "created", "created"]
    assert people(campus)["tomas@example.org"].given_name == "Tomás"
    code, told = take(campus, "enrolments", USERS)
    assert results(told) == ["created", "created", "rejected"]
    known = people(campus)
    assert [(each.person_id, each.status) for each in enrolments(campus, cohort)] == [(known["tomas@example.org"].id, "suspended")]
    assert len(enrolments(campus, monitoring)) == 1
    assert tutors(campus, cohort) == [known["ines@example.org"].id]
    assert results(take(campus, "enrolments", USERS)[1]) == ["unchanged", "unchanged", "rejected"]
    undoing.undo(campus.database, SYSTEM, campus.plugins.named("importers"), code)
    assert enrolments(campus, cohort) == enrolments(campus, monitoring) == []
    assert tutors(campus, cohort) == []


def tutors(campus: Campus, cohort) -> list[int]:
    with campus.database.reading() as session:
        return cohorts.tutor_ids(session, cohort.id or 0)


def test_a_line_is_taken_as_a_whole_or_not_at_all(campus):
    make_person(campus, email="ana@example.org")
    cohort = make_cohort(campus, code="POLI-1")
    full = make_cohort(campus, code="MON-1", seats=0)
    _code, told = take(campus, "enrolments", "email,firstname,lastname,course1,course2\nana@example.org,Ana,Rojas,poli-1,MON-1\n")
    assert results(told) == ["rejected"]
    assert [fault.column for fault in told[2].faults] == ["course2"]
    assert enrolments(campus, cohort) == enrolments(campus, full) == []


def test_a_course_with_several_running_cohorts_is_not_guessed(campus):
    make_person(campus, email="ana@example.org")
    course = make_course(campus, "POLI")
    for code in ("POLI-1", "POLI-2"):
        make_cohort(campus, course, code=code)
    make_cohort(campus, course, code="POLI-0", starts_in=-90)
    _code, told = take(campus, "enrolments", "username,email,course1\nana,ana@example.org,POLI\nana,ana@example.org,NONE\n")
    assert "POLI-1, POLI-2" in str(told[2].faults[0].reason)
    assert told[3].faults[0].value == "NONE"


def test_what_a_file_says_twice_is_taken_once(campus):
    make_person(campus, email="ana@example.org")
    cohort = make_cohort(campus, code="POLI-1")
    row = "ana,ana@example.org,POLI-1"
    _code, told = take(campus, "enrolments", f"username,email,course1,enrolstatus1\n{row},\n{row},\n{row},1\n")
    assert results(told) == ["created", "unchanged", "rejected"]
    assert len(enrolments(campus, cohort)) == 1


@pytest.mark.parametrize(("name", "count"), [("upload_users.csv", 2), ("uploaduser_example.csv", 3)])
def test_its_own_files_of_users_come_in(campus, name, count):
    assert results(take(campus, "people", real(name))[1]) == ["created"] * count
    assert results(take(campus, "people", real(name))[1]) == ["unchanged"] * count


def test_its_own_files_of_courses_come_in_as_courses_and_as_cohorts(campus):
    assert results(take(campus, "courses", real("courses.csv"))[1]) == ["created"] * 3
    with campus.database.reading() as session:
        assert list(session.scalars(select(Course.title))) == ["Course 1", "Course 2", "Course 3"]  # type: ignore[call-overload]  # a column
    assert results(take(campus, "courses", real("courses_custom_fields.csv"))[1]) == ["created"]
    assert results(take(campus, "cohorts", real("courses.csv"))[1]) == ["created"] * 3
    assert results(take(campus, "courses", real("enrolment_role.csv"))[1]) == ["created"] * 3
    with pytest.raises(MissingColumns, match="fullname"):
        take(campus, "courses", real("enrolment_delete.csv"))


def test_its_own_cohorts_need_a_course(campus):
    make_course(campus, "POLI")
    with pytest.raises(MissingColumns, match="course"):
        take(campus, "cohorts", real("uploadcohorts1.csv"))
    assert results(take(campus, "cohorts", real("uploadcohorts1.csv"), course="POLI")[1]) == ["created"] * 6
    told = take(campus, "cohorts", real("uploadcohorts_test.csv"), course="POLI")[1]
    assert told[13].result == "rejected"  # a code that an earlier line has


def test_its_own_grades_come_in_for_a_cohort(campus):
    cohort = make_cohort(campus, code="POLI-1")
    make_person(campus, email="student1@example.com")
    with pytest.raises(MissingColumns, match="cohort"):
        take(campus, "grades", real("upload_grades.csv"))
    take(campus, "enrolments", "email,cohort\nstudent1@example.com,POLI-1\n")
    assert results(take(campus, "grades", real("upload_grades.csv"), cohort=cohort.code)[1]) == ["created"]


@pytest.mark.parametrize("name", ["groups_import.csv", "groups_import_multicourse.csv"])
def test_its_own_groups_are_left_out_and_say_so(campus, name):
    told = take(campus, "enrolments", real(name))[1]
    assert told
    assert set(results(told)) == {"unchanged"}
    assert all("no groups here" in str(outcome.notes[0].reason) for outcome in told.values())
