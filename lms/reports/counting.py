"""The SQL of a report: one statement that counts the rows by their dimensions and, beside them, everything as a whole."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Date, String, and_, cast, false, func, literal, null, or_, select, union_all

from lms.kernel.datasets import UNKNOWN, Dataset, Dimension
from lms.kernel.permissions import Reach
from lms.reports.questions import Condition


def code(dimension: Dimension) -> Any:
    """The value of a dimension as text, also where there is none."""
    return func.coalesce(func.nullif(cast(dimension.column, String), ""), UNKNOWN)


def counts(dataset: Dataset, dimensions: Sequence[Dimension], conditions: Sequence[Any]) -> Any:
    """The statement. Columns: is_total; by_0, by_1, …; m_ and the name of each measure; f_ and the name of each figure of the total.

    The total is counted over all rows, for distinct people cannot be summed.
    """
    measures = [measure.column.label(f"m_{measure.name}") for measure in dataset.measures if measure.column is not None]
    figures = [figure.column.label(f"f_{figure.name}") for figure in dataset.figures if figure.column is not None]
    nothing = [literal("", String).label(f"by_{n}") for n in range(len(dimensions))]
    total = select(literal(1).label("is_total"), *nothing, *measures, *figures).select_from(dataset.source).where(*conditions)
    if not dimensions:
        return total
    by = [code(dimension).label(f"by_{n}") for n, dimension in enumerate(dimensions)]
    empty = [cast(null(), figure.type).label(figure.name) for figure in figures]
    # Grouped by their names: two spellings of one expression with parameters are two expressions to PostgreSQL.
    groups = [column.name for column in by]
    rows = select(literal(0).label("is_total"), *by, *measures, *empty).select_from(dataset.source).where(*conditions).group_by(*groups)
    return union_all(rows, total)


def occurring(dataset: Dataset, dimensions: Sequence[Dimension], conditions: Sequence[Any]) -> Any:
    """The statement for the combinations of values that occur, in the order of the dimensions: one way through the rows for all."""
    return select(*(code(dimension) for dimension in dimensions)).select_from(dataset.source).where(*conditions).distinct()


def within_reach(dataset: Dataset, reach: Reach) -> list[Any]:
    """The conditions that leave a person what her roles reach; nothing where the dataset does not tell where its rows belong."""
    if reach.everywhere:
        return []
    held = {"programme": reach.programmes, "course": reach.courses, "cohort": reach.cohorts}
    return [or_(false(), *(column.in_(held[kind]) for kind, column in dataset.scope.items() if held.get(kind)))]


def matching(dimension: Dimension, conditions: Sequence[Condition]) -> Any:
    """The condition that a row has one of the values asked for in this dimension."""
    wide = [c.value for c in conditions if dimension.within and not c.exact and c.value != UNKNOWN]
    ways = [code(dimension).in_([c.value for c in conditions if c.exact or c.value not in wide])]
    if wide and dimension.within:
        ways.append(dimension.within(wide))
    return or_(*ways)


def between(column: Any, since: date | None, until: date | None) -> Any:
    """The condition that the day of a row is none before `since` and none after `until`."""
    has_days = isinstance(column.type, Date)
    bounds = []
    if since:
        bounds.append(column >= (since if has_days else _midnight(since)))
    if until:
        bounds.append(column <= until if has_days else column < _midnight(until + timedelta(days=1)))
    return and_(*bounds)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
