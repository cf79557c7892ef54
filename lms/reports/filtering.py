"""The conditions of a question: checked against what there is, and said in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lms.kernel.database import ReadSession
from lms.kernel.datasets import UNKNOWN, Dataset, Dimension
from lms.kernel.permissions import Actor, Reach
from lms.reports import counting
from lms.reports.naming import in_sentence, known_names, names, order
from lms.reports.questions import Condition, Question
from lms.reports.refusals import UnknownDimension, UnknownValue, listed


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition in words."""

    condition: Condition
    dimension: Dimension
    name: str


def find_dimension(dataset: Dataset, name: str) -> Dimension:
    """The dimension of this name. Raises UnknownDimension."""
    found = dataset.dimension(name)
    if found is None:
        raise UnknownDimension(report=dataset.name, dimension=name, known=listed([dimension.name for dimension in dataset.dimensions]))
    return found


def filters(session: ReadSession, dataset: Dataset, reach: Reach, question: Question) -> tuple[Filter, ...]:
    """The conditions of the question, with names. Raises UnknownDimension, UnknownValue."""
    found: list[Filter] = []
    for name in dict.fromkeys(condition.dimension for condition in question.where):
        dimension = find_dimension(dataset, name)
        conditions = question.on(name)
        known = known_names(session, dimension, [condition.value for condition in conditions])
        # Whether a course exists that she does not reach is nothing that a person may find out by asking for it.
        is_told = reach.everywhere or dimension.is_public
        _check(session, dataset, dimension, reach, [c.value for c in conditions if c.value not in known or not is_told])
        found += [Filter(condition, dimension, known.get(condition.value) or condition.value) for condition in conditions]
    return tuple(found)


def _check(session: ReadSession, dataset: Dataset, dimension: Dimension, reach: Reach, doubtful: Iterable[str]) -> None:
    asked = [value for value in doubtful if value != UNKNOWN]
    if not asked:
        return
    there = sorted(_occurring(session, dataset, [dimension], reach)[dimension.name], key=order)
    for value in asked:
        if value not in there:
            raise UnknownValue(report=dataset.name, dimension=in_sentence(dimension), value=value, known=listed(there) or "–")


def choices(session: ReadSession, actor: Actor, dataset: Dataset, dimensions: Sequence[Dimension]) -> dict[str, list[tuple[str, str]]]:
    """The values of these dimensions that occur within the person's reach, with their names: one query and those for names."""
    codes = _occurring(session, dataset, dimensions, actor.reach(dataset.permission))
    named = {dimension.name: names(session, dimension, codes[dimension.name]) for dimension in dimensions}
    return {name: [(code, known[code]) for code in sorted(known, key=order)] for name, known in named.items()}


def _occurring(session: ReadSession, dataset: Dataset, dimensions: Sequence[Dimension], reach: Reach) -> dict[str, list[str]]:
    if not dimensions:
        return {}
    statement = counting.occurring(dataset, dimensions, counting.within_reach(dataset, reach))
    codes: list[set[str]] = [set() for _dimension in dimensions]
    for row in session.rows(statement):
        for found, value in zip(codes, row, strict=True):
            found.add(value)
    return {dimension.name: list(found) for dimension, found in zip(dimensions, codes, strict=True)}
