"""What files of courses and of cohorts have in common: cells that are read in one way, rows found by their codes, and what has changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from lms.accounts import languages
from lms.kernel.database import ReadSession
from lms.kernel.i18n import N_
from lms.kernel.importing import Fault, Incoming


def by_code(session: ReadSession, model: Any, codes: Iterable[str]) -> dict[str, Any]:
    """The rows with these codes, in whatever letters those are written, each by its code folded."""
    wanted = {code.casefold() for code in codes}
    return {row.code.casefold(): row for row in session.scalars(select(model).where(func.lower(model.code).in_(wanted)).order_by(model.id))}


def read_number(row: Incoming, name: str, most: int, values: dict[str, Any], faults: list[Fault]) -> None:
    """A whole number, where the row has one."""
    if text := row.cells.get(name, ""):
        if text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most:
            values[name] = int(text)
        else:
            faults.append(Fault(name, text, N_("A whole number from 0 to {most}.").format(most=most)))


def read_language(row: Incoming, values: dict[str, Any], faults: list[Fault]) -> None:
    """A language, where the row has one."""
    if text := row.cells.get("language", ""):
        values["language"] = languages.code_of(text)
        if values["language"] is None:
            faults.append(Fault("language", text, N_("We do not know this language code. Examples: es, pt_BR.")))


def read_status(row: Incoming, states: Sequence[str], values: dict[str, Any], faults: list[Fault]) -> None:
    """One of these states, where the row has one."""
    if status := row.cells.get("status", "").lower():
        values["status"] = status
        if status not in states:
            faults.append(Fault("status", row.cells["status"], N_("One of: {choices}.").format(choices=", ".join(states))))


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values that differ: as they were, and as they are."""
    changed = [name for name in after if after[name] != before[name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}
