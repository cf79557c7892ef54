"""Grades come in from a file: into columns found by name or made, released, with their history, without a mail to anybody."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.accounts.models import Person
from lms.enrollment import enrolling
from lms.grading import importing, items
from lms.grading.events import GradesImported
from lms.grading.models import Grade, GradeChange, GradeItem
from lms.grading.points import plain
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.importing import Incoming
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from lms.plugin import Plugins, discover
from tests.factories import actor_of, make_cohort, make_course
from tests.grading.stories import Class, make_assignment_course
from tests.imports.shell import Shell, table
from tests.watching import counting

A_DATE = "Please write a date as year-month-day, for example 2026-03-31."
COLUMNS = "email,cohort,item,score,max_score,feedback,graded_on"
_Person: Any = Person
_Grade: Any = Grade
_Change: Any = GradeChange
_Item: Any = GradeItem


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The suite's own plugins, with that of imports."""
    return discover(["accounts", "courses", "enrollment", "grading", "certificates", "imports", "reports"])


@pytest.fixture
def shell(campus: Campus, tmp_path: Path) -> Shell:
    """A shell in which `lms import` finds the campus."""
    return Shell(campus, tmp_path)


@pytest.fixture
def group(campus: Campus) -> Class:
    """A cohort POLI with an assignment, Map of actors, of 20 points; Ana and Luis take part, and Zoe took part until she left."""
    group = Class(campus, make_cohort(campus, make_assignment_course(campus), code="POLI"))
    for name, status in (("ana", "active"), ("luis", "active"), ("zoe", "withdrawn")):
        group.trainee(status, given_name=name.title(), email=f"{name}@example.org")
    with campus.database.transaction() as session:
        for message in session.scalars(select(OutboxMessage)):
            session.delete(message)
    return group


def grades(campus: Campus) -> dict[tuple[str, int], Grade]:
    """Every grade, by the name of its column and the person."""
    with campus.database.reading() as session:
        rows: Any = session.execute(select(_Item.name, Grade).join(GradeItem, _Item.id == _Grade.grade_item_id).order_by(_Grade.id))
        return {(name, grade.person_id): grade for name, grade in rows}


def points(campus: Campus) -> list[Any]:
    """The points of every grade, the first one first."""
    return [grade.points for grade in grades(campus).values()]


def history(campus: Campus) -> list[Any]:
    """Version, points and state of every change of a grade."""
    with campus.database.reading() as session:
        rows: Any = session.execute(select(_Change.version, _Change.points, _Change.status).order_by(_Change.id))
        return [tuple(row) for row in rows]


def columns(campus: Campus) -> list[Any]:
    """The columns: name, points, whether they are filled in by hand."""
    with campus.database.reading() as session:
        rows: Any = session.execute(select(_Item.name, _Item.points, _Item.activity_id.is_(None)).order_by(_Item.id))
        return [(name, most, bool(by_hand)) for name, most, by_hand in rows]


def count(campus: Campus, model: type[Any]) -> int:
    """How many rows there are."""
    with campus.database.reading() as session:
        return int(session.scalar(select(func.count()).select_from(model)))


def weights(campus: Campus) -> list[Decimal]:
    """What each column counts."""
    with campus.database.reading() as session:
        return list(session.scalars(select(_Item.weight).order_by(_Item.id)))


def test_a_new_name_makes_a_column_and_a_known_one_is_filled(campus, shell, group):
    answer = shell.bring(
        "grades",
        table(
            COLUMNS,
            ("ana@example.org", "POLI", "Map of actors", "16,5", "", "", "2024-05-03"),
            ("ANA@example.org", "poli", "  Oral   exam ", "9", "10", "*Well* done", "2024-06-01"),
            ("luis@example.org", "POLI", "oral exam", "7.25", "10", "", ""),
            ("zoe@example.org", "POLI", "Oral exam", "0", "", "", ""),
        ),
    )
    assert list(answer) == [4, 0, 0, 0]
    assert columns(campus) == [("Map of actors", 20, False), ("Oral exam", 10, True)]
    assert points(campus) == [Decimal("16.5"), 9, Decimal("7.25"), 0]
    oral = list(grades(campus).values())[1]
    assert oral.status == "released"
    assert oral.graded_at == oral.released_at == datetime(2024, 6, 1, 12, tzinfo=UTC)
    assert "<em>Well</em>" in oral.feedback_html
    assert history(campus) == [(1, grade.points, "released") for grade in grades(campus).values()]


