"""`lms import`, `lms export` and `lms undo` from outside, as scripts call them."""

import json
import os
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from lms.accounts import erasing, roles
from lms.accounts.models import Person
from lms.imports.models import ImportChange, ImportRun
from lms.kernel.audit import AuditEntry
from lms.kernel.csvio import CsvError, MissingColumns, UnknownColumns
from lms.kernel.encodings import UnknownEncoding
from lms.kernel.errors import Refused
from lms.kernel.permissions import SYSTEM
from tests.imports.shell import table
from tests.imports.stories import people, runs

PEOPLE = "email,given_name,family_name,country,region,gender,organisation,organisation_type,language"
ANA = ("ana@example.org", "Ana", "Rojas", "PE", "", "mujer", "CIES", "think_tank", "es")
LUIS = ("luis@example.org", "Luis", "Paz", "EC", "", "M", "", "", "es")
BROKEN = ("broken", "Zoé", "King", "CO", "", "", "", "", "")


@pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
def test_a_script_gets_counts_as_json_and_the_rest_on_standard_error(campus, shell):
    file = shell.folder / "people.csv"
    file.write_bytes(table(PEOPLE, ANA, BROKEN))
    command = [sys.executable, "-m", "lms.cli", "import", "people", str(file)]
    done = subprocess.run(command, capture_output=True, env={**os.environ, **shell.surroundings})
    assert (done.returncode, done.stdout) == (0, b'{"created":1,"updated":0,"unchanged":0,"rejected":1}\n')
    assert "line 3, column email “broken”: This is not an e-mail address." in done.stderr.decode()
    file.write_bytes(b"email,colour\n")
    refused = subprocess.run(command, capture_output=True, env={**os.environ, **shell.surroundings})
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert "colour" in refused.stderr.decode()
    assert "Traceback" not in refused.stderr.decode()


def test_what_came_in_is_there_and_coming_again_changes_nothing(campus, shell):
    content = table(PEOPLE, ANA, LUIS)
    assert tuple(shell.bring("people", content)) == (2, 0, 0, 0)
    assert tuple(shell.bring("people", content)) == (0, 0, 2, 0)
    ana = people(campus)["ana@example.org"]
    assert (ana.given_name, ana.gender, ana.country_code, ana.timezone) == ("Ana", "female", "PE", "America/Lima")


def test_only_what_differs_counts_as_changed_and_empty_cells_leave_things_alone(campus, shell):
    shell.bring("people", table(PEOPLE, ANA, LUIS))
    changed = table("email,family_name,country", ("ANA@example.org", "Rojas Díaz", ""), ("luis@example.org", "Paz", "EC"))
    assert tuple(shell.bring("people", changed)) == (0, 1, 1, 0)
    ana = people(campus)["ana@example.org"]
    assert (ana.family_name, ana.country_code, ana.search_text) == ("Rojas Díaz", "PE", "rojas diaz ana ana@example.org")


def test_modes(campus, shell):
    shell.bring("people", table(PEOPLE, ANA))
    content = table("email,given_name", ("ana@example.org", "Anna"), ("new@example.org", "New"))
    dry = [tuple(shell.bring("people", content, "--mode", mode, "--dry-run")) for mode in ("add", "update", "upsert")]
    assert dry == [(1, 0, 0, 1), (0, 1, 0, 1), (1, 1, 0, 0)]
    assert tuple(shell.bring("people", content, "--mode", "add")) == (1, 0, 0, 1)
    assert people(campus)["ana@example.org"].given_name == "Ana"


def test_a_dry_run_tells_everything_and_changes_nothing(campus, shell):
    before = tuple(people(campus))
    answer = shell.bring("people", table(PEOPLE, ANA, BROKEN, LUIS), "--dry-run")
    assert tuple(answer) == (2, 0, 0, 1)
    assert [row["email"] for row in answer.rejected] == ["broken"]
    assert (tuple(people(campus)), runs(campus)) == (before, [])


def test_rejected_rows_are_mended_and_come_in_again(campus, shell):
    broken = ("broken", "Zoé", "=1+1", "CO", "", "", "", "", "")
    answer = shell.bring("people", table(PEOPLE, ANA, broken))
    (row,) = answer.rejected
    assert list(row) == [*PEOPLE.split(","), "reason"]
    assert (row["given_name"], row["family_name"]) == ("Zoé", "'=1+1")
    mended = (shell.folder / "people.rejected.csv").read_text().replace("broken", "zoe@example.org", 1)
    assert tuple(shell.bring("people", mended, file="people.rejected.csv")) == (1, 0, 0, 0)
    assert people(campus)["zoe@example.org"].family_name == "=1+1"


def test_the_same_people_come_out_of_every_kind_of_file(campus, shell):
    text = table(PEOPLE, ("zoe@example.org", "Zoé", "Núñez “Ñ”", "CO", "", "", "Años; días", "ngo", ""), BROKEN).decode()
    came = []
    for mark, encoding in [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "windows-1252")]:
        answer = shell.bring("people", text.replace(",", mark).replace("Años; días", '"Años; días"').encode(encoding))
        came.append(tuple(answer))
        assert people(campus)["zoe@example.org"].family_name == "Núñez “Ñ”"
        assert answer.told.startswith("people.csv: read as Windows-1252") == (encoding == "windows-1252")
        assert "Zoé" in (shell.folder / "people.rejected.csv").read_text(encoding="utf-8-sig")
    assert came == [(1, 0, 0, 1), *[(0, 0, 1, 1)] * 3]


