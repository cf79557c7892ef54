"""One contract for both engines of background work: the embedded one on SQLite, procrastinate on PostgreSQL.

Run as a script with a database address and a folder, this file is a worker process that a test can kill.
"""

import os
import signal
import subprocess
import sys
import threading
import time as stopwatch
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, func, select, text
from sqlalchemy.engine import make_url

from lms.kernel import clock, jobs
from lms.kernel.database import Database, Session
from lms.kernel.errors import NotFound, Refused
from lms.kernel.job_table import claim, finish, job
from lms.kernel.jobs import JobRegistry, JobRun, JobStatus, WorkerContext, enqueue, run_pending, status
from lms.kernel.permissions import SYSTEM, Actor, Grant
from lms.kernel.schedules import Schedule, schedule, tick
from lms.kernel.worker import run_worker, stop_on_signals

POSTGRESQL = os.environ.get("LMS_TEST_POSTGRESQL_URL", "")
NO_SETTINGS: Any = (None, None)  # neither settings nor storage: these jobs use none
effect = Table("effect", MetaData(), Column("job_id", Integer, nullable=False), Column("attempt", Integer, nullable=False))


@contextmanager
def throw_away_postgresql() -> Iterator[str]:
    name = f"lms_jobs_{uuid.uuid4().hex[:10]}"
    url = make_url(POSTGRESQL).set(drivername="postgresql+psycopg")
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def make_tables(database: Database) -> None:
    tables = MetaData()
    Table("person", tables, Column("id", Integer, primary_key=True))  # stands in for the plugin that keeps people
    for table in (job, schedule, effect):
        table.to_metadata(tables)
    tables.create_all(database.engine)
    if database.dialect == "postgresql":
        from lms.kernel.procrastinate_line import install_procrastinate

        assert install_procrastinate(database.engine) is True
        assert install_procrastinate(database.engine) is False


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
        make_tables(made)
        yield made
        made.dispose()
        return
    if not POSTGRESQL:
        pytest.skip("LMS_TEST_POSTGRESQL_URL is not set")
    with throw_away_postgresql() as url:
        made = Database(url)
        make_tables(made)
        yield made
        made.dispose()


def context(database: Database, functions: dict[str, Callable[..., Any]], lease: float = 30) -> WorkerContext:
    nothing: Any = None
    return WorkerContext(
        database, JobRegistry(functions), settings=nothing, storage=nothing, lease=timedelta(seconds=lease),
        poll=timedelta(seconds=0.05), back_off=lambda attempt: timedelta(seconds=0.05),
    )  # fmt: skip


@contextmanager
def working(context: WorkerContext) -> Iterator[None]:
    """A worker of the database's own kind, for the length of the block."""
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(context, stop))
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(30)
        assert not worker.is_alive(), "the worker did not stop"


