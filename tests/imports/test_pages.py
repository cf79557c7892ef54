"""Staff bring a file in on pages: they choose what its columns are, see every change before it happens, and can undo it."""

import csv
import io

import pytest

from lms.imports import jobs, keeping
from lms.imports.opening import open_file
from lms.imports.running import Task, bring_in, start
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from tests.factories import make_cohort, make_course, make_person, sign_in
from tests.imports.stories import PEOPLE, bring, give, people, runs, send
from tests.watching import counting, words


@pytest.fixture
def staff(client, campus):
    """Somebody of the staff who has signed in."""
    person = make_person(campus, "staff", email="staff@example.org")
    sign_in(client, campus, person)
    return person


def test_columns_are_guessed_and_the_first_rows_shown(client, campus, staff):
    page = give(client, PEOPLE)
    assert page.status_code == 200
    shown = words(page)
    assert "Read as UTF-8; between the cells: semicolon." in shown
    for column in ("email", "given_name", "family_name", "country"):
        assert f'<option value="{column}" selected>' in page.text
    assert "likes tea" in shown  # as an example of a column that is left out
    assert people(campus).keys() == {"staff@example.org"}


def test_every_change_is_shown_before_it_happens(client, campus, staff):
    make_person(campus, email="luis@example.org", given_name="Luis", family_name="Peña", country_code="EC")
    path = give(client, PEOPLE).url.path
    assert "Check every row" in words(send(client, path, act="read", mode="upsert"))
    assert "Waiting for its turn." in words(send(client, path, act="check", mode="upsert"))
    campus.run_jobs()
    shown = words(client.get(path))
    assert "1 Created 1 Updated 0 Unchanged 1 Rejected" in shown
    assert "Family name: Peña → becomes Paz" in shown
    assert "E-mail “broken”" in shown or "email “broken”" in shown
    assert people(campus)["luis@example.org"].family_name == "Peña"
    assert "Luis" not in words(client.get(path, params={"result": "rejected"})).partition("What each row would do")[2]


def test_a_file_is_brought_in_and_undone(client, campus, staff):
    make_person(campus, email="luis@example.org", given_name="Luis", family_name="Peña", country_code="EC")
    path = bring(client, campus, PEOPLE)
    assert "Imported" in words(client.get(path))
    assert people(campus)["luis@example.org"].family_name == "Paz"
    assert "ana@example.org" in people(campus)
    send(client, path, f"{path}/undo")
    campus.run_jobs()
    shown = words(client.get(path))
    assert "2 changes were undone." in shown
    assert "Undone" in shown
    assert people(campus)["luis@example.org"].family_name == "Peña"
    assert "ana@example.org" not in people(campus)


