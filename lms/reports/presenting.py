"""An answer as its page shows it: rows that lead to their parts, bars, the way back up, filters to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lms.kernel.datasets import UNKNOWN, Dimension
from lms.kernel.i18n import _, format_number
from lms.reports.addresses import file_of, page_of
from lms.reports.asking import Answer, Line, title_of
from lms.reports.filtering import Filter
from lms.reports.printing import cell
from lms.reports.questions import Condition

ROWS, BARS = 200, 20
"""As many rows and bars as a page can hold and a person can read. Files hold everything."""
FILES = (("csv", "CSV"), ("xlsx", "Excel"), ("json", "JSON"))

Choices = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table; `url` leads to the parts of its first value."""

    names: tuple[str, ...]
    url: str | None
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter to choose from: its options as (condition, name)."""

    dimension: Dimension
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that the page has no field for, and the address of the same question without it."""

    condition: Condition
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class View:
    """What the template needs beside the answer."""

    columns: tuple[str | tuple[str, str], ...]
    rows: tuple[Row, ...]
    rows_text: str
    total: tuple[str, ...]
    is_empty: bool
    is_filtered: bool
    bars: tuple[tuple[str, int | float, str | None], ...]
    bars_text: str
    trail: tuple[tuple[str, str | None], ...]
    chips: tuple[Chip, ...]
    dimensions: tuple[tuple[str, str], ...]
    selections: tuple[Selection, ...]
    files: tuple[tuple[str, str], ...]


def view(answer: Answer, choices: Choices) -> View:
    """The answer with its links. `choices`: the values to offer of each dimension that is a filter."""
    lines = _by_size(answer)
    parts = [drill(answer, line) for line in lines[: max(ROWS, BARS)]]
    selections = tuple(_selections(answer, choices))
    offered = {selection.chosen for selection in selections}
    return View(
        columns=tuple(_columns(answer)),
        rows=tuple(Row(line.names, url, _cells(answer, line.figures)) for line, url in zip(lines[:ROWS], parts, strict=False)),
        rows_text=_cut(len(lines), ROWS, _("The first {shown} of {all} rows. The files hold all of them.")),
        total=_cells(answer, answer.total),
        is_empty=not any(answer.total),
        is_filtered=bool(answer.filters or answer.question.since or answer.question.until),
        bars=tuple((", ".join(line.names), _length(line), url) for line, url in zip(lines[:BARS], parts, strict=False)),
        bars_text=_cut(len(lines), BARS, _("The first {shown} of {all} rows; the table shows more.")),
        trail=trail(answer),
        chips=tuple(_chip(answer, item) for item in answer.filters if str(item.condition) not in offered),
        dimensions=tuple((dimension.name, str(dimension.title)) for dimension in answer.dataset.dimensions),
        selections=selections,
        files=tuple((title, file_of(answer.question, kind)) for kind, title in FILES),
    )


def _cut(there: int, shown: int, sentence: str) -> str:
    return sentence.format(shown=format_number(shown), all=format_number(there)) if there > shown else ""


def _columns(answer: Answer) -> list[str | tuple[str, str]]:
    names = [str(dimension.title) for dimension in answer.dimensions] or [""]
    return [*names, *((str(measure.title), "num") for measure in answer.measures)]


def drill(answer: Answer, line: Line) -> str | None:
    """The address of the parts of a line's first value, where the dataset says what its parts are."""
    whole, *others = answer.dimensions
    if not whole.drill or not answer.dataset.dimension(whole.drill):
        return None
    # Exactly this value: a line of South America as such must not open with those of Peru's mountains, which have a line of their own.
    code = line.codes[0]
    inside = Condition(whole.name, code, exact=whole.within is not None and code != UNKNOWN)
    kept = tuple(condition for condition in answer.question.where if condition.dimension != whole.name)
    by = tuple(dict.fromkeys([whole.drill, *(dimension.name for dimension in others)]))
    return page_of(replace(answer.question, by=by, where=(*kept, inside)))


def trail(answer: Answer) -> tuple[tuple[str, str | None], ...]:
    """The way from all reports down to this answer, as (name, address); the last one is the page itself."""
    steps = _steps(answer)
    others = answer.question.by[1:]
    top = answer.question.without([step.condition for step in steps])
    dimensions = answer.dimensions
    if steps:
        top = replace(top, by=(steps[0].dimension.name, *others))
        dimensions = (steps[0].dimension, *dimensions[1:])
    found: list[tuple[str, str | None]] = [(_("Statistics"), "/reports"), (title_of(answer.dataset, dimensions), page_of(top))]
    for step in steps:
        top = replace(top, by=(step.dimension.drill or "", *others), where=(*top.where, step.condition))
        found.append((step.name, page_of(top)))
    return (*found[:-1], (found[-1][0], None))


def _steps(answer: Answer) -> list[Filter]:
    """The filters that led down to the first dimension, from the top."""
    single = [item for item in answer.filters if len(answer.question.on(item.dimension.name)) == 1]
    steps: list[Filter] = []
    below = answer.question.by[0] if answer.question.by else None
    while above := next((item for item in single if item.dimension.drill == below and item not in steps), None):
        steps.insert(0, above)
        below = above.dimension.name
    return steps


def _by_size(answer: Answer) -> list[Line]:
    """The largest first, those of one first value together; values with an order of their own keep it."""
    if not answer.dimensions:
        return []
    groups: dict[str, float] = {}
    for line in answer.lines:
        groups[line.codes[0]] = groups.get(line.codes[0], 0) + _length(line)
    ordered = [dimension.is_ordered for dimension in answer.dimensions]
    lines = list(answer.lines)  # by their codes already, and sorting keeps that among equals
    if not ordered[-1]:
        lines.sort(key=_length, reverse=True)
    if len(ordered) > 1:
        lines.sort(key=lambda line: (0.0 if ordered[0] else -groups[line.codes[0]], line.codes[0]))
    return lines


def _length(line: Line) -> int | float:
    value = line.figures[0] if line.figures else 0
    return float(value) if isinstance(value, Decimal) else value or 0


def _cells(answer: Answer, figures: Sequence[int | float | Decimal | None]) -> tuple[str, ...]:
    return tuple(cell(measure, figure) for measure, figure in zip(answer.measures, figures, strict=True))


def _selections(answer: Answer, choices: Choices) -> list[Selection]:
    found = []
    for dimension in answer.dataset.dimensions:
        conditions = answer.question.on(dimension.name)
        options = [(str(Condition(dimension.name, code)), name) for code, name in choices.get(dimension.name, ())]
        chosen = str(conditions[0]) if conditions else ""
        if options and len(conditions) < 2 and chosen in ("", *(value for value, _name in options)):
            found.append(Selection(dimension, tuple(options), chosen))
    return found


def _chip(answer: Answer, item: Filter) -> Chip:
    text = _("{dimension}: {value}").format(dimension=item.dimension.title, value=item.name)
    return Chip(item.condition, text, page_of(answer.question.without([item.condition])))
