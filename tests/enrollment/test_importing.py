"""Enrolments come in from a file: places, roles, states and days as the file says them, without a mail to anybody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.accounts.models import Person
from lms.certificates.models import Certificate
from lms.courses import completion
from lms.courses.models import Activity, Cohort
from lms.enrollment import enrolling, importing
from lms.enrollment.events import EnrolmentsImported
from lms.enrollment.places import PlaceWanted
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.errors import Refused
from lms.kernel.importing import Incoming
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from lms.plugin import Plugins, discover
from tests.enrollment.stories import application_of, applied, calling_cohort, enrolled, enrolments, id_of, learns, places
from tests.factories import actor_of, make_cohort, make_course, make_person
from tests.imports.shell import Shell, table
from tests.watching import counting

A_DATE = "Please write a date as year-month-day, for example 2026-03-31."
COLUMNS = "email,cohort,status,enrolled_on,completed_on"
_Activity: Any = Activity


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The suite's own plugins, with that of imports."""
    return discover(["accounts", "courses", "enrollment", "grading", "certificates", "imports", "reports"])


@pytest.fixture
def shell(campus: Campus, tmp_path: Path) -> Shell:
    """A shell in which `lms import` finds the campus."""
    return Shell(campus, tmp_path)


@pytest.fixture
def cohort(campus: Campus) -> Cohort:
    """A cohort of three places that began in 2024."""
    return make_cohort(campus, code="POLI-2024", starts_on=date(2024, 3, 1), ends_on=date(2024, 4, 30), seats=3)


def people(campus: Campus, *names: str) -> list[Person]:
    """People with addresses such as ana@example.org."""
    return [make_person(campus, given_name=name.title(), email=f"{name}@example.org") for name in names]


def states(campus: Campus, cohort: Cohort) -> dict[str, tuple[str, int | None]]:
    """State and place of everybody in a cohort, by the part of the address before the @."""
    with campus.database.reading() as session:
        found = {e.person_id: e for e in enrolments(campus, cohort)}
        return {(session.one(Person, p).email or "").split("@")[0]: (e.status, e.place) for p, e in found.items()}


def reasons(answer: Any) -> list[tuple[str, str]]:
    """Of each rejected row, the person and why."""
    return [(row["email"].split("@")[0], row["reason"]) for row in answer.rejected]


def test_history_is_written_down_as_the_file_says_it(campus, shell, cohort):
    ana, luis, zoe = people(campus, "ana", "luis", "zoe")
    answer = shell.bring(
        "enrolments",
        table(
            COLUMNS,
            ("ana@example.org", "POLI-2024", "completed", "2024-02-20", "2024-04-30"),
            ("LUIS@example.org", "poli-2024", "Withdrawn", "2024-02-21", ""),
            ("zoe@example.org", "POLI-2024", "", "", ""),
        ),
    )
    assert list(answer) == [3, 0, 0, 0]
    assert states(campus, cohort) == {"ana": ("completed", 1), "luis": ("withdrawn", None), "zoe": ("active", 2)}
    first, _second, third = enrolments(campus, cohort)
    assert (first.enrolled_at, first.completed_at) == (datetime(2024, 2, 20, 12, tzinfo=UTC), datetime(2024, 4, 30, 12, tzinfo=UTC))
    assert third.enrolled_at.date() == date(2024, 3, 1)  # with the cohort, because nothing else is told
    assert [learns(campus, person, cohort) for person in (ana, luis, zoe)] == [True, False, True]


def test_nobody_gets_a_mail_or_a_certificate_and_others_are_told_once(campus, shell):
    cohort = make_cohort(campus, code="NOW", seats=50)  # it runs: an enrolment on a page would send a mail
    told: list[EnrolmentsImported] = []
    campus.hub.subscribe(EnrolmentsImported, lambda _session, happened: told.append(happened))
    people(campus, *(f"person-{n}" for n in range(20)))
    rows = [Incoming(n + 2, {"email": f"person-{n}@example.org", "cohort": "NOW", "status": "completed"}) for n in range(20)]
    with campus.database.transaction() as session:
        importing.take(session, SYSTEM, rows, "upsert")
    campus.run_jobs()
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0
        assert session.scalar(select(func.count()).select_from(Certificate)) == 0
    assert [(len(one.enrolment_ids), one.cohort_ids) for one in told] == [(20, (id_of(cohort),))]


