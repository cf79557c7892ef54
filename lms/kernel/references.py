"""What hangs on a row: asked before something is taken away that others may have begun to use."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Table, select, true

from lms.kernel.database import ReadSession, Row


def in_use(session: ReadSession, model: type[Row], identifiers: Iterable[int], besides: Collection[str] = ()) -> set[int]:
    """Those of these rows that a row of another table refers to; tables named in `besides` do not count. One question for each column."""
    wanted = sorted(identifiers)
    target: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table
    found: set[int] = set()
    if not wanted:
        return found
    for table in Row.metadata.sorted_tables:
        if table.name in besides:
            continue
        for key in table.foreign_keys:
            if key.column.table is target:
                column: Any = key.parent
                others = column != target.c.id if table is target else true()  # a row that refers to itself is not used by others
                found |= set(session.scalars(select(column).where(column.in_(wanted), others).distinct()))
    return found
