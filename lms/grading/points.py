"""Points as people type and read them."""

import re
from decimal import Decimal

from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, LazyText, format_number

PLACES = 2
MOST = Decimal(100_000)
"""No item counts more points than this."""
_TYPED = re.compile(r"([-+−]?)(\d{0,9})(?:[.,٫](\d*))?")  # digits of every script: Bengali ones are typed in Dhaka


def read_points(typed: str, most: Decimal, field: str = "points", places: int = PLACES) -> Decimal | None:
    """The number that was typed, with a comma or a point as decimal sign; None for nothing.

    Raises Invalid, on this field of the form, for what is no number, has more than two decimals (or `places`), is below zero or above
    `most`.
    """
    text = typed.strip()
    if not text:
        return None
    match = _TYPED.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise Invalid({field: N_("Please write a number, for example 16 or 16.5.")})
    sign, whole, decimals = match.groups()
    if len((decimals or "").rstrip("0")) > places:
        raise Invalid({field: N_("At most two decimals.") if places == PLACES else N_("At most {places} decimals.").format(places=places)})
    value = Decimal(f"{whole or 0}.{decimals or 0}")
    return check_points(-value if sign in ("-", "−") else value, most, field)


def check_points(value: Decimal, most: Decimal, field: str = "points") -> Decimal:
    """The value where it lies between zero and `most`. Raises Invalid."""
    problem: LazyText | str = ""
    if not value.is_finite():
        problem = N_("Please write a number, for example 16 or 16.5.")
    elif value < 0:
        problem = N_("Not below 0.")
    elif value > most:
        problem = N_("At most {most}.").format(most=format_number(most))
    elif value != round(value, 4):
        problem = N_("At most two decimals.")  # a form takes two; the database keeps four
    if problem:
        raise Invalid({field: problem})
    return value


def plain(value: Decimal | None) -> str:
    """The number as a form field shows it: with a point and without needless zeros."""
    return "" if value is None else format(value.normalize(), "f")