def test_coming_again_changes_nothing_and_empty_cells_leave_things_alone(campus, shell, cohort):
    people(campus, "ana", "luis")
    whole = table(
        COLUMNS, ("ana@example.org", "POLI-2024", "failed", "2024-02-20", ""), ("luis@example.org", "POLI-2024", "active", "", "")
    )
    shell.bring("enrolments", whole)
    before = [enrolment.model_dump() for enrolment in enrolments(campus, cohort)]
    assert list(shell.bring("enrolments", whole)) == [0, 0, 2, 0]
    assert list(shell.bring("enrolments", table("email,cohort,status", ("ana@example.org", "POLI-2024", "")))) == [0, 0, 1, 0]
    assert [enrolment.model_dump() for enrolment in enrolments(campus, cohort)] == before


def test_a_state_changes_with_its_place_its_days_and_its_role(campus, shell, cohort):
    [ana] = people(campus, "ana")
    enrolled(campus, cohort, ana)
    for status, place, learning in (("suspended", 1, False), ("completed", 1, True), ("withdrawn", None, False), ("active", 1, True)):
        assert list(shell.bring("enrolments", table("email,cohort,status", ("ana@example.org", "POLI-2024", status)))) == [0, 1, 0, 0]
        assert states(campus, cohort) == {"ana": (status, place)}
        assert learns(campus, ana, cohort) is learning
        [enrolment] = enrolments(campus, cohort)
        assert (enrolment.completed_at is not None, enrolment.withdrawn_at is not None) == (status == "completed", status == "withdrawn")


def test_each_broken_row_is_named(campus, shell, cohort):
    people(campus, "ana", "luis")
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    broken = {
        ("=ana@example.org", "", "", "", ""): "cohort: Please fill this in.",
        ("nobody@example.org", "POLI-2024", "", "", ""): "email: Nobody is known by this address: import people first.",
        ("ana@example.org", "NONE", "", "", ""): "cohort: There is no cohort with this code.",
        ("ana@example.org", "POLI-2024", "done", "", ""): "status: One of: active, suspended, completed, failed, withdrawn.",
        ("ana@example.org", "POLI-2024", "", "1/3/2024", ""): f"enrolled_on: {A_DATE}",
        ("ana@example.org", "POLI-2024", "", "2024-02-30", ""): f"enrolled_on: {A_DATE}",
        ("ana@example.org", "POLI-2024", "", tomorrow, ""): "enrolled_on: This day is still to come.",
        ("ana@example.org", "POLI-2024", "failed", "", "2024-04-01"): "completed_on: Only where the state is “completed”.",
        ("ana@example.org", "POLI-2024", "completed", "2024-04-01", "2024-03-01"): (
            "completed_on: Nobody completes a cohort before being enrolled in it."
        ),
    }  # fmt: skip
    answer = shell.bring("enrolments", table(COLUMNS, *broken, ("luis@example.org", "POLI-2024", "", "", "")))
    assert list(answer) == [1, 0, 0, len(broken)]
    for said, reason in zip(answer.rejected, broken.values(), strict=True):
        assert reason.partition(": ")[2] in said["reason"]
        assert reason.partition(": ")[0] in said["reason"]
        assert said["reason"].count("line ") == 1  # and nothing else is wrong


def test_a_full_cohort_rejects_who_comes_too_late(campus, shell, cohort):
    people(campus, *"abcde")
    rows = [(f"{name}@example.org", "POLI-2024", "withdrawn" if name == "b" else "") for name in "abcde"]
    answer = shell.bring("enrolments", table("email,cohort,status", *rows))
    assert list(answer) == [4, 0, 0, 1]
    assert [(who, "Every place is taken (3)." in why) for who, why in reasons(answer)] == [("e", True)]
    assert places(campus, cohort) == [1, 2, 3]


