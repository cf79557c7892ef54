"""Datasets: rows that a plugin publishes for reporting, as dimensions and measures over one FROM clause.

The reports plugin asks one SQL query per report and knows nothing else of the plugin that publishes. A plugin may add a measure to
another plugin's dataset by joining its own table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from lms.kernel.i18n import LazyText

Names = Callable[[Any, Sequence[str], str], Mapping[str, str]]
"""(read session, codes, locale) -> name of each code."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something to count by. `column` yields a code; `names` turns codes into names in a language, in one question."""

    name: str
    title: LazyText | str
    column: ColumnElement[Any]
    names: Names | None = None
    drill: str | None = None
    """Name of the dimension that shows the parts of one value of this one."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure. `column` is an aggregate; a rate is computed from other measures: (numerator, denominator)."""

    name: str
    title: LazyText | str
    column: ColumnElement[Any] | None = None
    ratio: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows with their dimensions, measures, date and scope."""

    name: str
    title: LazyText | str
    source: FromClause
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    permission: str
    date: ColumnElement[Any] | None = None
    scope: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    """Columns that hold the programme, course and cohort of a row, so that a person sees only what a role reaches."""
    description: LazyText | str = ""


@dataclass(frozen=True, slots=True)
class MeasureAddition:
    """A measure that a plugin adds to a dataset of another one, with the table it joins from the left."""

    dataset: str
    measure: Measure
    table: FromClause
    on: ColumnElement[bool]
