"""The one history of the database: it goes up and down with data in it, and says what the models say."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Integer, String, Table, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from lms.kernel import migrations
from lms.kernel.campus import Campus
from lms.kernel.database import Points, Row, Session
from lms.kernel.migrations import NoHistory
from lms.kernel.paths import resource
from tests.kernel.probe import count

# Of a type that decides what is allowed; the first that fits.
BY_TYPE: tuple[tuple[type, Any], ...] = (
    (Points, Decimal(1)), (BigInteger, 1), (Integer, 1), (Boolean, False), (DateTime, datetime(2026, 5, 4, tzinfo=UTC)),
    (Date, date(2026, 5, 4)), (String, "x"),
)  # fmt: skip
# Where the database asks for more than a value of the right type.
CHOSEN: dict[str, dict[str, Any]] = {
    "content_text": {"activity_id": 1},
    "one_time_token": {"purpose": "reset"},
    "role_grant": {"role": "trainee"},
    "person": {"given_name": "Rosa"},
    "picture_size": {"width": 480},
    "enrolment": {"place": 1},
    "webhook_delivery": {"state": "failed"},
    "digest_choice": {"rhythm": "never"},
    "import_row": {"result": "rejected"},
    "api_token": {"expires_at": datetime(2027, 5, 4, tzinfo=UTC)},
}

A_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("orchard_pear", sa.Column("id", sa.Integer()))
    pass  # more


def downgrade():
    op.drop_table("orchard_pear")
"""


def classes() -> dict[str, Any]:
    """The class of every table."""
    return {mapper.local_table.name: mapper.class_ for mapper in Row._sa_registry.mappers if isinstance(mapper.local_table, Table)}


def some_value(session: Session, table: Table, column: Column[Any]) -> Any:
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return session.scalar(select(key.column).limit(1))
    base = getattr(column.type, "impl", column.type)
    kind = type(column.type) if isinstance(column.type, Points) else type(base)
    return next((value for known, value in BY_TYPE if issubclass(kind, known)), {})


def put_a_row_into_every_table(campus: Campus) -> None:
    """One row wherever there is none, with what its table asks for."""
    known = classes()
    with campus.database.transaction() as session:
        for table in Row.metadata.sorted_tables:
            if table.name not in known or session.scalar(select(func.count()).select_from(table)):
                continue
            model, values = known[table.name], dict(CHOSEN.get(table.name, {}))
            for column in table.columns:
                is_given = column.name in values or column.nullable or not model.model_fields[column.name].is_required()
                is_key = column.primary_key and not column.foreign_keys and isinstance(column.type, Integer)
                if not is_given and not is_key:
                    values[column.name] = some_value(session, table, column)
            session.add(model(**values))
    empty = [table.name for table in Row.metadata.sorted_tables if table.name in known and not count(campus, table)]
    assert not empty


@pytest.fixture
def full(campus: Campus) -> Campus:
    """A campus with something in every table."""
    put_a_row_into_every_table(campus)
    return campus


def revisions() -> list[str]:
    """Every revision of the suite, the first one first."""
    folder = resource("migrations")
    return [script.revision for script in ScriptDirectory.from_config(migrations._config(folder)).walk_revisions()][::-1]


def tables_of(campus: Campus) -> set[str]:
    return set(inspect(campus.database.engine).get_table_names())


def test_the_history_is_one_line() -> None:
    script = ScriptDirectory.from_config(migrations._config(resource("migrations")))
    assert len(script.get_heads()) == len(script.get_bases()) == 1
    assert not [r for r in script.walk_revisions() if r.is_branch_point or r.is_merge_point]


def test_all_goes_down_with_data_in_it_and_comes_up_again(full: Campus) -> None:
    before = tables_of(full)
    migrations.downgrade(full)
    assert not tables_of(full) & Row.metadata.tables.keys()
    assert not migrations.is_current(full)
    migrations.upgrade(full)
    assert tables_of(full) == before
    assert migrations.is_current(full)
    assert migrations.differences(full) == []
    put_a_row_into_every_table(full)


@pytest.mark.parametrize("revision", revisions())
def test_each_step_back_keeps_the_data_below_it(full: Campus, revision: str) -> None:
    migrations.downgrade(full, revision)
    assert count(full, Row.metadata.tables["person"]) == 1
    assert count(full, Row.metadata.tables["audit_entry"]) == 1
    migrations.upgrade(full)
    assert migrations.is_current(full)
    assert migrations.differences(full) == []
    put_a_row_into_every_table(full)


def test_the_models_say_what_the_database_holds(campus: Campus) -> None:
    assert migrations.differences(campus) == []


@pytest.mark.parametrize("campus", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_the_types_agree_too_where_the_database_has_types(campus: Campus) -> None:
    with campus.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": migrations.ours, "compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_every_check_of_a_model_is_one_of_the_database(campus: Campus) -> None:
    held = inspect(campus.database.engine)
    for table in Row.metadata.sorted_tables:
        said = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        assert {c["name"] for c in held.get_check_constraints(table.name)} == said, table.name


def test_upgrading_twice_changes_nothing(full: Campus) -> None:
    before = {table.name: count(full, table) for table in Row.metadata.sorted_tables}
    migrations.upgrade(full)
    assert {table.name: count(full, table) for table in Row.metadata.sorted_tables} == before


def test_a_table_of_a_plugin_that_is_gone_is_left_alone(full: Campus) -> None:
    with full.database.transaction() as session:
        session.execute(text("CREATE TABLE orchard_pear (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person (id))"))
        session.execute(text("CREATE TABLE alembic_version_orchard (version_num VARCHAR(32) NOT NULL)"))
    assert migrations.differences(full) == []
    migrations.upgrade(full)
    assert {"orchard_pear", "alembic_version_orchard"} <= tables_of(full)


def test_the_tables_of_one_plugin_go_alone(campus: Campus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0001_orchard.py").write_text(A_MIGRATION)
    own = [*migrations.histories(campus), ("alembic_version_orchard", tmp_path)]
    monkeypatch.setattr(migrations, "histories", lambda campus: own)
    migrations.upgrade(campus)
    assert "orchard_pear" in tables_of(campus)
    migrations.downgrade(campus, plugin="orchard")
    assert "orchard_pear" not in tables_of(campus)
    assert "person" in tables_of(campus)
    with pytest.raises(NoHistory):
        migrations.downgrade(campus, plugin="accounts")


def test_a_migration_that_fails_leaves_nothing_of_itself(campus: Campus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0001_orchard.py").write_text(A_MIGRATION.replace("pass  # more", 'op.execute("INSERT INTO nowhere VALUES (1)")'))
    own = migrations.histories(campus)
    monkeypatch.setattr(migrations, "histories", lambda campus: [*own, ("alembic_version_orchard", tmp_path)])
    with pytest.raises(DBAPIError):
        migrations.upgrade(campus)
    assert "orchard_pear" not in tables_of(campus)
    assert not migrations.is_current(campus)
