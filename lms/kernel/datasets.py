"""Datasets: rows that a plugin publishes for reporting, as dimensions and measures over one FROM clause.

The reports plugin asks one SQL query per report and knows nothing else of the plugin that publishes. A plugin may add a measure to
another plugin's dataset by joining its own table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lms.kernel import i18n
from lms.kernel.i18n import LazyText

Names = Callable[[Any, Sequence[str], str], Mapping[str, str]]
"""(read session, codes, locale) -> name of each code that there is."""
Within = Callable[[Sequence[str]], ColumnElement[bool]]
"""Values of a tree -> the condition that a row lies in one of them or below."""

UNKNOWN = "unknown"
"""The code of rows without a value."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something to count by. `column` yields a code, NULL where it is not known; `names` tells what codes are called, in one question."""

    name: str
    title: LazyText | str
    column: ColumnElement[Any]
    names: Names | None = None
    """None: the code speaks for itself (a year)."""
    drill: str | None = None
    """Name of the dimension that shows the parts of one value of this one."""
    within: Within | None = None
    """Where the values form a tree: a filter for a value covers everything below it."""
    definition: LazyText | str = ""
    is_public: bool = False
    """Whether its values are no secret, as countries are; else a person is told only of those that occur within her reach."""
    is_ordered: bool = False
    """Whether its codes have an order of their own, as years have; else the page puts the largest first."""
    is_filter: bool = False
    """Whether the page offers its values to choose from."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure. `column` is an aggregate; a rate is computed from other measures: (numerator, denominator)."""

    name: str
    title: LazyText | str
    column: ColumnElement[Any] | None = None
    ratio: tuple[str, str] | None = None
    definition: LazyText | str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A question that people ask often: a report by these dimensions."""

    title: LazyText | str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows with their dimensions, measures, date and scope. The first measure is the one that charts show."""

    name: str
    title: LazyText | str
    source: FromClause
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    permission: str
    date: ColumnElement[Any] | None = None
    """A day, or an instant whose day is told in UTC."""
    scope: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    """Columns that hold the programme, course and cohort of a row, so that a person sees only what a role reaches. Without them only
    somebody whose role holds for the whole site sees the dataset."""
    description: LazyText | str = ""
    """How is counted, in two or three sentences."""
    figures: tuple[Measure, ...] = ()
    """Aggregates over everything asked for, shown at the head of the page."""
    shortcuts: tuple[Shortcut, ...] = ()

    def dimension(self, name: str) -> Dimension | None:
        """The dimension of this name."""
        return next((dimension for dimension in self.dimensions if dimension.name == name), None)


@dataclass(frozen=True, slots=True)
class MeasureAddition:
    """A measure that a plugin adds to a dataset of another one, with the table it joins from the left.

    The table holds at most one row for each row of the dataset (group it where needed), or every other measure would count twice.
    """

    dataset: str
    measure: Measure
    table: FromClause
    on: ColumnElement[bool]


def titled(titles: Mapping[str, LazyText | str]) -> Names:
    """Names of a dimension whose codes are known in the program."""

    def names(_session: Any, codes: Sequence[str], locale: str) -> dict[str, str]:
        with i18n.using(locale):
            return {code: str(titles[code]) for code in codes if code in titles}

    return names


class year_of(FunctionElement[int]):  # written like the function it is in SQL
    """The year in which an instant falls in UTC, whatever the time zone of the connection."""

    type = Integer()
    inherit_cache = True


@compiles(year_of)
def _year(element: year_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(strftime('%Y', {compiler.process(element.clauses, **options)}) AS INTEGER)"


@compiles(year_of, "postgresql")
def _year_on_postgresql(element: year_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(EXTRACT(YEAR FROM {compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC') AS INTEGER)"
