"""Conditions for lists of what belongs to people in cohorts: one's own rows, and those that a permission reaches."""

from typing import Any

from sqlalchemy import false, or_, select

from lms.courses.models import Cohort
from lms.courses.queries import cohorts_within
from lms.kernel.permissions import Actor, Reach

# SQLModel types a column as its value; in a statement it is a column.
_Cohort: Any = Cohort


def in_cohorts(column: Any, reach: Reach) -> Any:
    """The condition that a column names a cohort where a permission holds; None where it holds everywhere."""
    if reach.everywhere:
        return None
    if not (reach.programmes or reach.courses):
        return column.in_(reach.cohorts) if reach.cohorts else false()
    # Cohorts by themselves, not joined: so both sides of an "or" with one's own rows have an index.
    return column.in_(select(_Cohort.id).where(cohorts_within(reach)))


def own_or_reached(table: Any, me: Actor, permission: str, *own: Any, reached: Any = None) -> list[Any]:
    """The conditions for rows of a table (`cohort_id`, `person_id`) that this person may see: her own, and those in cohorts within reach.

    `own`: what her own rows must fulfil besides. `reached`: what those of others must fulfil, such as being no draft.
    """
    mine = [table.person_id == (me.id or 0), *own]
    within = in_cohorts(table.cohort_id, me.reach(permission))
    others = [condition for condition in (within, reached) if condition is not None]
    if not others:
        return []
    first, *rest = mine
    return [or_(_all(first, rest), _all(others[0], others[1:]))]


def _all(first: Any, rest: list[Any]) -> Any:
    for condition in rest:
        first = first & condition
    return first
