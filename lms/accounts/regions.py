"""The region tree as a whole: what follows from who is under whom."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Region
from lms.kernel.database import Session
from lms.kernel.many import change_rows

# SQLModel types a column as its value; in a statement it is a column.
_Region: Any = Region
_TABLE: Any = Region.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table


def circle(parents: Mapping[str, str | None]) -> set[str]:
    """The nodes that are above themselves."""
    found: set[str] = set()
    done: set[str] = set()
    for start in parents:
        path: list[str] = []
        node: str | None = start
        while node is not None and node not in done and node not in path:
            path.append(node)
            node = parents.get(node)
        if node is not None and node in path:
            found |= set(path[path.index(node) :])
        done |= set(path)
    return found


def settle(session: Session) -> None:
    """Write the level and the macro-region of every node whose place in the tree has changed. Two statements."""
    session.flush()
    columns: Any = (_Region.id, _Region.parent_id, _Region.macro_id, _Region.level)
    rows = {row.id: row for row in session.rows(select(*columns))}
    places: dict[int, tuple[int | None, int]] = {}

    def place(identifier: int) -> tuple[int | None, int]:
        if identifier not in places:
            parent = rows[identifier].parent_id
            if parent is None:
                places[identifier] = (None, 0)
            else:
                macro, level = place(parent)
                # The node just below the world is its own macro-region.
                places[identifier] = (macro if level else identifier, level + 1)
        return places[identifier]

    moved = [identifier for identifier, row in rows.items() if place(identifier) != (row.macro_id, row.level)]
    change_rows(session, _TABLE, [(one, {"macro_id": places[one][0], "level": places[one][1]}) for one in moved])
