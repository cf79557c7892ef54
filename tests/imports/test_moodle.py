"""Files of another system, as it writes them."""

import csv
from pathlib import Path

import pytest

from lms.imports.moodle import UNKNOWN_ROLE, day, form_of
from lms.kernel.importing import Incoming

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