def test_nobody_gets_a_mail_and_others_are_told_once(campus, shell, group):
    told: list[GradesImported] = []
    campus.hub.subscribe(GradesImported, lambda _session, happened: told.append(happened))
    rows = [Incoming(n, {"email": f"{name}@example.org", "cohort": "POLI", "item": "Map of actors", "score": "20"}) for n, name in
            enumerate(("ana", "luis"), 2)]  # fmt: skip
    with campus.database.transaction() as session:
        importing.take(session, SYSTEM, rows, "upsert")
    campus.run_jobs()
    assert count(campus, OutboxMessage) == 0
    assert [(len(one.grade_ids), one.cohort_ids) for one in told] == [(2, (group.cohort.id,))]


def test_coming_again_changes_nothing_and_another_score_makes_a_version(campus, shell, group):
    one = ("ana@example.org", "POLI", "Oral exam", "9", "10", "Good", "2024-06-01")
    shell.bring("grades", table(COLUMNS, one))
    assert list(shell.bring("grades", table(COLUMNS, one))) == [0, 0, 1, 0]
    assert list(shell.bring("grades", table("email,cohort,item,score", ("ana@example.org", "POLI", "Oral exam", "9.0")))) == [0, 0, 1, 0]
    assert list(shell.bring("grades", table("email,cohort,item,score", ("ana@example.org", "POLI", "Oral exam", "8")))) == [0, 1, 0, 0]
    [grade] = grades(campus).values()
    assert (grade.points, grade.feedback, grade.version) == (Decimal(8), "Good", 2)
    assert history(campus) == [(1, 9, "released"), (2, 8, "released")]


def test_a_mark_that_a_tutor_has_not_released_yet_is_released_by_the_file(campus, shell, group):
    with campus.database.reading() as session:
        ana = session.scalars(select(Person).where(_Person.email == "ana@example.org")).one()
    work = group.hand_in(ana)
    group.mark(group.tutor(), work, 16)
    assert list(shell.bring("grades", table("email,cohort,item,score", ("ana@example.org", "POLI", "Map of actors", "16")))) == [0, 1, 0, 0]
    [grade] = grades(campus).values()
    assert (grade.status, grade.version, grade.submission_id) == ("released", 2, work.id)


def test_each_broken_row_is_named(campus, shell, group):
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    Class(campus, make_cohort(campus, code="OTHER")).trainee(email="eva@example.org")
    broken = [
        ("ana@example.org", "POLI", "Quiz", "", "", "", "", "column score: Please fill this in."),
        ("nobody@example.org", "POLI", "Quiz", "5", "", "", "", "column email: Nobody is known by this address"),
        ("eva@example.org", "POLI", "Quiz", "5", "", "", "", "column email: This person is not enrolled in the cohort"),
        ("ana@example.org", "NONE", "Quiz", "5", "", "", "", "column cohort: There is no cohort with this code."),
        ("ana@example.org", "POLI", "x" * 121, "5", "", "", "", "column item: Please write a name of at most 120 characters."),
        ("ana@example.org", "POLI", "Quiz 1", "five", "", "", "", "column score: Please write a number, for example 16 or 16.5."),
        ("ana@example.org", "POLI", "Quiz 2", "-1", "", "", "", "column score: Not below 0."),
        ("ana@example.org", "POLI", "Quiz 3", "11", "10", "", "", "column score: At most 10."),
        ("ana@example.org", "POLI", "Quiz 4", "101", "", "", "", "column score: At most 100."),
        ("ana@example.org", "POLI", "Quiz 5", "1.00001", "", "", "", "column score: At most 4 decimals."),
        ("ana@example.org", "POLI", "Quiz 6", "1", "0", "", "", "column max_score: More than 0."),
        ("ana@example.org", "POLI", "Quiz 7", "1", "", "", "3.5.2024", f"column graded_on: {A_DATE}"),
        ("ana@example.org", "POLI", "Quiz 8", "1", "", "", tomorrow, "column graded_on: This day is still to come."),
        ("luis@example.org", "POLI", "Map of actors", "20.5", "", "", "", "column score: At most 20."),
        ("ana@example.org", "POLI", "Map of actors", "16", "100", "", "", "column max_score: This column counts 20 points, and not 100."),
        ("ana@example.org", "POLI", "=cmd|' /C calc'!A0", "1e3", "", "", "", "column score: Please write a number"),
    ]  # fmt: skip
    good = ("luis@example.org", "POLI", "Essay", "50", "", "", "")
    answer = shell.bring("grades", table(COLUMNS, *(row[:-1] for row in broken), good))
    assert list(answer) == [1, 0, 0, len(broken)]
    for row, said in zip(broken, answer.rejected, strict=True):
        column, _colon, sentence = row[-1].partition(": ")
        assert column in said["reason"]
        assert sentence in said["reason"]
        assert said["reason"].count("line ") == 1  # and nothing else is wrong
    assert [name for name, _most, _by_hand in columns(campus)] == ["Map of actors", "Essay"]  # nothing is made for a row that is refused


