"""What may be asked of a dataset: by which dimensions, under which conditions, between which days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lms.reports.refusals import FirstDayIsLater, NotACondition


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows whose dimension has this value. In a tree of values: or one below it, unless exactly this one is meant."""

    dimension: str
    value: str
    exact: bool = False

    @classmethod
    def read(cls, text: str) -> "Condition":
        """The condition written as `region=005`, or `region==005` for exactly this value. Raises NotACondition."""
        dimension, sign, value = text.partition("=")
        # What cannot be printed is in no code, and some of it cannot even be sent to a database.
        if not sign or not dimension.strip() or not value.strip("= ") or not text.isprintable():
            raise NotACondition(text=text if text.isprintable() else "?")
        return cls(dimension.strip(), value.removeprefix("=").strip(), value.startswith("="))

    def __str__(self) -> str:
        return f"{self.dimension}{'==' if self.exact else '='}{self.value}"


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one dataset. Conditions on one dimension are alternatives; those on different ones hold together."""

    report: str
    by: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    since: date | None = None
    until: date | None = None
    """The last day that counts."""

    @classmethod
    def read(
        cls, report: str, by: Iterable[str] = (), where: Iterable[str] = (), since: date | None = None, until: date | None = None
    ) -> "Question":
        """The question as people write it: dimensions one by one or joined by commas. Raises NotACondition, FirstDayIsLater."""
        if since and until and since > until:
            raise FirstDayIsLater()
        names = [name.strip() for part in by for name in part.split(",")]
        conditions = dict.fromkeys(Condition.read(text) for text in where if text.strip())
        return cls(report, tuple(dict.fromkeys(name for name in names if name)), tuple(conditions), since, until)

    def on(self, dimension: str) -> tuple[Condition, ...]:
        """The conditions on one dimension."""
        return tuple(condition for condition in self.where if condition.dimension == dimension)

    def without(self, dropped: Sequence[Condition]) -> "Question":
        """The same question without these conditions."""
        return replace(self, where=tuple(condition for condition in self.where if condition not in dropped))
