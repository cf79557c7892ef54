"""Answers as files: CSV, JSON and workbooks. All of them have the same columns: codes with their names, then every measure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lms.kernel import csvio, spreadsheet
from lms.kernel.datasets import UNKNOWN, Measure
from lms.kernel.i18n import _
from lms.kernel.spreadsheet import Column
from lms.reports.asking import Answer, Figure

TOTAL = "TOTAL"


def columns(answer: Answer) -> list[str]:
    """The names of the columns."""
    named = [name for dimension in answer.dimensions for name in (dimension.name, f"{dimension.name}_name")]
    return named + [measure.name for measure in answer.measures]


def rows(answer: Answer) -> Iterator[list[Any]]:
    """The cells of each combination."""
    for line in answer.lines:
        yield [cell for pair in zip(line.codes, line.names, strict=True) for cell in pair] + list(line.figures)


def total(answer: Answer) -> list[Any]:
    """The cells of the last row."""
    return [TOTAL] * (2 * len(answer.dimensions)) + list(answer.total)


def as_csv(answer: Answer) -> Iterator[bytes]:
    """The rows and the total: pure data, in pieces."""
    return csvio.write(columns(answer), [*rows(answer), total(answer)])


def as_json(answer: Answer) -> dict[str, Any]:
    """The rows and the total, with the question, what the figures mean and when they were counted."""
    names = columns(answer)
    where: dict[str, list[str]] = {}
    for condition in answer.question.where:
        where.setdefault(condition.dimension, []).append(f"={condition.value}" if condition.exact else condition.value)
    return {
        "report": answer.dataset.name,
        "title": answer.title,
        "by": [dimension.name for dimension in answer.dimensions],
        "where": where,
        "from": answer.question.since.isoformat() if answer.question.since else None,
        "to": answer.question.until.isoformat() if answer.question.until else None,
        "made_at": answer.made_at.isoformat(timespec="seconds"),
        "definitions": {item.name: str(item.definition) for item in answer.terms},
        "row_count": len(answer.lines),
        "rows": [dict(zip(names, map(_plain, cells), strict=True)) for cells in (*rows(answer), total(answer))],
    }


def as_workbook(answer: Answer, zone: str = "UTC") -> bytes:
    """The rows and the total in typed cells, with a second sheet that says what was asked. Raises TooManyRows."""
    named = [column for dimension in answer.dimensions for column in (dimension.name, Column(f"{dimension.name}_name", width=32))]
    figures = [Column(measure.name, _kind(measure, figure)) for measure, figure in zip(answer.measures, answer.total, strict=True)]
    lines, last = (rows(answer), total(answer)) if answer.dimensions else ([total(answer)], None)
    return spreadsheet.write([*named, *figures], lines, title=answer.title, question=about(answer), total=last, zone=zone)


def about(answer: Answer) -> list[tuple[str, Any]]:
    """The question and the definitions, as (name, value) for people."""
    said: list[tuple[str, Any]] = [(_("Filter: {dimension}").format(dimension=title), text) for title, text in filters_in_words(answer)]
    if not said:
        said.append((_("Filters"), _("none: everything is counted")))
    said.append((_("How we count"), str(answer.dataset.description)))
    said.append((_("Rows"), len(answer.lines)))
    said += [(item.name, f"{item.title}. {item.definition}".strip()) for item in answer.terms]
    return said


def filters_in_words(answer: Answer) -> list[tuple[str, str]]:
    """What was left out, as (dimension, values) for people."""
    chosen: dict[str, list[str]] = {}
    for item in answer.filters:
        code = "" if item.condition.value in (item.name, UNKNOWN) else f" ({item.condition.value})"
        chosen.setdefault(str(item.dimension.title), []).append(f"{item.name}{code}")
    period = [(_("From"), answer.question.since), (_("Until"), answer.question.until)]
    said = [(title, _(" or ").join(names)) for title, names in chosen.items()]
    return said + [(title, day.isoformat()) for title, day in period if day]


def file_name(answer: Answer, kind: str) -> str:
    """What the file is called when it is saved, such as trainees-by-region-gender.csv."""
    return "-".join([answer.dataset.name, *(["by"] if answer.dimensions else []), *(d.name for d in answer.dimensions)]) + f".{kind}"


def _kind(measure: Measure, figure: Figure) -> Any:
    if measure.ratio:
        return "percent"
    return "number" if isinstance(figure, float | Decimal) else "whole"


def _plain(cell: Any) -> Any:
    return float(cell) if isinstance(cell, Decimal) else cell