@pytest.mark.parametrize(("mode", "counts"), [("add", [1, 0, 0, 1]), ("update", [0, 1, 0, 1]), ("upsert", [1, 1, 0, 0])])
def test_modes(campus, shell, group, mode, counts):
    shell.bring("grades", table("email,cohort,item,score", ("ana@example.org", "POLI", "Map of actors", "10")))
    rows = [("ana@example.org", "POLI", "Map of actors", "11"), ("luis@example.org", "POLI", "Quiz", "5")]
    assert list(shell.bring("grades", table("email,cohort,item,score", *rows), "--mode", mode)) == counts
    assert len(columns(campus)) == (1 if mode == "update" else 2)


def test_a_tutor_writes_and_reads_her_own_cohort_alone_and_never_her_own_grade(campus, group):
    other = Class(campus, make_cohort(campus, make_course(campus), code="OTHER"))
    other.trainee(email="eva@example.org")
    tutor = group.tutor(email="vera@example.org")
    rows = [{"email": "ana@example.org", "cohort": "POLI"}, {"email": "eva@example.org", "cohort": "OTHER"}]
    with campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, group.cohort, tutor.id or 0)
        rows.append({"email": "vera@example.org", "cohort": "POLI"})
        given = [Incoming(n, {**row, "item": "Quiz", "score": "5"}) for n, row in enumerate(rows, 2)]
        mine, theirs, own = importing.take(session, actor_of(campus, tutor), given, "upsert")
        importing.take(session, SYSTEM, given, "upsert")
    assert (mine.result, theirs.result, own.result) == ("created", "rejected", "rejected")
    assert "your own work" in str(own.faults[0].reason)
    with campus.database.reading() as session:
        assert {row[1] for row in importing.give(session, actor_of(campus, tutor))} == {"POLI"}
        assert {row[1] for row in importing.give(session, SYSTEM)} == {"POLI", "OTHER"}


def test_a_piece_costs_the_same_number_of_questions_however_long_it_is(campus, group):
    for number in range(12):
        group.trainee(email=f"p{number}@example.org")

    def take(numbers: range) -> int:
        rows = [Incoming(n, {"email": f"p{n}@example.org", "cohort": "POLI", "item": "Map of actors", "score": "5"}) for n in numbers]
        with counting(campus) as statements, campus.database.transaction() as session:
            assert {outcome.result for outcome in importing.take(session, SYSTEM, rows, "upsert")} == {"created"}
        return len(statements)

    assert take(range(2)) == take(range(2, 12))


