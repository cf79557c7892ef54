"""The weighted total of a course, as pure functions.

Every item is worth its share of points (16 of 20 are 0.8), weighted. There are two totals:

- the running total counts released grades only: what is not graded yet says nothing so far;
- the final total counts a missing grade of a required item as zero; a missing one of an item that is not required is left out.

Both are percentages from 0 to 100 with two decimals. Everything is computed exactly, as fractions; only the result is rounded, once, half
up. Without anything to count, or where all that counts has no weight, there is no total.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

PLACES = 2


@dataclass(frozen=True, slots=True)
class Score:
    """One item for one person: the released points (None: none yet) out of `most`, its weight, and whether it is required."""

    points: Decimal | None
    most: Decimal
    weight: Decimal = Decimal(1)
    required: bool = True


def running_total(scores: Iterable[Score]) -> Decimal | None:
    """The percentage over what has been graded."""
    return _percentage(score for score in scores if score.points is not None)


def final_total(scores: Iterable[Score]) -> Decimal | None:
    """The percentage where a missing grade of a required item counts as zero."""
    return _percentage(score for score in scores if score.points is not None or score.required)


def _percentage(scores: Iterable[Score]) -> Decimal | None:
    earned = weights = Fraction(0)
    for score in scores:
        earned += Fraction(score.weight) * Fraction(score.points or 0) / Fraction(score.most)
        weights += Fraction(score.weight)
    return half_up(100 * earned / weights) if weights else None


def half_up(value: Fraction) -> Decimal:
    """A number that is not negative, with two decimals: 82.125 becomes 82.13."""
    return Decimal((value * 10**PLACES + Fraction(1, 2)).__floor__()).scaleb(-PLACES)
