"""Asking a dataset: a question in, an answer out. Pages, exports, the command line and the API all go through here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.datasets import Dataset, Dimension, Measure
from lms.kernel.i18n import _
from lms.kernel.permissions import Actor, Reach
from lms.reports import counting, filtering, gathering
from lms.reports.filtering import Filter, find_dimension
from lms.reports.gathering import Datasets
from lms.reports.naming import in_sentence, names, order
from lms.reports.questions import Question
from lms.reports.refusals import HasNoDate

Figure = int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    """One combination of values with its figures, in the order of the dataset's measures."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question brought: a line for each combination that occurs, by their codes, and the total over everything."""

    question: Question
    dataset: Dataset
    dimensions: tuple[Dimension, ...]
    lines: tuple[Line, ...]
    total: tuple[Figure, ...]
    figures: tuple[tuple[Measure, Figure], ...]
    filters: tuple[Filter, ...]
    made_at: datetime

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The columns of figures."""
        return self.dataset.measures

    @property
    def terms(self) -> tuple[Dimension | Measure, ...]:
        """What the columns show, each with its definition."""
        return (*self.dimensions, *self.dataset.measures)

    @property
    def title(self) -> str:
        """The question in words, in the language in force."""
        return title_of(self.dataset, self.dimensions)


def title_of(dataset: Dataset, dimensions: Sequence[Dimension]) -> str:
    """A dataset by its dimensions in words, such as "Trainees by region and gender"."""
    titles = [in_sentence(dimension) for dimension in dimensions]
    if not titles:
        return str(dataset.title)
    if len(titles) == 1:
        return _("{report} by {dimension}").format(report=dataset.title, dimension=titles[0])
    return _("{report} by {dimensions} and {last}").format(report=dataset.title, dimensions=", ".join(titles[:-1]), last=titles[-1])


def ask(session: ReadSession, actor: Actor, datasets: Datasets, question: Question) -> Answer:
    """The answer, in the language in force, as far as the person's roles reach.

    One query counts; names of values that live in the database take one more for each dimension of the question.
    Raises UnknownReport, UnknownDimension, UnknownValue, HasNoDate.
    """
    dataset = gathering.find(datasets, actor, question.report)
    dimensions = tuple(find_dimension(dataset, name) for name in question.by)
    reach = actor.reach(dataset.permission)
    filters = filtering.filters(session, dataset, reach, question)
    counted = session.rows(counting.counts(dataset, dimensions, _conditions(dataset, reach, question))).mappings().all()
    total = next(row for row in counted if row["is_total"])
    return Answer(
        question, dataset, dimensions, _lines(session, dataset, dimensions, [row for row in counted if not row["is_total"]]),
        _figures(dataset, total), tuple((figure, total[f"f_{figure.name}"]) for figure in dataset.figures), filters, clock.now(),
    )  # fmt: skip


def _conditions(dataset: Dataset, reach: Reach, question: Question) -> list[Any]:
    conditions = counting.within_reach(dataset, reach)
    for name in dict.fromkeys(condition.dimension for condition in question.where):
        conditions.append(counting.matching(find_dimension(dataset, name), question.on(name)))
    if question.since or question.until:
        if dataset.date is None:
            raise HasNoDate(report=dataset.name)
        conditions.append(counting.between(dataset.date, question.since, question.until))
    return conditions


def _lines(session: ReadSession, dataset: Dataset, dimensions: Sequence[Dimension], rows: Sequence[Mapping[Any, Any]]) -> tuple[Line, ...]:
    named = [names(session, dimension, {row[f"by_{n}"] for row in rows}) for n, dimension in enumerate(dimensions)]
    lines = []
    for row in rows:
        codes = tuple(row[f"by_{n}"] for n in range(len(dimensions)))
        lines.append(Line(codes, tuple(named[n][code] for n, code in enumerate(codes)), _figures(dataset, row)))
    return tuple(sorted(lines, key=lambda line: [order(code) for code in line.codes]))


def _figures(dataset: Dataset, row: Mapping[Any, Any]) -> tuple[Figure, ...]:
    plain = {measure.name: row[f"m_{measure.name}"] for measure in dataset.measures if measure.column is not None}
    return tuple(_ratio(plain, *measure.ratio) if measure.ratio else plain[measure.name] for measure in dataset.measures)


def _ratio(figures: Mapping[str, Figure], numerator: str, denominator: str) -> Decimal | None:
    part, whole = figures[numerator], figures[denominator]
    if not whole:
        return None
    # Rounded as Python rounds, so that whoever checks a report with a few lines of Python finds the same last digit.
    return Decimal(f"{float(part or 0) / float(whole):.4f}")