def test_a_whole_import_is_undone_and_what_was_is_kept(campus, shell, group):
    shell.bring("grades", table(COLUMNS, ("ana@example.org", "POLI", "Map of actors", "10", "", "Fair", "2024-05-01")))
    rows = [("ana@example.org", "POLI", "Map of actors", "12"), ("luis@example.org", "POLI", "Quiz", "50")]
    answer = shell.bring("grades", table("email,cohort,item,score", *rows))
    counts, told = shell.call("undo", answer.code)
    assert counts == {"undone": 2, "left": 1}
    assert "the column stays, with the weight 0" in told
    first, second = grades(campus).values()
    assert (first.points, first.feedback, first.status, first.version) == (Decimal(10), "Fair", "released", 3)
    assert first.graded_at == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert (second.points, second.status, second.released_at) == (None, "marked", None)
    assert history(campus) == [(1, 10, "released"), (2, 12, "released"), (1, 50, "released"), (2, None, "marked"), (3, 10, "released")]


def test_a_column_that_undoing_has_emptied_counts_again_when_it_is_filled_again(campus, shell, group):
    one = table("email,cohort,item,score", ("luis@example.org", "POLI", "Quiz", "50"))
    shell.call("undo", shell.bring("grades", one).code)
    assert weights(campus) == [1, 0]
    again = shell.bring("grades", one)
    assert list(again) == [1, 0, 0, 0]
    assert weights(campus) == [1, 1]
    assert shell.call("undo", again.code)[0] == {"undone": 2, "left": 0}
    assert weights(campus) == [1, 0]


def test_a_column_of_no_weight_keeps_it_and_that_is_told(campus, shell, group):
    with campus.database.transaction() as session:
        items.add_item(session, SYSTEM, group.cohort, name="Quiz", points=Decimal(100), weight=Decimal(0))
    told = shell.bring("grades", table("email,cohort,item,score", ("luis@example.org", "POLI", "Quiz", "50"))).told
    assert "This column has the weight 0" in told
    assert weights(campus) == [1, 0]


def test_undoing_leaves_alone_what_somebody_changed_since(campus, shell, group):
    answer = shell.bring("grades", table("email,cohort,item,score", ("ana@example.org", "POLI", "Quiz", "50")))
    shell.bring("grades", table("email,cohort,item,score", ("ana@example.org", "POLI", "Quiz", "60")))
    counts, told = shell.call("undo", answer.code)
    assert counts == {"undone": 0, "left": 2}
    assert "line 2: Somebody changed it since." in told
    assert points(campus) == [60]


def test_enrolments_from_a_file_stay_while_grades_hang_on_them(campus, shell, group):
    shell.bring("people", table("email,given_name", ("eva@example.org", "Eva")))
    enrolments = shell.bring("enrolments", table("email,cohort", ("eva@example.org", "POLI")))
    given = shell.bring("grades", table("email,cohort,item,score", ("eva@example.org", "POLI", "Map of actors", "5")))
    assert "There is work or a grade of this person in the cohort." in shell.call("undo", enrolments.code)[1]
    assert shell.call("undo", given.code)[0] == {"undone": 1, "left": 0}
    again = table("email,cohort,status", ("eva@example.org", "POLI", "failed"))
    assert list(shell.bring("enrolments", again)) == [0, 1, 0, 0]


SCORES = st.decimals(0, 20, places=4)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf")), min_size=1, max_size=30)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(SCORES, st.one_of(st.just(""), WORDS), st.dates(max_value=clock.today(), min_value=date(2000, 1, 1))),
                min_size=1, max_size=6))  # fmt: skip
def test_what_goes_out_comes_in_again_unchanged_and_rebuilds_what_was(campus, said):
    group = Class(campus)
    rows = []
    for score, feedback, day in said:
        email = group.trainee().email
        cell = plain(score)
        rows.append(dict(zip(COLUMNS.split(","), (email, group.cohort.code, "Map of actors", cell, "20", feedback, str(day)), strict=True)))

    def take(rows: list[dict[str, Any]]) -> set[str]:
        with campus.database.transaction() as session:
            return {one.result for one in importing.take(session, SYSTEM, [Incoming(2, row) for row in rows], "upsert")}

    def out() -> list[dict[str, Any]]:
        with campus.database.reading() as session:
            given = [row for row in importing.give(session, SYSTEM) if row[1] == group.cohort.code]
        return [dict(zip(COLUMNS.split(","), map(str, row), strict=True)) for row in given]

    assert take(rows) == {"created"}
    assert out() == rows
    assert take(out()) == {"unchanged"}