def test_a_workbook_comes_in_as_it_went_out(campus, shell):
    shell.bring("people", table(PEOPLE, ANA, LUIS))
    workbook = shell.export("people", "xlsx")
    assert tuple(shell.bring("people", workbook, file="people.xlsx")) == (0, 0, 2, 0)
    with_more = shell.bring("people", workbook, "--set", "organisation=CIES", file="more.xlsx")
    assert tuple(with_more) == (0, 0, 2, 0)  # what the file says wins


def test_a_value_for_every_row(campus, shell):
    shell.bring("people", table("email,given_name", ("ana@example.org", "Ana")), "--set", "language=fr", "--set", "country=SN")
    ana = people(campus)["ana@example.org"]
    assert (ana.language, ana.country_code) == ("fr", "SN")


def test_a_file_that_makes_no_sense_is_refused_as_a_whole(campus, shell):
    cyrillic = "email,given_name\nа@example.org,Анна\nб@example.org,Борис\n".encode("cp1251")
    contents = [(b"email,colour\n", UnknownColumns), (b"given_name\nAna\n", MissingColumns), (b"", CsvError), (cyrillic, UnknownEncoding)]
    for content, error in contents:
        with pytest.raises(error):
            shell.bring("people", content)
    assert runs(campus) == []


def test_two_rows_about_one_person(campus, shell):
    rows = [ANA, ("ANA@Example.org", *ANA[1:]), ("ana@example.org", "Other", *ANA[2:]), BROKEN, BROKEN]
    answer = shell.bring("people", table(PEOPLE, *rows))
    assert tuple(answer) == (1, 0, 0, 4)
    assert "Line 2 of the file is about the same" in answer.rejected[1]["reason"]
    assert tuple(shell.bring("people", table(PEOPLE, ANA, ANA, LUIS, ANA))) == (1, 0, 3, 0)


def test_a_second_row_is_taken_where_the_first_was_at_fault(campus, shell):
    assert tuple(shell.bring("people", table(PEOPLE, ("ana@example.org", "Ana", "", "XX", *[""] * 5), ANA))) == (1, 0, 0, 1)


def test_batches_come_to_the_same(campus, shell):
    rows = [(f"p{number}@example.org", "P", str(number), "PE", "", "F", f"Org {number % 7}", "", "") for number in range(45)]
    rows.insert(30, BROKEN)
    rows.append(rows[3])
    answer = shell.bring("people", table(PEOPLE, *rows), "--batch", "10")
    assert tuple(answer) == (45, 0, 1, 1)
    (run,) = runs(campus)
    assert (run.state, run.created, run.unchanged, run.rejected) == ("done", 45, 1, 1)
    assert shell.call("undo", answer.code)[0] == {"undone": 52, "left": 0}
    assert not people(campus)


def test_a_whole_import_is_undone_but_not_what_others_did_since(campus, shell):
    shell.bring("people", table(PEOPLE, LUIS))
    rows = [ANA, (*LUIS[:3], "BO", *LUIS[4:]), ("ida@example.org", "Ida", "", "", "", "", "", "", "")]
    answer = shell.bring("people", table(PEOPLE, *rows))
    shell.bring("people", table("email,family_name", ("ida@example.org", "Moe")))
    counts, told = shell.call("undo", answer.code)
    assert counts == {"undone": 3, "left": 1}  # Ana, her organisation and where Luis lives
    assert "line 4: Somebody changed it since." in told
    left = people(campus)
    assert sorted(left) == ["ida@example.org", "luis@example.org"]
    assert left["luis@example.org"].country_code == "EC"
    with pytest.raises(Refused):
        shell.call("undo", answer.code)


def test_undoing_leaves_people_alone_who_have_begun_to_take_part(campus, shell):
    answer = shell.bring("people", table(PEOPLE, ANA, LUIS))
    ana = people(campus)["ana@example.org"]
    with campus.database.transaction() as session:
        roles.give(session, SYSTEM, ana.id or 0, "reporter")
    counts, told = shell.call("undo", answer.code)
    assert counts["left"] == 2  # Ana, and the organisation where she works
    assert "Other things refer to it by now." in told
    assert "ana@example.org" in people(campus)


def test_an_import_leaves_one_line_in_the_audit_log_without_names(campus, shell):
    shell.bring("people", table(PEOPLE, ANA, LUIS), file="ana-rojas.csv")
    with campus.database.reading() as session:
        entries = list(session.scalars(select(AuditEntry)))
        count = session.scalar(select(func.count()).select_from(Person))
    assert count == 2
    assert [entry.action for entry in entries] == ["import.done"]
    assert "ana" not in json.dumps(entries[0].after).lower()


def test_what_an_import_knows_of_a_person_is_forgotten_with_her(campus, shell):
    answer = shell.bring("people", table(PEOPLE, ANA, LUIS))
    ana = people(campus)["ana@example.org"]
    erasers = [plugin.personal_data.erase for plugin in campus.plugins if plugin.personal_data and plugin.personal_data.erase]
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, ana.id or 0, erasers)
    with campus.database.reading() as session:
        kept = [str((change.before, change.after)) for change in session.scalars(select(ImportChange))]
    assert not [text for text in kept if "Rojas" in text or "ana@" in text]
    counts, _told = shell.call("undo", answer.code)
    assert "luis@example.org" not in people(campus)
    assert counts["undone"] == 1


def test_the_run_is_noted_with_what_the_file_was_read_as(campus, shell):
    shell.bring("people", table(PEOPLE, ANA).decode().encode("utf-16"))
    with campus.database.reading() as session:
        run = session.scalars(select(ImportRun)).one()
    assert (run.importer, run.file_name, run.encoding, run.mode, run.state) == ("people", "people.csv", "utf-16", "upsert", "done")
