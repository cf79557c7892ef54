"""Points as people type them, and lateness as people read it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.grading.deadlines import Window, in_words, late_by
from lms.grading.points import plain, read_points
from lms.kernel.errors import Invalid

MOST = Decimal(20)
DUE = datetime(2026, 3, 1, 4, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("16", "16"), ("16.5", "16.5"), ("16,5", "16.5"), (" 16,50 ", "16.5"), ("0", "0"), ("20", "20"), (",5", "0.5"), ("7.", "7"),
     ("+3", "3"), ("১৬", "16"), ("١٦٫٥", "16.5"), ("", None), ("   ", None), ("16.500", "16.5")],
)  # fmt: skip
def test_a_comma_and_a_point_are_both_a_decimal_sign(typed, value):
    assert read_points(typed, MOST) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        *((typed, "Please write a number") for typed in ("50,,6", "50..6", "1,000.5", "six", "1e1", "NaN", "Infinity", ".", "-", "1 6")),
        ("9" * 30, "Please write a number"), ("-1", "Not below 0."), ("−0.5", "Not below 0."), ("20.01", "At most 20."),
        ("200", "At most 20."), ("1.005", "At most two decimals."),
    ],
)  # fmt: skip
def test_what_is_no_number_or_out_of_range_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(Invalid) as refusal:
        read_points(typed, MOST)
    assert refusal.value.errors["points"].startswith(sentence)


@settings(deadline=None)
@given(st.integers(0, 2000).map(lambda n: Decimal(n).scaleb(-2)))
def test_what_a_field_shows_is_read_back_the_same(value):
    assert read_points(plain(value), MOST) == value


@pytest.mark.parametrize(
    ("after", "said"),
    [(timedelta(seconds=-1), ""), (timedelta(0), ""), (timedelta(seconds=1), "1 second late"), (timedelta(microseconds=1), "1 second late"),
     (timedelta(seconds=59), "59 seconds late"), (timedelta(minutes=1), "1 minute late"),
     (timedelta(minutes=59, seconds=59), "59 minutes late"),
     (timedelta(hours=1), "1 hour late"), (timedelta(hours=23, minutes=59), "23 hours late"), (timedelta(days=1), "1 day late"),
     (timedelta(days=2, hours=5), "2 days late")],
)  # fmt: skip
def test_exactly_on_time_is_not_late_and_a_second_later_is(after, said):
    assert in_words(late_by(DUE + after, DUE)) == said


@pytest.mark.parametrize(
    ("at", "state"),
    [(-100, "soon"), (-10, "open"), (0, "open"), (1, "late"), (50, "late"), (51, "closed")],
)
def test_work_is_taken_from_the_opening_to_the_cut_off_both_included(at, state):
    window = Window(DUE - timedelta(seconds=10), DUE, DUE + timedelta(seconds=50))
    assert window.state(DUE + timedelta(seconds=at)) == state


def test_without_dates_work_is_always_taken():
    assert Window(None, None, None).state(DUE) == "open"
