"""Bringing a database up and down: the suite's one linear history, then each third-party plugin's own, each with its own version table."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from lms.kernel.database import Database, Row
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_
from lms.kernel.paths import resource

SUITE_TABLE = "alembic_version"
ALONE = 0x4C4D53  # "LMS": the number of PostgreSQL's advisory lock that only one migration holds at a time
LOCK_TRIES = 20


def histories(campus: Any) -> list[tuple[str, Path]]:
    """(version table, folder) of every history, in the order of upgrading."""
    own = [(SUITE_TABLE, resource("migrations"))]
    return own + [(f"{SUITE_TABLE}_{p.name}", folder) for p in campus.plugins if (folder := p.folder("migrations"))]


class DatabaseIsNewer(Refused):
    """This version does not know the revision that the database is at."""

    message = N_("A newer version has brought the database further than this one knows. Start the newer version, or restore a backup.")


def upgrade(campus: Any, revision: str = "head") -> None:
    """Bring every history to its head, then let plugins put in what they begin with; on PostgreSQL also the tables of the job queue.

    Raises DatabaseIsNewer where a newer version has been here. Of several callers one goes first, and the others find it done.
    """
    with _alone(campus.database):
        if is_ahead(campus):
            raise DatabaseIsNewer()
        for table, folder in histories(campus):
            _run(campus.database.engine, table, folder, lambda config: command.upgrade(config, revision))
        if campus.database.dialect == "postgresql":
            from lms.kernel.procrastinate_line import (
                install_procrastinate,
            )  # loaded only where PostgreSQL is used: it brings a library along

            install_procrastinate(campus.database.engine)
        if revision == "head":
            with campus.database.transaction() as session:
                for plugin in campus.plugins:
                    if plugin.setup:
                        plugin.setup(session)


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """On PostgreSQL only one migrates at a time. Without a transaction: one that waits open would keep indexes from being built."""
    if database.dialect != "postgresql":
        yield
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({ALONE})"))
        try:
            yield
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({ALONE})"))


class NoHistory(Refused):
    """The plugin has no tables of its own, or is not loaded."""

    message = N_("There is no plugin {name} with tables of its own.")


def downgrade(campus: Any, revision: str = "base", plugin: str = "") -> None:
    """Take every history down, the last upgraded first; or only that of a plugin of its own. Raises NoHistory."""
    chosen = [(table, folder) for table, folder in histories(campus) if not plugin or table == f"{SUITE_TABLE}_{plugin}"]
    if not chosen:
        raise NoHistory(name=plugin)
    for table, folder in reversed(chosen):
        _run(campus.database.engine, table, folder, lambda config: command.downgrade(config, revision))


def heads(campus: Any) -> dict[str, str | None]:
    """The newest revision of every history, by its version table."""
    return {table: _head(folder) for table, folder in histories(campus)}


def is_current(campus: Any) -> bool:
    """Whether every history is at its head."""
    return not _lag(campus)


def is_behind(campus: Any) -> bool:
    """Whether `lms migrate` has something to do. A database that a newer version has brought further is not behind: while that one takes
    over, this one goes on serving."""
    return any(at is None or _knows(folder, at) for at, folder in _lag(campus))


def is_ahead(campus: Any) -> bool:
    """Whether a history is at a revision that this version does not know."""
    return any(at is not None and not _knows(folder, at) for at, folder in _lag(campus))


def _lag(campus: Any) -> list[tuple[str | None, Path]]:
    """(where it is, folder) of every history that is not at its head."""
    with campus.database.engine.connect() as connection:
        where = [(_at(connection, table), folder) for table, folder in histories(campus)]
    return [(at, folder) for at, folder in where if at != _head(folder)]


def _knows(folder: Path, revision: str) -> bool:
    try:
        return ScriptDirectory.from_config(_config(folder)).get_revision(revision) is not None
    except CommandError:
        return False


def differences(campus: Any) -> list[Any]:
    """What the models say and the database does not, and the other way round; tables of other owners are left alone."""
    with campus.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": False})
        return list(compare_metadata(context, Row.metadata))


def ours(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether a table of the database belongs to loaded models. Those of uninstalled plugins and of the job queue do not."""
    return not (kind == "table" and reflected and compare_to is None)


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resource("migrations")))
    config.set_main_option("version_locations", str(folder / "versions" if (folder / "versions").is_dir() else folder))
    config.set_main_option("path_separator", "newline")
    return config


def _run(engine: Engine, table: str, folder: Path, action: Any) -> None:
    for tries_left in reversed(range(LOCK_TRIES)):
        try:
            return _run_once(engine, table, folder, action)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != "55P03" or not tries_left:  # lock_not_available
                raise
        time.sleep(1)


def _run_once(engine: Engine, table: str, folder: Path, action: Any) -> None:
    config = _config(folder)
    with engine.connect() as connection, _impatient(connection):
        config.attributes.update(connection=connection, version_table=table)
        action(config)
        connection.commit()


@contextmanager
def _impatient(connection: Connection) -> Iterator[None]:
    """On PostgreSQL give up soon where a table is in use: a change that waits makes all who come after it wait too. Then try again."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(text("SET lock_timeout = '2s'"))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("RESET lock_timeout"))
        connection.commit()


def build_index(name: str, table: str, columns: list[str], *, unique: bool = False) -> None:
    """For migrations: build an index while others go on writing to the table. Safe to repeat after a try that was broken off."""
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table, columns, unique=unique)
        return
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it keeps nobody waiting, and must outlast the transactions that run
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # half of one, from a try before
        op.create_index(name, table, columns, unique=unique, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '2s'")


def _head(folder: Path) -> str | None:
    return ScriptDirectory.from_config(_config(folder)).get_current_head()


def _at(connection: Connection, table: str) -> str | None:
    if not inspect(connection).has_table(table):
        return None
    return MigrationContext.configure(connection, opts={"version_table": table}).get_current_revision()


def append_only(tables: Iterable[str], dialect: str) -> list[str]:
    """SQL that makes the database refuse to change or delete rows of these tables."""
    statements = []
    if dialect == "postgresql":
        statements.append(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME; END $$"
        )
    for table in tables:
        if dialect == "postgresql":
            statements.append(
                f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
            statements.append(f"CREATE TRIGGER {table}_full BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
        else:
            for action in ("UPDATE", "DELETE"):
                statements.append(
                    f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'table {table} is append-only'); END"
                )
    return statements
