"""What a module weighs for somebody who wants to keep it on a device."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, select

from lms.courses.activity_types import Types
from lms.courses.models import Activity
from lms.kernel.database import ReadSession
from lms.kernel.storage import StoredFile

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_StoredFile: Any = StoredFile

FRAME = 8000
"""Bytes of a page around its text."""

_PIECES: Any = (
    select(_Activity.module_id, _Activity.id, func.length(_Activity.body_html), _StoredFile.size)
    .outerjoin(StoredFile, _StoredFile.id == _Activity.file_id)
    .where(
        _Activity.cohort_id == bindparam("cohort_id"), _Activity.published, _Activity.module_id.in_(bindparam("modules", expanding=True)),
        _Activity.type.in_(bindparam("types", expanding=True)),
    )
    .order_by(_Activity.position, _Activity.id)
)  # fmt: skip


@dataclass(slots=True)
class Bundle:
    """A module as a device keeps it: the addresses of its pages and files, and their weight in bytes."""

    bytes: int = 0
    addresses: list[str] = field(default_factory=list)


def bundles(session: ReadSession, cohort_id: int, base: str, module_ids: Collection[int], types: Sequence[str]) -> dict[int, Bundle]:
    """What these modules of a cohort, whose page is `base`, hold of activities of these types. One query."""
    found: dict[int, Bundle] = {}
    for module_id, activity_id, text, file in session.rows(
        _PIECES, {"cohort_id": cohort_id, "modules": list(module_ids), "types": list(types)}
    ):
        bundle = found.setdefault(module_id, Bundle())
        bundle.bytes += FRAME + (text or 0) + (file or 0)
        bundle.addresses += [f"{base}/{activity_id}", *([f"{base}/{activity_id}/file"] if file else [])]
    return found


def keepable(types: Types) -> list[str]:
    """The types whose activities a device may keep: they show nothing but the course and the person's own work."""
    return [name for name, kind in types.items() if getattr(kind, "offline", False)]
