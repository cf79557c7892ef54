"""Taking changes of an import back where the rows of a table are all there is to it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, DateTime, Table, delete, select

from lms.kernel.database import Row, Session
from lms.kernel.i18n import N_, LazyText
from lms.kernel.importing import Change, plain
from lms.kernel.many import change_rows
from lms.kernel.references import in_use

Reason = LazyText | str | None
CHANGED = N_("Somebody changed it since.")
GONE = N_("It is not there any more.")
USED = N_("Other things refer to it by now.")


def revert_by_kind(changes: Sequence[Change], ways: Mapping[str, Callable[[list[Change]], Sequence[Reason]]]) -> list[Reason]:
    """Take changes back kind by kind, in the order of `ways`; answers the reasons in the order of the changes.

    A kind without a way counts as done.
    """
    reasons: dict[int, Reason] = {}
    for kind, take_back in ways.items():
        numbers = [number for number, change in enumerate(changes) if change.kind == kind]
        if numbers:
            reasons |= dict(zip(numbers, take_back([changes[number] for number in numbers]), strict=True))
    return [reasons.get(number) for number in range(len(changes))]


def revert_rows(
    session: Session, model: type[Row], changes: Sequence[Change], *, derived: Collection[str] = (), besides: Collection[str] = ()
) -> list[Reason]:
    """Delete what was new and write old values back, some rows at a time; for each change the reason why it was left alone, or None.

    Left alone is what somebody changed since, and what was new and is referred to by now (tables in `besides` do not count). `derived`
    are columns that follow from others: written back, not compared. A row may be changed once in one call.
    """
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table
    ids = [int(change.identifier) for change in changes]
    rows: Any = session.rows(select(table).where(table.c.id.in_(ids)).with_for_update())
    now = {row.id: row._mapping for row in rows}
    used = in_use(session, model, [int(change.identifier) for change in changes if change.before is None], besides)
    reasons = [_reason(change, now.get(int(change.identifier)), used, derived) for change in changes]
    free = [change for change, reason in zip(changes, reasons, strict=True) if reason is None]
    _delete(session, table, [int(change.identifier) for change in free if change.before is None])
    _restore(session, table, [change for change in free if change.before is not None])
    return reasons


def _reason(change: Change, now: Any, used: set[int], derived: Collection[str]) -> Reason:
    if now is None:
        return GONE
    present = plain({name: now[name] for name in change.after if name not in derived})
    if any(value != change.after[name] for name, value in present.items()):
        return CHANGED
    return USED if change.before is None and int(change.identifier) in used else None


def _delete(session: Session, table: Table, ids: Sequence[int]) -> None:
    if ids:
        session.execute(delete(table).where(table.c.id.in_(ids)))


def _restore(session: Session, table: Table, changes: Sequence[Change]) -> None:
    """One statement for all rows in which the same columns changed."""
    alike: dict[tuple[str, ...], list[tuple[int, dict[str, Any]]]] = {}
    for change in changes:
        before = change.before or {}
        values = {name: _value(table, name, value) for name, value in before.items()}
        alike.setdefault(tuple(sorted(before)), []).append((int(change.identifier), values))
    for rows in alike.values():
        change_rows(session, table, rows)


def _value(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if not isinstance(value, str):
        return value
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if isinstance(getattr(kind, "impl", kind), DateTime) else value