def test_a_place_that_a_row_gives_back_is_free_for_the_next_row(campus, shell, cohort):
    everybody = people(campus, *"abcd")
    for person in everybody[:3]:
        enrolled(campus, cohort, person)
    rows = [("d@example.org", ""), ("b@example.org", "withdrawn")]
    swapped = [(email, "POLI-2024", status) for email, status in reversed(rows)]
    assert list(shell.bring("enrolments", table("email,cohort,status", *swapped))) == [1, 1, 0, 0]
    assert states(campus, cohort) == {"a": ("active", 1), "b": ("withdrawn", None), "c": ("active", 3), "d": ("active", 2)}


@pytest.mark.parametrize(("mode", "counts"), [("add", [1, 0, 0, 1]), ("update", [0, 1, 0, 1]), ("upsert", [1, 1, 0, 0])])
def test_modes(campus, shell, cohort, mode, counts):
    ana, _luis = people(campus, "ana", "luis")
    enrolled(campus, cohort, ana)
    rows = [(f"{name}@example.org", "POLI-2024", "failed") for name in ("ana", "luis")]
    assert list(shell.bring("enrolments", table("email,cohort,status", *rows), "--mode", mode)) == counts


def test_staff_of_one_course_write_and_read_their_own_cohorts_alone(campus, cohort):
    other = make_cohort(campus, make_course(campus), code="OTHER")
    people(campus, "ana")
    staff = actor_of(campus, make_person(campus, "staff", scope=("course", cohort.course_id)))
    rows = [Incoming(n, {"email": "ana@example.org", "cohort": code}) for n, code in enumerate(("POLI-2024", "OTHER"), 2)]
    with campus.database.transaction() as session:
        mine, theirs = importing.take(session, staff, rows, "upsert")
    assert (mine.result, theirs.result, theirs.faults[0].column) == ("created", "rejected", "cohort")
    enrolled(campus, other)
    with campus.database.reading() as session:
        assert [row[1] for row in importing.give(session, staff)] == ["POLI-2024"]
        assert len(list(importing.give(session, SYSTEM))) == 2


def test_a_guard_refuses_a_row_and_the_others_come_in(campus, cohort):
    class Unpaid(Refused):
        message = "The fee is not paid."

    def guard(_session: Any, wanted: PlaceWanted) -> None:
        if wanted.person_id == luis.id:
            raise Unpaid()

    _ana, luis = people(campus, "ana", "luis")
    campus.hub.guard("enrollment.enrol", guard)
    rows = [Incoming(n, {"email": f"{name}@example.org", "cohort": "POLI-2024"}) for n, name in enumerate(("ana", "luis"), 2)]
    with campus.database.transaction() as session:
        ana_, luis_ = importing.take(session, SYSTEM, rows, "upsert")
    assert (ana_.result, [fault.reason for fault in luis_.faults]) == ("created", ["The fee is not paid."])


def test_an_application_that_waits_is_accepted_by_the_place(campus, shell):
    cohort = calling_cohort(campus, code="CALL")
    [ana] = people(campus, "ana")
    applied(campus, cohort, ana)
    shell.bring("enrolments", table("email,cohort", ("ana@example.org", "CALL")))
    assert application_of(campus, ana).status == "accepted"


def test_a_piece_costs_the_same_number_of_questions_however_long_it_is(campus, cohort):
    crowd = make_cohort(campus, code="CROWD", seats=500)
    people(campus, *(f"p{n}" for n in range(60)))

    def take(numbers: range) -> int:
        rows = [Incoming(n, {"email": f"p{n}@example.org", "cohort": "CROWD", "status": "completed"}) for n in numbers]
        with counting(campus) as statements, campus.database.transaction() as session:
            assert {outcome.result for outcome in importing.take(session, SYSTEM, rows, "upsert")} == {"created"}
        return len([one for one in statements if not one.startswith("INSERT")])

    assert take(range(5)) == take(range(5, 60))
    assert places(campus, crowd) == list(range(1, 61))


