"""Bringing a database further while it is in use, by one process or by several."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from lms.kernel import migrations
from lms.kernel.campus import Campus
from lms.kernel.migrations import DatabaseIsNewer
from tests.conftest import PostgresServer, settings_for

ORCHARD = """
import sqlalchemy as sa
from alembic import op
from lms.kernel.migrations import build_index

revision = "{number}"
down_revision = {below}


def upgrade():
    {change}


def downgrade():
    pass
"""
MAKE = 'op.create_table("pear", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(40)))'
WIDEN = 'op.add_column("pear", sa.Column("colour", sa.String(20)))'
INDEX = 'build_index("ix_pear_name", "pear", ["name"])'


@pytest.fixture
def orchard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history of its own beside the suite's, to be continued."""
    folder = tmp_path / "orchard"
    folder.mkdir()
    own = migrations.histories
    monkeypatch.setattr(migrations, "histories", lambda campus: [*own(campus), ("alembic_version_orchard", folder)])
    step(folder, 1, MAKE)
    return folder


def step(folder: Path, number: int, change: str) -> None:
    below = f'"000{number - 1}"' if number > 1 else "None"
    (folder / f"000{number}_step.py").write_text(ORCHARD.format(number=f"000{number}", below=below, change=change))


@contextmanager
def in_use(campus: Campus, seconds: float) -> Iterator[threading.Event]:
    """Somebody reads the table for so long, in one transaction."""
    begun, done = threading.Event(), threading.Event()

    def read() -> None:
        with campus.database.snapshot() as connection:
            connection.execute(text("SELECT count(*) FROM pear")).scalar()
            begun.set()
            done.wait(seconds)

    reader = threading.Thread(target=read)
    reader.start()
    begun.wait(10)
    yield done
    reader.join()


def waiting(campus: Campus) -> bool:
    """Whether somebody waits for the table of pears."""
    with campus.database.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE relation = 'pear'::regclass AND NOT granted")))


@pytest.mark.postgres
def test_of_two_that_migrate_at_once_one_does_it(postgres: PostgresServer, tmp_path: Path, plugins) -> None:
    name = postgres.make()
    both = [Campus.open(settings_for(tmp_path / part, postgres.address(name)), plugins) for part in ("one", "other")]
    with ThreadPoolExecutor(2) as crew:
        list(crew.map(migrations.upgrade, both))
    assert all(migrations.is_current(campus) for campus in both)
    for campus in both:
        campus.close()
    postgres.drop(name)


@pytest.mark.parametrize("campus", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_change_that_must_wait_lets_others_pass(campus: Campus, orchard: Path) -> None:
    migrations.upgrade(campus)
    step(orchard, 2, WIDEN)
    with in_use(campus, 60) as let_go, ThreadPoolExecutor(1) as crew:
        changing = crew.submit(migrations.upgrade, campus)
        while not waiting(campus):
            assert not changing.done()
        with campus.database.transaction() as session:  # behind the one that waits, but not until the reader has ended
            session.execute(text("SET LOCAL statement_timeout = '10s'"))
            session.execute(text("SELECT count(*) FROM pear"))
        assert not changing.done()
        let_go.set()
        changing.result(30)
    assert "colour" in {column["name"] for column in inspect(campus.database.engine).get_columns("pear")}


def test_an_index_is_built_beside_what_goes_on(campus: Campus, orchard: Path) -> None:
    migrations.upgrade(campus)
    step(orchard, 2, INDEX)
    with in_use(campus, 1):
        migrations.upgrade(campus)
    assert {index["name"] for index in inspect(campus.database.engine).get_indexes("pear")} == {"ix_pear_name"}
    assert migrations.is_current(campus)


def test_a_database_that_is_further_serves_on_and_is_not_migrated(campus: Campus, orchard: Path) -> None:
    step(orchard, 2, WIDEN)
    migrations.upgrade(campus)
    (orchard / "0002_step.py").unlink()  # the version before knows nothing of it
    assert not migrations.is_behind(campus)
    with pytest.raises(DatabaseIsNewer):
        migrations.upgrade(campus)
    step(orchard, 2, WIDEN)
    step(orchard, 3, INDEX)
    assert migrations.is_behind(campus)
    migrations.upgrade(campus)
    assert migrations.is_current(campus)