def until(what: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait for something to come true and answer it."""
    end = stopwatch.monotonic() + seconds
    while not (found := what()):
        assert stopwatch.monotonic() < end, "it never came true"
        threading.Event().wait(0.02)
    return found


def add(database: Database, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> int:
    with database.transaction() as session:
        return enqueue(session, name, arguments or {}, **options)


def look(database: Database, job_id: int) -> JobStatus:
    with database.reading() as session:
        found = status(session, job_id)
    assert found is not None
    return found


def ended(database: Database, job_id: int) -> JobStatus:
    until(lambda: look(database, job_id).is_finished)
    return look(database, job_id)


def leave_effect(session: Session, run: JobRun) -> None:
    session.execute(effect.insert().values(job_id=run.job_id, attempt=run.attempt))


def effects(database: Database) -> list[tuple[int, int]]:
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(effect.c.job_id, effect.c.attempt))]


def test_a_job_runs_once_and_keeps_its_result(database: Database) -> None:
    calls: list[int] = []

    def count(run: JobRun, *, upto: int) -> dict[str, int]:
        calls.append(upto)
        run.progress(upto, upto, "counted")
        return {"counted": upto}

    with working(context(database, {"count": count})):
        job_id = add(database, "count", {"upto": 3}, title="Counting")
        done = ended(database, job_id)
    assert (done.state, done.result, done.done, done.total, done.note, done.percent) == ("done", {"counted": 3}, 3, 3, "counted", 100)
    assert (calls, done.title, done.attempt) == ([3], "Counting", 1)


def test_what_is_rolled_back_was_never_in_line(database: Database) -> None:
    def change_mind() -> None:
        with database.transaction() as session:
            enqueue(session, "never", {})
            raise Refused("on second thoughts, no")

    with pytest.raises(Refused):
        change_mind()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(job)) == 0
        if database.dialect == "postgresql":
            assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0


def test_a_job_that_fails_is_tried_again_and_then_given_up(database: Database) -> None:
    tries: list[int] = []

    def stumble(run: JobRun) -> None:
        tries.append(run.attempt)
        raise OSError("the disk is away")

    with working(context(database, {"stumble": stumble})):
        given_up = ended(database, add(database, "stumble", max_attempts=3))
        assert (given_up.state, given_up.error, tries) == ("failed", "OSError: the disk is away", [1, 2, 3])
        with database.transaction() as session:
            jobs.retry(session, SYSTEM, given_up.id)
        assert until(lambda: len(tries) > 3)


def test_a_refusal_by_the_rules_is_not_tried_again(database: Database) -> None:
    def refuse(run: JobRun) -> None:
        raise Refused("All {seats} places are taken.", seats=10)

    with working(context(database, {"refuse": refuse})):
        refused = ended(database, add(database, "refuse"))
    assert (refused.state, refused.error, refused.attempt) == ("failed", "All 10 places are taken.", 1)


def test_a_running_job_stops_where_it_looks_for_a_cancel(database: Database) -> None:
    started = threading.Event()

    def endless(run: JobRun) -> None:
        started.set()
        while True:
            run.check_cancelled()
            threading.Event().wait(0.01)

    with working(context(database, {"endless": endless})):
        job_id = add(database, "endless")
        assert started.wait(30)
        with database.transaction() as session:
            jobs.cancel(session, SYSTEM, job_id)
        assert ended(database, job_id).state == "cancelled"
    with pytest.raises(jobs.JobNotStoppable), database.transaction() as session:
        jobs.cancel(session, SYSTEM, job_id)


def test_a_waiting_job_that_is_cancelled_never_starts(database: Database) -> None:
    job_id = add(database, "waiting")
    with database.transaction() as session:
        jobs.cancel(session, SYSTEM, job_id)
    assert run_pending(database, JobRegistry(), *NO_SETTINGS) == 0
    assert look(database, job_id).state == "cancelled"


def test_progress_and_lease_move_while_the_job_runs_even_inside_a_transaction(database: Database) -> None:
    go_on = threading.Event()

    def slow(run: JobRun) -> None:
        with run.database.transaction() as session:
            run.progress(3, 10, "three of ten")
            leave_effect(session, run)
        assert go_on.wait(30)

    def lease() -> Any:
        with database.reading() as session:
            return session.scalar(select(job.c.lease_until))

    with working(context(database, {"slow": slow}, lease=3)):
        job_id = add(database, "slow")
        shown = until(lambda: (seen := look(database, job_id)).done == 3 and seen)
        assert (shown.state, shown.total, shown.note, shown.percent) == ("running", 10, "three of ten", 30)
        first = lease()
        assert first is not None
        until(lambda: (later := lease()) is not None and later > first)
        go_on.set()
        assert ended(database, job_id).attempt == 1


def test_a_worker_killed_in_the_middle_leaves_its_job_to_the_next_and_the_effect_happens_once(database: Database, tmp_path: Path) -> None:
    job_id = add(database, "interrupted", {"folder": str(tmp_path)})
    victim = start_process(database)
    until(lambda: (tmp_path / "attempt-1").exists())
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert (effects(database), look(database, job_id).state) == ([], "running")
    heir = start_process(database)
    try:
        done = ended(database, job_id)
    finally:
        heir.terminate()
    assert heir.wait(30) == 0, "a worker that is asked to stop ends in good order"
    assert (done.state, done.attempt, done.result) == ("done", 2, {"attempt": 2})
    assert effects(database) == [(job_id, 2)]


def start_process(database: Database) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, (str(Path(jobs.__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen([sys.executable, __file__, database.url], env={**os.environ, "PYTHONPATH": path})


def interrupted(run: JobRun, *, folder: str) -> None:
    (Path(folder) / f"attempt-{run.attempt}").touch()
    if run.attempt == 1:
        threading.Event().wait()  # until killed
    with run.database.transaction() as session:
        leave_effect(session, run)
        run.finish(session, {"attempt": run.attempt})


def test_a_late_worker_changes_nothing_after_its_lease(database: Database) -> None:
    job_id = add(database, "any")
    late = claim(database, "late", timedelta(seconds=-1))
    heir = claim(database, "heir", timedelta(seconds=30))
    assert late is not None
    assert heir is not None
    assert (late.attempt, heir.attempt) == (1, 2)
    with database.transaction() as session:
        assert finish(session, late, "failed", error="too late") is False
    assert claim(database, "third", timedelta(seconds=30)) is None
    with database.transaction() as session:
        assert finish(session, heir, "done") is True
    assert (look(database, job_id).state, look(database, job_id).error) == ("done", None)


def test_a_job_whose_workers_always_die_is_given_up(database: Database) -> None:
    job_id = add(database, "deadly", max_attempts=1)
    assert claim(database, "dead", timedelta(seconds=-1)) is not None
    run_pending(database, JobRegistry({"deadly": interrupted}), *NO_SETTINGS)
    assert look(database, job_id).state == "failed"


def test_a_job_without_its_plugin_is_not_fatal(database: Database) -> None:
    job_id = add(database, "gone.away")
    run_pending(database, JobRegistry(), *NO_SETTINGS)
    assert look(database, job_id).error == "No loaded plugin does gone.away."


def test_the_same_work_is_in_line_once_until_it_ends(database: Database) -> None:
    together = threading.Barrier(4)
    ids: list[int] = []

    def ask() -> None:
        together.wait()
        ids.append(add(database, "zip", dedupe="zip:5"))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert ids == [ids[0]] * 4
    assert run_pending(database, JobRegistry({"zip": lambda run: None}), *NO_SETTINGS) == 1
    assert add(database, "zip", dedupe="zip:5") != ids[0]


def test_two_workers_never_do_the_same_job(database: Database) -> None:
    expected = [add(database, "mark") for _ in range(20)]

    def mark(run: JobRun) -> None:
        with run.database.transaction() as session:
            leave_effect(session, run)

    shared = context(database, {"mark": mark})
    with working(shared), working(shared):
        for job_id in expected:
            ended(database, job_id)
    assert sorted(effects(database)) == [(job_id, 1) for job_id in expected]


def test_a_job_waits_for_its_time(database: Database) -> None:
    registry = JobRegistry({"later": lambda run: None})
    job_id = add(database, "later", run_at=clock.now() + timedelta(hours=1))
    assert run_pending(database, registry, *NO_SETTINGS) == 0
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert run_pending(database, registry, *NO_SETTINGS) == 1
    assert look(database, job_id).state == "done"


def test_only_who_started_it_and_administrators_see_a_job(database: Database) -> None:
    job_id = add(database, "any")
    seen = look(database, job_id)
    mine = replace(seen, started_by=7)
    assert mine.is_visible_to(Actor(id=7, name="Ana"))
    assert mine.is_visible_to(Actor(id=1, name="Root", grants=(Grant("administrator", "site", 0),)))
    assert not mine.is_visible_to(Actor(id=8, name="Ben", grants=(Grant("staff", "site", 0),)))
    assert not seen.is_visible_to(Actor(id=None, name="nobody"))
    with database.reading() as session, pytest.raises(NotFound):
        jobs.status_for(session, Actor(id=8, name="Ben"), job_id)


def test_a_schedule_ticks_once_however_many_look(database: Database) -> None:
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    hourly = Schedule("tidy", "tidy.up", every=timedelta(hours=1), arguments={"deep": True})
    with clock.frozen(start):
        assert tick(database, [hourly]) == 0
    counts: list[int] = []
    with clock.frozen(start + timedelta(hours=3, minutes=10)):  # three were missed: one run makes up for them
        together = threading.Barrier(4)

        def look_at_the_clock() -> None:
            together.wait()
            counts.append(tick(database, [hourly]))

        tickers = [threading.Thread(target=look_at_the_clock) for _ in range(4)]
        for ticker in tickers:
            ticker.start()
        for ticker in tickers:
            ticker.join()
        assert run_pending(database, JobRegistry({"tidy.up": lambda run, deep: {"deep": deep}}), *NO_SETTINGS) == 1
    assert sorted(counts) == [0, 0, 0, 1]
    with database.reading() as session:
        assert session.scalar(select(schedule.c.next_run)) == start + timedelta(hours=4)


def test_a_daily_schedule_keeps_its_hour() -> None:
    nightly = Schedule("nightly", "backup", every=time(3, 30))
    assert nightly.next_after(datetime(2026, 3, 2, 3, 29, tzinfo=UTC)) == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert nightly.next_after(datetime(2026, 3, 2, 3, 30, tzinfo=UTC)) == datetime(2026, 3, 3, 3, 30, tzinfo=UTC)


def test_a_name_is_used_by_one_plugin_only() -> None:
    with pytest.raises(ValueError, match="zip is declared twice"):
        JobRegistry({"zip": interrupted}).add("zip", interrupted)


if __name__ == "__main__":
    asked_to_stop = threading.Event()
    stop_on_signals(asked_to_stop)
    run_worker(context(Database(sys.argv[1]), {"interrupted": interrupted}, lease=1.5), asked_to_stop)
