"""What passes by itself is called so: people keep what they wrote and try again, and nobody looks for a mistake in the suite."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg import errors as postgresql
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from starlette.testclient import TestClient

from lms.kernel.campus import Campus
from lms.kernel.database import Database
from lms.kernel.outages import Away, NoRoom, outage
from tests.factories import make_person, sign_in
from tests.watching import words


def raised(action: Callable[[], object]) -> BaseException:
    """The error that an action ends with."""
    with pytest.raises(Exception) as caught:  # whatever it is, it is looked at
        action()
    return caught.value


def locked(folder: Path) -> BaseException:
    """That of a database which another process is writing to."""
    holder, waiter = (sqlite3.connect(folder / "some.db", timeout=0, isolation_level=None) for _ in range(2))
    holder.execute("BEGIN EXCLUSIVE")
    return raised(lambda: waiter.execute("BEGIN EXCLUSIVE"))


def nested(cause: Exception) -> BaseException:
    """An error behind another, as libraries raise them."""

    def fail() -> None:
        try:
            raise cause
        except Exception as error:
            raise RuntimeError("could not be kept") from error

    return raised(fail)


def test_each_kind_is_known_and_mistakes_are_not_excused(tmp_path):
    said = [
        (NoRoom, OSError(errno.ENOSPC, "No space left on device")), (NoRoom, OSError(errno.EDQUOT, "Quota exceeded")),
        (NoRoom, nested(OSError(errno.ENOSPC, "No space left on device"))), (NoRoom, postgresql.DiskFull()),
        (Away, locked(tmp_path)), (Away, NoFreeConnection()), (Away, postgresql.AdminShutdown()), (Away, postgresql.CannotConnectNow()),
        (Away, postgresql.TooManyConnections()), (Away, postgresql.DeadlockDetected()),
        (Away, raised(lambda: Database("postgresql://nobody@127.0.0.1:9/none").engine.connect())),
    ]  # fmt: skip
    assert [type(outage(error)) for _kind, error in said] == [kind for kind, _error in said]
    mistakes = (
        ValueError("no"), OSError(errno.ENOENT, "gone"), postgresql.UniqueViolation(), postgresql.UndefinedTable(),
        raised(lambda: sqlite3.connect(":memory:").execute("SELECT * FROM nothing")),
    )  # fmt: skip
    assert [outage(error) for error in mistakes] == [None] * len(mistakes)


def test_a_database_that_is_not_there_is_a_page_with_a_sentence_and_a_problem_for_programs(client, campus, tmp_path):
    campus.database.dispose()
    campus.database._read_engine = campus.database.engine = Database("postgresql://nobody@127.0.0.1:9/none").engine
    page = client.get("/", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "10")
    assert "not there at the moment" in words(page)
    problem = client.get("/api/v1/regions", headers={"authorization": f"Bearer lms_{'x' * 43}"})
    if problem.status_code != 401:
        assert (problem.status_code, problem.json()["status"]) == (503, 503)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


@pytest.mark.postgres
@pytest.mark.parametrize("campus", ["postgresql"], indirect=True)
def test_connections_that_the_server_cut_are_made_anew_unseen(client: TestClient, campus: Campus):
    sign_in(client, campus, make_person(campus, "staff"))
    assert client.get("/staff/people").status_code == 200
    other = sa.create_engine(campus.database.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.scalar(sa.text(cut)) >= 1
    other.dispose()
    assert client.get("/staff/people").status_code == 200


@pytest.mark.postgres
@pytest.mark.parametrize("campus", ["postgresql"], indirect=True)
def test_a_connection_cut_in_the_middle_of_a_write_is_an_outage_and_leaves_nothing(campus: Campus):
    def cut_while_writing() -> None:
        with campus.database.transaction() as session:
            session.execute(sa.text("INSERT INTO organisation (name, type) VALUES ('Half', 'other')"))
            session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert isinstance(outage(raised(cut_while_writing)), Away)
    with campus.database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM organisation WHERE name = 'Half'")) == 0


def test_the_log_tells_of_an_outage_without_what_people_wrote(client, campus, caplog):
    campus.database._read_engine = campus.database.engine = Database(f"sqlite:///{os.devnull}/none.db").engine
    assert client.get("/").status_code == 503
    (line,) = [record for record in caplog.records if record.getMessage() == "outage"]
    assert "SQL" not in line.facts["error"]