def test_a_whole_import_is_undone(campus, shell, cohort):
    ana, luis, _zoe = people(campus, "ana", "luis", "zoe")
    enrolled(campus, cohort, ana)
    enrolled(campus, cohort, luis, status="failed")
    before = [enrolment.model_dump() for enrolment in enrolments(campus, cohort)]
    rows = [("ana@example.org", "withdrawn", ""), ("luis@example.org", "completed", clock.today().isoformat()), ("zoe@example.org", "", "")]
    changed = table("email,cohort,status,completed_on", *((email, "POLI-2024", status, day) for email, status, day in rows))
    answer = shell.bring("enrolments", changed)
    assert states(campus, cohort) == {"ana": ("withdrawn", None), "luis": ("completed", 2), "zoe": ("active", 1)}
    assert shell.call("undo", answer.code)[0] == {"undone": 3, "left": 0}
    assert [enrolment.model_dump() for enrolment in enrolments(campus, cohort)] == before
    assert learns(campus, ana, cohort)


def test_undoing_leaves_alone_what_has_gone_on_since(campus, shell, cohort):
    ana, _luis, _zoe = people(campus, "ana", "luis", "zoe")
    answer = shell.bring("enrolments", table("email,cohort", *((f"{name}@example.org", "POLI-2024") for name in ("ana", "luis", "zoe"))))
    of_luis = enrolments(campus, cohort)[1]
    with campus.database.transaction() as session:
        activity = session.scalars(select(Activity).where(_Activity.cohort_id == cohort.id).limit(1)).one()
        completion.record(session, id_of(ana), activity, "viewed")
        enrolling.set_status(session, SYSTEM, id_of(of_luis), "suspended")
    counts, told = shell.call("undo", answer.code)
    assert counts == {"undone": 1, "left": 2}
    assert "line 2: This person has begun the cohort." in told
    assert "line 3: Somebody changed it since." in told
    assert states(campus, cohort) == {"ana": ("active", 1), "luis": ("suspended", 2)}


STATES = st.sampled_from(["active", "suspended", "completed", "failed", "withdrawn"])
DAYS = st.dates(date(2024, 1, 1), date(2024, 12, 31))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(STATES, DAYS, DAYS), min_size=1, max_size=8))
def test_what_goes_out_comes_in_again_unchanged_and_rebuilds_what_was(campus, said):
    cohort = make_cohort(campus, starts_on=date(2024, 1, 1), ends_on=None)
    crowd = [make_person(campus) for _ in said]
    rows = [
        {
            "email": person.email, "cohort": cohort.code, "status": status, "enrolled_on": min(days).isoformat(),
            "completed_on": max(days).isoformat() if status == "completed" else "",
        }
        for person, (status, *days) in zip(crowd, said, strict=True)
    ]  # fmt: skip

    def take(rows: list[dict[str, Any]]) -> set[str]:
        with campus.database.transaction() as session:
            return {one.result for one in importing.take(session, SYSTEM, [Incoming(2, row) for row in rows], "upsert")}

    def out() -> list[dict[str, Any]]:
        with campus.database.reading() as session:
            given = [tuple(row) for row in importing.give(session, SYSTEM) if row[1] == cohort.code]
        return [dict(zip(COLUMNS.split(","), ("" if cell is None else str(cell) for cell in row), strict=True)) for row in given]

    assert take(rows) == {"created"}
    exported = out()
    assert exported == rows
    assert take(exported) == {"unchanged"}
    assert sum(1 for e in enrolments(campus, cohort) if e.place is not None) == sum(row["status"] != "withdrawn" for row in rows)


def test_two_imports_at_once_sell_no_place_twice(campus, cohort):
    people(campus, *"abcdef")

    def bring(names: str) -> list[str]:
        rows = [Incoming(n, {"email": f"{name}@example.org", "cohort": "POLI-2024"}) for n, name in enumerate(names, 2)]
        with campus.database.transaction() as session:
            return [outcome.result for outcome in importing.take(session, SYSTEM, rows, "upsert")]

    with ThreadPoolExecutor(2) as both:
        outcomes = [result for results in both.map(bring, ("abc", "def")) for result in results]
    assert sorted(outcomes) == ["created"] * 3 + ["rejected"] * 3
    assert places(campus, cohort) == [1, 2, 3]
