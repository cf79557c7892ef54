"""Installations to measure: a database of their own on SQLite or PostgreSQL, filled with a campus."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from lms.accounts import people
from lms.kernel import sessions
from lms.kernel.campus import Campus
from lms.settings import Settings

POSTGRESQL = "LMS_BENCH_POSTGRESQL_URL"
"""A server where databases may be made and dropped; `script/bench` starts one."""
LMS = str(Path(sys.executable).parent / "lms")


@dataclass(frozen=True)
class Site:
    """An installation: its folder, and the environment that leads the `lms` command to it."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> str:
        """What a command of `lms` says. Raises CalledProcessError."""
        done = subprocess.run([LMS, *command], env=self.environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def open(self) -> Campus:
        """The installation in this process."""
        return Campus.open(Settings(data_dir=self.folder, database_url=self.environment.get("LMS_DATABASE_URL", "")))

    def sign_in(self, email: str) -> str:
        """What a browser sends in which this person has signed in."""
        with closing(self.open()) as campus, campus.database.transaction() as session:
            person = people.find_by_email(session, email)
            if person is None:
                raise RuntimeError(f"Nobody has the address {email}.")
            return f"{sessions.COOKIE}={sessions.open_session(session, person.id or 0, days=1)}"


def databases() -> list[str]:
    """The databases that can be measured here."""
    return ["sqlite", "postgresql"] if os.environ.get(POSTGRESQL) else ["sqlite"]


@contextmanager
def site(database: str) -> Iterator[Site]:
    """An empty, migrated installation that is gone afterwards."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    with tempfile.TemporaryDirectory(prefix="lms-bench-") as folder, _address(database) as url:
        environment = kept | {"LMS_DATA_DIR": folder, "LMS_LOG_LEVEL": "WARNING"} | ({"LMS_DATABASE_URL": url} if url else {})
        made = Site(Path(folder), environment)
        made.run("migrate")
        yield made


@contextmanager
def _address(database: str) -> Iterator[str]:
    if database == "sqlite":
        yield ""
        return
    server, name = sa.make_url(os.environ[POSTGRESQL]), f"lms_bench_{os.getpid()}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()
