"""Rows by the thousand: changed in one go, and read some at a time."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, bindparam, update

from lms.kernel.database import ReadSession, Session


def change_rows(session: Session, table: Table, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Give rows, each named by its id, new values; all of them in the same columns."""
    if rows:
        names = tuple(rows[0][1])
        # Under names of their own: a value of a column must not be taken for what is looked for.
        values = [{"row_id": identifier, **{f"new_{name}": new[name] for name in names}} for identifier, new in rows]
        session.write_many(_change(table, names), values)


@lru_cache(maxsize=256)
def _change(table: Table, names: tuple[str, ...]) -> Any:
    return update(table).where(table.c.id == bindparam("row_id")).values({name: bindparam(f"new_{name}") for name in names})


def in_turn(session: ReadSession, statement: Any) -> Iterator[Any]:
    """All rows of a statement that is limited, begins above the id `after`, and selects `id` and orders by it."""
    after = 0
    while rows := session.rows(statement, {"after": after}).all():
        yield from rows
        after = rows[-1].id
