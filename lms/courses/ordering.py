"""The order of modules and activities: moved by a button, or all at once by dragging."""

from collections.abc import Sequence

from lms.courses.models import Activity, Module
from lms.kernel.database import Session
from lms.kernel.errors import Conflict, NotFound


def reordered(ids: Sequence[int], up: int | None = None, down: int | None = None, order: Sequence[int] | None = None) -> list[int]:
    """The ids in their new order. Raises NotFound for an id of another list, Conflict where the list has changed meanwhile."""
    if order is not None:
        if sorted(order) != sorted(ids):
            raise Conflict()
        return list(order)
    moved = list(ids)
    item = up if up is not None else down
    if item not in moved:
        raise NotFound()
    place = moved.index(item)
    target = place - 1 if up is not None else place + 1
    if 0 <= target < len(moved):
        moved[place], moved[target] = moved[target], moved[place]
    return moved


def place(session: Session, parts: Sequence[Module | Activity], order: Sequence[int]) -> None:
    """Number the parts in this order."""
    position = {identifier: number for number, identifier in enumerate(order)}
    for part in parts:
        part.position = position[part.id or 0]
    session.flush()
