"""One transaction for each request: everything or nothing, nothing lost, nobody first who came later."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from lms.kernel import clock, jobs, mail
from lms.kernel.campus import Campus
from lms.kernel.database import Points, ReadSession, Session, UtcDateTime
from lms.kernel.errors import NotFound, Refused
from lms.kernel.job_table import job
from lms.kernel.permissions import PUBLIC
from lms.kernel.sessions import RateLimit
from lms.kernel.turns import FifoLock
from lms.kernel.web import Read, Router, Write
from tests.kernel.probe import DANGLING, Counted, browse, count, make_tally, send, tally, with_pages

pages = Router()
AFTER = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pages.post("/probe/add", permission=PUBLIC)
def add(session: Write) -> Response:
    """Add one."""
    session.execute(insert(tally).values(n=1))
    return PlainTextResponse("added")


@pages.post("/probe/dangle", permission=PUBLIC)
def dangle(session: Write) -> Response:
    """All is well until the commit."""
    session.execute(DANGLING)
    return PlainTextResponse("added")


@pages.post("/probe/break", permission=PUBLIC)
def break_off(session: Write) -> Response:
    """Fail after everything was done."""
    session.execute(insert(tally).values(n=1))
    session.emit(Counted(1))
    jobs.enqueue(session, mail.DELIVERY, {"message_id": 1})
    raise RuntimeError("late")


@pages.get("/probe/slowly", permission=PUBLIC)
def slowly(session: Read) -> Response:
    """An answer that travels after the question was read."""
    total = session.scalar(select(tally.c.n))
    engine: Any = session._orm.get_bind()
    return StreamingResponse(f"{part()}" for part in (lambda: f"{total} ", engine.pool.checkedout))


def write_down(session: Session, happened: Counted) -> None:
    session.execute(insert(tally).values(n=happened.n + 100))


def in_threads(work: Any, times: int, threads: int = 20) -> list[Future[Any]]:
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, number) for number in range(times)]
        wait(futures)
    return futures


def test_two_thousand_increments_by_many_threads_lose_none(campus: Campus) -> None:
    with campus.database.transaction() as session:
        session.add(RateLimit(key="k", started_at=AFTER, count=0))

    def increment(_number: int) -> None:
        with campus.database.transaction() as session:
            row = session.lock(RateLimit, "k")
            row.count = row.count + 1

    assert not [f.exception() for f in in_threads(increment, 2000) if f.exception()]
    with campus.database.reading() as reading:
        assert reading.one(RateLimit, "k").count == 2000


@pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
def test_on_sqlite_not_even_a_read_before_a_write_loses_an_update(campus: Campus) -> None:
    make_tally(campus)
    with campus.database.transaction() as session:
        session.execute(insert(tally).values(id=1, n=0))

    def increment(_number: int) -> None:
        with campus.database.transaction() as session:
            n = session.scalar(select(tally.c.n))
            session.execute(update(tally).values(n=n + 1))

    assert not [f.exception() for f in in_threads(increment, 500) if f.exception()]
    with campus.database.reading() as reading:
        assert reading.scalar(select(tally.c.n)) == 500


def test_requests_that_write_at_once_all_get_their_turn(campus: Campus) -> None:
    make_tally(campus)
    probe = with_pages(campus, pages)
    with browse(probe) as browser:
        send(probe, browser, "/probe/add")
        answers = [f.result().status_code for f in in_threads(lambda _: send(probe, browser, "/probe/add"), 60)]
    assert (set(answers), count(campus)) == ({200}, 61)


def test_a_rolled_back_transaction_leaves_no_row_no_effect_of_its_events_and_no_job(campus: Campus) -> None:
    make_tally(campus)
    campus.hub.subscribe(Counted, write_down)
    probe = with_pages(campus, pages)
    with browse(probe) as browser:
        assert send(probe, browser, "/probe/break").status_code == 500
        assert send(probe, browser, "/probe/add").status_code == 200
    assert (count(campus), count(campus, job), campus.run_jobs()) == (1, 0, 0)
    if campus.database.dialect == "postgresql":
        with campus.database.reading() as session:
            assert session.scalar(text("select count(*) from procrastinate_jobs")) == 0


def test_a_commit_that_fails_is_an_error_and_never_a_success(campus: Campus) -> None:
    make_tally(campus)
    probe = with_pages(campus, pages)
    with browse(probe) as browser:
        answer = send(probe, browser, "/probe/dangle")
        assert answer.status_code == 500
        assert "added" not in answer.text
        assert send(probe, browser, "/probe/add").status_code == 200
    assert count(campus) == 1


def test_a_slow_reader_holds_no_connection_while_the_answer_travels(campus: Campus) -> None:
    make_tally(campus)
    with campus.database.transaction() as session:
        session.execute(insert(tally).values(n=7))
    with browse(with_pages(campus, pages)) as browser:
        assert browser.get("/probe/slowly").text == "7 0"


def test_turns_are_given_in_the_order_of_asking() -> None:
    lock = FifoLock()
    served: list[int] = []
    first = lock.turn()
    waiting = [lock.turn() for _ in range(50)]
    for number, future in enumerate(waiting):
        future.add_done_callback(partial(lambda place, _future: served.append(place), number))
    assert first.done()
    assert served == []
    for _ in range(50):
        lock.release()
    assert served == list(range(50))
    lock.release()
    assert lock.turn().done()


def test_a_waiter_that_gave_up_is_passed_over_and_a_turn_that_came_too_late_is_passed_on() -> None:
    lock = FifoLock()
    lock.turn()
    impatient, patient = lock.turn(), lock.turn()
    lock.give_up(impatient)
    lock.release()
    assert (impatient.cancelled(), patient.done()) == (True, True)
    next_one = lock.turn()
    lock.give_up(patient)
    assert next_one.done()


def test_a_request_that_is_cancelled_while_it_waits_keeps_nobody_out(campus: Campus) -> None:
    make_tally(campus)

    async def write(started: asyncio.Event, hold: asyncio.Event) -> None:
        async with campus.database.transaction_async() as session:
            started.set()
            await hold.wait()
            session.execute(insert(tally).values(n=1))

    async def story() -> None:
        held, free = asyncio.Event(), asyncio.Event()
        free.set()
        first = asyncio.create_task(write(held, hold := asyncio.Event()))
        await held.wait()
        cancelled, third = asyncio.create_task(write(asyncio.Event(), free)), asyncio.create_task(write(asyncio.Event(), free))
        await asyncio.sleep(0.05)
        cancelled.cancel()
        hold.set()
        await asyncio.wait_for(asyncio.gather(first, third, cancelled, return_exceptions=True), 10)

    asyncio.run(story())
    assert count(campus) in (2, 3)  # PostgreSQL has no line: the second may be done before it is cancelled
    with campus.database.transaction() as session:
        session.execute(insert(tally).values(n=1))


def test_a_transaction_that_is_cancelled_in_the_middle_is_undone(campus: Campus) -> None:
    make_tally(campus)

    async def write(started: asyncio.Event) -> None:
        async with campus.database.transaction_async() as session:
            session.execute(insert(tally).values(n=1))
            started.set()
            await asyncio.sleep(60)

    async def story() -> None:
        task = asyncio.create_task(write(started := asyncio.Event()))
        await started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())
    assert count(campus) == 0
    with campus.database.transaction() as session:
        session.execute(insert(tally).values(n=1))
    assert count(campus) == 1


def test_what_fails_in_an_attempt_is_undone_alone(campus: Campus) -> None:
    make_tally(campus)
    with campus.database.transaction() as session:
        session.execute(insert(tally).values(id=1, n=1))
        with pytest.raises(IntegrityError), session.attempt():
            session.execute(insert(tally), [{"id": 2, "n": 2}, {"id": 1, "n": 3}])
        session.execute(insert(tally).values(id=3, n=4))
    with campus.database.reading() as session:
        assert list(session.scalars(select(tally.c.id).order_by(tally.c.id))) == [1, 3]


def test_a_row_is_inserted_once_however_many_insert_it(campus: Campus) -> None:
    barrier = threading.Barrier(10)

    def put(_number: int) -> bool:
        barrier.wait()
        with campus.database.transaction() as session:
            return session.insert_new(RateLimit, key="same", started_at=AFTER, count=0)

    assert sorted(f.result() for f in in_threads(put, 10)) == [False] * 9 + [True]


def test_what_is_not_there_is_not_found(campus: Campus) -> None:
    with campus.database.transaction() as session:
        assert session.get(RateLimit, "nobody") is None
        for find in (session.one, session.lock):
            with pytest.raises(NotFound):
                find(RateLimit, "nobody")


def test_a_session_for_reading_cannot_write_and_sees_each_commit_at_once(campus: Campus) -> None:
    make_tally(campus)
    assert not {"add", "add_all", "delete", "insert_new", "lock", "emit"} & set(dir(ReadSession))
    with campus.database.reading() as reading:
        assert reading.scalar(select(tally.c.n)) is None
        with campus.database.transaction() as session:
            session.execute(insert(tally).values(n=5))
        assert reading.scalar(select(tally.c.n)) == 5


def test_foreign_keys_hold_on_every_connection(campus: Campus) -> None:
    make_tally(campus)
    for _ in range(3):
        with pytest.raises(IntegrityError), campus.database.transaction() as session:
            session.execute(DANGLING)
    assert count(campus) == 0


@pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
def test_sqlite_keeps_what_it_acknowledged_and_begins_every_write_as_a_writer(campus: Campus) -> None:
    with campus.database.engine.connect() as connection:
        asked = {name: connection.exec_driver_sql(f"pragma {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    said: list[str] = []
    event.listen(campus.database.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    with campus.database.transaction() as session:
        session.scalar(text("select 1"))
    assert said == ["BEGIN IMMEDIATE", "select 1"]


def test_a_moment_is_the_same_moment_in_every_zone_and_a_naive_one_is_refused(campus: Campus) -> None:
    lima = timezone(timedelta(hours=-5))
    with campus.database.transaction() as session:
        session.add(RateLimit(key="k", started_at=AFTER.astimezone(lima), count=0))
    with campus.database.reading() as session:
        found = session.scalar(select(RateLimit.started_at))  # type: ignore[call-overload]  # SQLModel types a column as its value
        assert (found, found.tzinfo) == (AFTER, UTC)
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), campus.database.engine.dialect)


def test_points_are_exact_to_four_places() -> None:
    dialect: Any = None
    for value in ("0", "0.1", "33.3333", "-7.25", "99999999.9999"):
        assert Points().process_result_value(Points().process_bind_param(value, dialect), dialect) == Decimal(value)
    assert [Points().process_bind_param(v, dialect) for v in ("0.00004", "0.00006", "0.00005", "0.00015")] == [0, 1, 0, 2]


def test_a_guard_may_refuse_and_then_nothing_happens(campus: Campus) -> None:
    make_tally(campus)

    def refuse(session: Any, subject: object) -> None:
        raise Refused(f"not {subject}")

    campus.hub.guard("probe.count", refuse)

    def act() -> None:
        with campus.database.transaction() as session:
            session.execute(insert(tally).values(n=7))
            session.guard("probe.count", "seven")

    with pytest.raises(Refused, match="not seven"):
        act()
    assert count(campus) == 0


def test_the_clock_can_be_held_for_every_thread() -> None:
    with clock.frozen(AFTER), ThreadPoolExecutor(1) as pool:
        assert pool.submit(clock.now).result() == AFTER
    assert clock.now().tzinfo is UTC
