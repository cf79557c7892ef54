"""The course total: what is always true of it, and the figures of people."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.grading.gradebook import Score, final_total, half_up, running_total

calmly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no finding
hundredths = st.integers(0, 100_000).map(lambda n: Decimal(n).scaleb(-2))
mosts = st.integers(1, 100_000).map(lambda n: Decimal(n).scaleb(-2))


@st.composite
def scores(draw, graded: bool = False) -> Score:
    most = draw(mosts)
    points = Decimal(draw(st.integers(0, int(most * 100)))).scaleb(-2)
    missing = not graded and draw(st.booleans())
    return Score(None if missing else points, most, draw(hundredths), draw(st.booleans()))


books = st.lists(scores(), max_size=12)
full_books = st.lists(scores(graded=True), min_size=1, max_size=12)


@calmly
@given(books)
def test_totals_lie_between_0_and_100_and_have_two_decimals(book):
    for total in (running_total(book), final_total(book)):
        assert total is None or (0 <= total <= 100 and total == total.quantize(Decimal("0.01")))


@calmly
@given(books, st.randoms())
def test_the_order_of_items_does_not_matter(book, random):
    shuffled = list(book)
    random.shuffle(shuffled)
    assert (running_total(shuffled), final_total(shuffled)) == (running_total(book), final_total(book))


@calmly
@given(books, st.integers(1, 10_000).map(lambda n: Decimal(n).scaleb(-2)))
def test_only_the_proportions_of_weights_matter(book, factor):
    scaled = [Score(s.points, s.most, s.weight * factor, s.required) for s in book]
    assert (running_total(scaled), final_total(scaled)) == (running_total(book), final_total(book))


@calmly
@given(full_books, st.data())
def test_more_points_never_lower_a_total(book, data):
    place = data.draw(st.integers(0, len(book) - 1))
    old = book[place]
    assert old.points is not None
    more = data.draw(st.integers(int(old.points * 100), int(old.most * 100))) / Decimal(100)
    better = [*book[:place], Score(more, old.most, old.weight, old.required), *book[place + 1 :]]
    for total in (running_total, final_total):
        before, after = total(book), total(better)
        assert before is None or (after is not None and after >= before)


@calmly
@given(full_books)
def test_all_full_is_100_and_all_empty_is_0(book):
    full = [Score(s.most, s.most, s.weight, s.required) for s in book]
    none = [Score(Decimal(0), s.most, s.weight, s.required) for s in book]
    counts = any(s.weight for s in book)
    assert running_total(full) == final_total(full) == (Decimal(100) if counts else None)
    assert running_total(none) == final_total(none) == (Decimal(0) if counts else None)


@calmly
@given(full_books)
def test_without_missing_grades_the_two_totals_agree(book):
    assert running_total(book) == final_total(book)


@calmly
@given(books)
def test_the_final_total_never_exceeds_the_running_one(book):
    running, final = running_total(book), final_total(book)
    assert running is None or (final is not None and final <= running)


@calmly
@given(st.fractions(0, 100))
def test_rounding_is_half_up_and_off_by_half_a_hundredth_at_most(value):
    rounded = half_up(value)
    assert Fraction(-1, 200) < Fraction(rounded) - value <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("book", "running", "final"),
    [
        ([("16", "20", "1")], "80", "80"),
        ([("16", "20", "1"), (None, "10", "1")], "80", "40"),
        ([("16", "20", "3"), ("5", "10", "1")], "72.5", "72.5"),
        ([(None, "20", "1")], None, "0"),
        ([("16", "20", "0")], None, None),
        ([], None, None),
        ([("1", "3", "1")], "33.33", "33.33"),
        ([("2", "3", "1")], "66.67", "66.67"),
        ([("82.125", "100", "1")], "82.13", "82.13"),  # half to even would say 82.12
        ([("0.005", "100", "1")], "0.01", "0.01"),
        ([("1", "3", "1"), ("1", "3", "1"), ("1", "3", "1")], "33.33", "33.33"),  # rounded once, not three times
    ],
)
def test_totals_people_can_compute_by_hand(book, running, final):
    scored = [Score(None if p is None else Decimal(p), Decimal(m), Decimal(w)) for p, m, w in book]
    totals = (running_total(scored), final_total(scored))
    assert totals == tuple(None if t is None else Decimal(t) for t in (running, final))


def test_a_missing_grade_of_an_optional_item_is_left_out_of_the_final_total():
    required, optional = Score(Decimal(8), Decimal(10)), Score(None, Decimal(10), required=False)
    assert final_total([required, optional]) == Decimal(80)
    assert final_total([required, Score(Decimal(10), Decimal(10), required=False)]) == Decimal(90)
