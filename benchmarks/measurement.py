"""What a benchmark answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """One figure. `ratio` compares it with a reference taken in the same run, so that machines of different speed agree."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    reference: str = ""
