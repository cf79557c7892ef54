"""Where a role may be given: the site, a programme, a course or a cohort, each named by its code.

Courses and cohorts belong to a higher floor; their tables are read by name, and only where that floor is installed.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, select, table

from lms.accounts.models import Programme
from lms.kernel.database import ReadSession, Row
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, LazyText
from lms.kernel.permissions import Grant

TITLES: dict[str, LazyText] = {"site": N_("Whole site"), "programme": N_("Programme"), "course": N_("Course"), "cohort": N_("Cohort")}


@dataclass(frozen=True, slots=True)
class NamedGrant:
    """A role with the words for where it holds."""

    role: str
    scope_kind: str
    scope_id: int
    code: str


def find(session: ReadSession, kind: str, code: str) -> int:
    """The id of the scope of this kind and code; 0 for the site. Raises Invalid."""
    if kind == "site":
        return 0
    source = _table(kind)
    found = None if source is None else session.scalar(select(source.c.id).where(source.c.code == code.strip()))
    if found is None:
        raise Invalid({"scope_code": N_("There is nothing with this code.")})
    return int(found)


def named(session: ReadSession, grants: list[Grant]) -> list[NamedGrant]:
    """The grants with the code of each scope. One query for each kind of scope."""
    codes: dict[tuple[str, int], str] = {}
    for kind in {grant.scope_kind for grant in grants} - {"site"}:
        source = _table(kind)
        if source is not None:
            ids = [grant.scope_id for grant in grants if grant.scope_kind == kind]
            codes |= {(kind, row.id): row.code for row in session.execute(select(source.c.id, source.c.code).where(source.c.id.in_(ids)))}
    return [NamedGrant(g.role, g.scope_kind, g.scope_id, codes.get((g.scope_kind, g.scope_id), "")) for g in grants]


def _table(kind: str) -> Any:
    if kind == "programme":
        return Row.metadata.tables[str(Programme.__tablename__)]
    return table(kind, column("id"), column("code")) if kind in Row.metadata.tables and kind in TITLES else None
