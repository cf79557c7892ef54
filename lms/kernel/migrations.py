"""Bringing a database up and down: the suite's one linear history, then each third-party plugin's own, each with its own version table."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from lms.kernel.database import Row
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_
from lms.kernel.jobs_procrastinate import install_procrastinate
from lms.kernel.paths import resource

SUITE_TABLE = "alembic_version"


def histories(campus: Any) -> list[tuple[str, Path]]:
    """(version table, folder) of every history, in the order of upgrading."""
    own = [(SUITE_TABLE, resource("migrations"))]
    return own + [(f"{SUITE_TABLE}_{p.name}", folder) for p in campus.plugins if (folder := p.folder("migrations"))]


def upgrade(campus: Any, revision: str = "head") -> None:
    """Bring every history to its head, then let plugins put in what they begin with; on PostgreSQL also the tables of the job queue."""
    for table, folder in histories(campus):
        _run(campus.database.engine, table, folder, lambda config: command.upgrade(config, revision))
    if campus.database.dialect == "postgresql":
        install_procrastinate(campus.database.engine)
    if revision == "head":
        with campus.database.transaction() as session:
            for plugin in campus.plugins:
                if plugin.setup:
                    plugin.setup(session)


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
    with campus.database.engine.connect() as connection:
        return all(_at(connection, table) == _head(folder) for table, folder in histories(campus))


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
    config = _config(folder)
    with engine.connect() as connection:
        config.attributes.update(connection=connection, version_table=table)
        action(config)
        connection.commit()


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