def test_rejected_rows_are_mended_and_imported_again(client, campus, staff):
    path = bring(client, campus, PEOPLE)
    answer = client.get(f"{path}/rejected.csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    [row] = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row["Correo electrónico"] == "broken"
    assert "line 4" in row["reason"]
    mended = answer.text.replace("broken,", "zoe@example.org,")
    bring(client, campus, mended)
    assert people(campus)["zoe@example.org"].given_name == "Zoé"
    assert [(run.created, run.rejected) for run in runs(campus)] == [(2, 1), (1, 0)]


def test_a_column_can_be_named_by_hand_and_a_missing_one_filled_for_every_row(client, campus, staff):
    make_cohort(campus, code="POLI-1")
    make_person(campus, email="ana@example.org")
    path = give(client, "Who is it,Since\nana@example.org,2026-01-05\n", "enrolments").url.path
    fields = {"act": "check", "mode": "upsert", "column-1": "email", "column-2": "enrolled_on"}
    refused = send(client, path, **fields)
    assert refused.status_code == 422
    assert "These columns are needed: Cohort" in words(refused)
    send(client, path, **fields, **{"fixed-cohort": "POLI-1"})
    campus.run_jobs()
    assert "1 Created" in words(client.get(path))


def test_one_column_of_ours_is_named_once(client, campus, staff):
    path = give(client, PEOPLE).url.path
    columns = {"column-1": "email", "column-2": "given_name", "column-3": "given_name", "column-4": "", "column-5": ""}
    refused = send(client, path, act="check", mode="upsert", **columns)
    assert refused.status_code == 422
    assert "“Nombre” is this already." in words(refused)


def test_the_encoding_can_be_said(client, campus, staff):
    path = give(client, PEOPLE.encode("windows-1252")).url.path
    assert "Read as Windows-1252" in words(client.get(path))
    shown = words(send(client, path, act="read", mode="upsert", encoding="windows-1252", delimiter="comma"))
    assert "Windows-1252; between the cells: comma" in shown


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"\0\1\2\n", "This is not a text file"),
        (b"email,email\na@example.org,b\n", "is there twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(client, campus, staff, content, reason):
    answer = give(client, content)
    assert answer.status_code == 422
    assert reason in words(answer)
    assert runs(campus) == []


def test_an_import_that_is_begun_again_goes_on_where_it_stopped(client, campus, staff, monkeypatch):
    monkeypatch.setattr(jobs, "PIECE", 10)
    rows = "".join(f"p{number}@example.org,P,{number},PE\n" for number in range(35))
    path = give(client, "email,given_name,family_name,country\n" + rows).url.path
    send(client, path, act="check", mode="add")
    campus.run_jobs()
    send(client, path, f"{path}/run")
    stopped_after(campus, 20, monkeypatch)
    assert 10 <= len(people(campus)) - 1 < 35
    assert "Stopped in between" in words(client.get(path))
    send(client, path, f"{path}/run")
    campus.run_jobs()
    assert "35 Created 0 Updated 0 Unchanged 0 Rejected" in words(client.get(path))
    assert len(people(campus)) - 1 == 35


def stopped_after(campus: Campus, rows: int, monkeypatch) -> None:
    """Run the job, and have it stopped by somebody once it has come so far."""
    from lms.kernel.jobs import Cancelled, JobRun

    told = JobRun.progress

    def progress(self, done, total, note=""):
        told(self, done, total, note)
        if done > rows:
            raise Cancelled

    monkeypatch.setattr(JobRun, "progress", progress)
    campus.run_jobs()
    monkeypatch.setattr(JobRun, "progress", told)


def test_what_came_by_the_command_line_is_shown_and_undone_here_too(client, campus, staff):
    importer = campus.plugins.named("importers")["people"]
    task = Task(importer, SYSTEM, file_name="people.csv")
    with campus.database.transaction() as session:
        under_way = start(session, task)
    assert "It is being imported from the command line." in words(client.get(f"/staff/imports/{under_way.code}"))
    content = io.BytesIO(b"email,given_name\nana@example.org,Ana\n")
    done = bring_in(campus.database, task, open_file(content, importer)[1])
    path = f"/staff/imports/{done.code}"
    assert "1 Created" in words(client.get(path))
    send(client, path, f"{path}/undo")
    campus.run_jobs()
    assert "1 change was undone." in words(client.get(path))


def test_a_file_is_thrown_away(client, campus, staff):
    path = give(client, PEOPLE).url.path
    send(client, path, f"{path}/discard")
    assert runs(campus) == []
    assert client.get(path).status_code == 404


def test_others_see_their_own_imports_alone(client, campus, staff, visit):
    path = give(client, PEOPLE).url.path
    course = make_course(campus)
    other = sign_in(visit(), campus, make_person(campus, "staff", scope=("course", course.id or 0)))
    assert other.get(path).status_code == 404
    assert "people.csv" not in words(other.get("/staff/imports"))
    boss = sign_in(visit(), campus, make_person(campus, "administrator"))
    assert boss.get(path).status_code == 200


def test_what_is_taken_out_can_be_brought_in_again(client, campus, staff):
    make_person(campus, email="=ana@example.org", given_name="Ana", family_name="-Rojas")
    answer = client.get("/staff/exports", params={"kind": "people"})
    assert answer.headers["content-disposition"].startswith("attachment")
    path = bring(client, campus, answer.content)
    assert client.get("/staff/exports", params={"kind": "people", "as": "xlsx"}).content.startswith(b"PK")
    assert "0 Created 0 Updated" in words(client.get(path))


def test_an_empty_file_names_the_columns(client, staff):
    answer = client.get("/staff/imports/template.csv", params={"kind": "people"})
    assert answer.text.removeprefix("\ufeff").startswith("email,given_name,family_name")


def test_the_list_costs_the_same_for_many_imports(client, campus, staff):
    give(client, PEOPLE)
    with counting(campus) as few:
        client.get("/staff/imports")
    for _number in range(4):
        give(client, PEOPLE)
    with counting(campus) as many:
        client.get("/staff/imports")
    assert len(many) == len(few)


def test_passwords_in_files_of_another_system_are_neither_taken_nor_told(client, campus, staff):
    users = "username,password,firstname,lastname,email\na,S3cret1,Ana,Rojas,ana@example.org\nb,S3cret2,Luis,Paz,broken\n"
    path = bring(client, campus, users)
    for page in (path, f"{path}/rejected.csv"):
        assert "S3cret" not in client.get(page).text
    assert "passwords are never taken" in words(client.get(path))
    assert "ana@example.org" in people(campus)


def test_old_files_and_their_rows_are_forgotten(client, campus, staff, monkeypatch):
    brought = bring(client, campus, PEOPLE)
    given = give(client, PEOPLE).url.path
    monkeypatch.setattr(keeping, "KEPT", -keeping.KEPT)
    with campus.database.transaction() as session:
        keys = keeping.forget_old(session)
    assert len(keys) == 2
    assert client.get(given).status_code == 404
    assert "What each row did" not in words(client.get(brought))


def test_rows_are_forgotten_with_the_person_whom_they_are_about(client, campus, staff):
    path = bring(client, campus, PEOPLE)
    with campus.database.transaction() as session:
        keeping.forget_person(session, people(campus)["ana@example.org"].id or 0)
    campus.run_jobs()
    shown = words(client.get(path))
    assert "ana@example.org" not in shown
    assert "luis@example.org" in shown
    assert client.get(f"{path}/file").status_code == 404
