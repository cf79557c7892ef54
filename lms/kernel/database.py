"""The database: sessions for reading and for writing, and the differences between SQLite and PostgreSQL.

A write is one transaction: returning commits, raising rolls back, nobody else says commit. On SQLite each write takes its turn in an
in-process FIFO queue and begins IMMEDIATE, because Python's default transaction handling loses updates silently; see docs/decisions.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import BigInteger, Column, Connection, DateTime, Engine, ForeignKey, Integer, MetaData, create_engine, event, literal_column
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect, Result, ScalarResult
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import Executable
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from lms.kernel.errors import NotFound
from lms.kernel.events import Hub
from lms.kernel.turns import FifoLock, wait_in_thread

T = TypeVar("T")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """Base of every table; all of them share one metadata with predictable constraint names."""

    metadata = MetaData(naming_convention=NAMING)


def reference(target: str, *, ondelete: str = "RESTRICT", nullable: bool = False, index: bool = True, primary_key: bool = False) -> Any:
    """A foreign key column with an explicit rule for what happens when its target goes."""
    index = index and not primary_key
    return Column(Integer, ForeignKey(target, ondelete=ondelete), nullable=nullable, index=index, primary_key=primary_key)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. A naive one is refused: it would mean a different instant on another machine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Points(TypeDecorator[Decimal]):
    """An exact decimal with four places, stored as an integer of ten-thousandths, so that both databases add and compare exactly.

    What is finer is rounded to the nearest one, a half to the even one.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | str | None, dialect: Dialect) -> int | None:
        return None if value is None else int((Decimal(value) * 10000).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-4)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who caused a change and from where; written beside every audit entry."""

    actor_id: int | None = None
    ip: str = ""
    request_id: str = ""


class ReadSession:
    """Questions to the database. Cannot write."""

    def __init__(self, orm: OrmSession) -> None:
        self._orm = orm

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self._orm.get_bind().dialect.name

    def execute(self, statement: Executable, params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None) -> Result[Any]:
        """Run a statement, answer its rows."""
        return self._orm.execute(statement, params)

    def rows(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Result[*tuple[Any, ...]]:
        """The rows of a statement that selects columns, not objects: past the object mapper, which costs as much as the question."""
        self._orm.flush()
        return self._orm.connection().execute(statement, params)

    def scalar(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        return self._orm.scalar(statement, params)

    def scalars(self, statement: Executable, params: Mapping[str, Any] | None = None) -> ScalarResult[Any]:
        """The first column of every row."""
        return self._orm.scalars(statement, params)

    def get(self, model: type[T], identifier: Any) -> T | None:
        """The row with this primary key, or None."""
        return self._orm.get(model, identifier)

    def one(self, model: type[T], identifier: Any) -> T:
        """The row with this primary key. Raises NotFound."""
        row = self._orm.get(model, identifier)
        if row is None:
            raise NotFound()
        return row


class Session(ReadSession):
    """One transaction: reads, writes, events. Made by `Database.transaction`, committed when that block returns."""

    def __init__(self, orm: OrmSession, hub: Hub, origin: Origin) -> None:
        super().__init__(orm)
        self.hub = hub
        self.origin = origin
        self._undoing: list[Callable[[], None]] = []

    def add(self, row: T) -> T:
        """Add a row, write it now so that its key is known, and answer it."""
        self._orm.add(row)
        self._orm.flush()
        return row

    def add_all(self, rows: Sequence[object]) -> None:
        """Add many rows and write them now."""
        self._orm.add_all(rows)
        self._orm.flush()

    def write_many(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run an insert, update or delete of a table for each of these rows, past the object mapper: for thousands of them."""
        if rows:
            self._orm.flush()
            self._orm.connection().execute(statement, rows)

    def insert_new(self, model: type[Row], **values: Any) -> bool:
        """Insert a row unless a unique constraint has one like it already; answers whether it was inserted."""
        insert: Any = sqlite_insert if self.dialect == "sqlite" else postgresql_insert
        # RETURNING, because psycopg tells no row count for an insert.
        statement = insert(model).values(**values).on_conflict_do_nothing().returning(literal_column("1"))
        return self._orm.execute(statement).first() is not None

    def delete(self, row: object) -> None:
        """Delete a row now."""
        self._orm.delete(row)
        self._orm.flush()

    def flush(self) -> None:
        """Write what has changed so far, so that constraints speak now."""
        self._orm.flush()

    def lock(self, model: type[T], identifier: Any) -> T:
        """The row, fresh and held against others until the transaction ends. Raises NotFound."""
        row = self._orm.get(model, identifier, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound()
        return row

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A savepoint: what fails inside is undone alone, and the transaction may go on."""
        with self._orm.begin_nested():
            yield

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Call `undo` should this transaction not commit: for what the database cannot take back, such as a file on the disk."""
        self._undoing.append(undo)

    def undo(self) -> None:
        """Call what was asked for by `on_rollback`, the last first. Called by `Database` alone."""
        while self._undoing:
            self._undoing.pop()()

    def emit(self, happened: object) -> None:
        """Tell the subscribers of this event, inside this transaction."""
        self.hub.deliver(self, happened)

    def guard(self, action: str, subject: object) -> None:
        """Ask the guards of this action; one of them may raise Refused."""
        self.hub.ask(self, action, subject)

    def driver_connection(self) -> Any:
        """The driver's own connection of this transaction, for libraries that must write in the same one."""
        return self._orm.connection().connection.driver_connection


# On SQLite a mark of ours, which the listener on "begin" reads: the isolation level of the library would be set back after each use by a
# PRAGMA, and that one lets SQLite forget every statement it had prepared.
_NO_TRANSACTION: dict[str, dict[str, Any]] = {"sqlite": {"transaction": False}, "postgresql": {"isolation_level": "AUTOCOMMIT"}}


class Database:
    """The engine and the ways to use it. One per process."""

    def __init__(self, url: str, hub: Hub | None = None, pool_size: int = 12) -> None:
        self.url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.hub = hub or Hub()
        self.engine = make_engine(self.url, pool_size)
        self.dialect = self.engine.dialect.name
        # Reads of a page need no transaction of their own: two round trips fewer each on PostgreSQL.
        self._read_engine = self.engine.execution_options(**_NO_TRANSACTION[self.dialect])
        self._turns = FifoLock() if self.dialect == "sqlite" else None
        self.changes = 0
        """How many transactions this process has committed: what was read before one of them may be out of date."""
        # Commits have threads of their own, so that waiting requests can never keep a commit from happening.
        self._commit_threads: anyio.CapacityLimiter | None = None

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        """A session for reads; each statement sees the latest committed state."""
        with OrmSession(self._read_engine, autoflush=False, expire_on_commit=False) as orm:
            yield ReadSession(orm)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection whose every question is answered as of one moment, while others go on writing."""
        with self.engine.connect() as plain:
            one_moment = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgresql" else _NO_TRANSACTION["sqlite"]
            connection = plain.execution_options(**one_moment)
            if self.dialect == "sqlite":  # a deferred transaction reads from the log as it was at its first question
                connection.exec_driver_sql("BEGIN DEFERRED")
            try:
                yield connection
            finally:
                if self.dialect == "sqlite":
                    connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def transaction(self, origin: Origin | None = None) -> Iterator[Session]:
        """A session for writes: returning commits, raising rolls back."""
        if self._turns:
            wait_in_thread(self._turns.turn())
        try:
            with OrmSession(self.engine, expire_on_commit=False) as orm:
                session = Session(orm, self.hub, origin or Origin())
                try:
                    with orm.begin():
                        yield session
                    self.changes += 1
                except BaseException:
                    session.undo()
                    raise
        finally:
            if self._turns:
                self._turns.release()

    @asynccontextmanager
    async def transaction_async(self, origin: Origin | None = None) -> AsyncIterator[Session]:
        """The same for a request: waits for its turn without holding a thread, commits in a thread that is always free for it."""
        if self._commit_threads is None:
            self._commit_threads = anyio.CapacityLimiter(4)
        if self._turns:
            turn = self._turns.turn()
            try:
                await asyncio.shield(asyncio.wrap_future(turn))
            except asyncio.CancelledError:
                self._turns.give_up(turn)
                raise
        orm = OrmSession(self.engine, expire_on_commit=False)
        session = Session(orm, self.hub, origin or Origin())
        try:
            yield session
            await self._finish(orm.commit)
            self.changes += 1
        except BaseException:
            await self._finish(orm.rollback)
            await self._finish(session.undo)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await self._finish(orm.close)
            if self._turns:
                self._turns.release()

    async def _finish(self, step: Any) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(step, limiter=self._commit_threads)

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def make_engine(url: str, pool_size: int = 12) -> Engine:
    """An engine with our discipline for its database."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 5, "check_same_thread": False}, pool_size=pool_size, max_overflow=pool_size * 4)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        connection.execute("pragma foreign_keys=on")
        connection.execute("pragma recursive_triggers=on")  # else REPLACE deletes rows past the triggers that forbid it
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if connection.get_execution_options().get("transaction", True):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def end(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # A COMMIT that fails (disk full, a deferred constraint) leaves SQLite inside its transaction, holding the one writer's place.
        if connection is not None and connection.in_transaction:
            connection.rollback()

    return engine
