"""The pseudo-locales: English that is long, that runs the other way, or that shows what nobody marked for translation."""

import re
from datetime import date

import pytest

from lms.kernel import i18n, pseudo
from lms.kernel.i18n import N_, _, format_date, format_number, ngettext, pgettext, using
from lms.settings import Settings

TEXTS = (
    "Save", "%(done)s of %(total)s done", "At most {max_length} characters.", "Zebra, <b class=\"x\">bold</b> &amp; tame",
    "Please write a date as year-month-day, for example 2026-03-31.", "100%% of {{braces}} stay", "A\nnew line",
)  # fmt: skip


@pytest.mark.parametrize("code", pseudo.NAMES)
@pytest.mark.parametrize("text", TEXTS)
def test_placeholders_and_markup_stay_as_they_are(code, text):
    kept = re.compile(r"%%|\{\{|\}\}|\{\w+\}|%\(\w+\)s|<[^<>]+>|&\w+;")
    with using(code):
        assert kept.findall(_(text)) == kept.findall(text)
        assert _(text) != text


def test_long_texts_are_half_as_long_again_and_accented():
    with using("en_XA"):
        assert _("Hand in your work") == "[Hàñd îñ ýöûr wörk one two]"
        assert 1.4 < len(_(TEXTS[4])) / len(TEXTS[4]) < 1.7


def test_a_text_can_be_seen_to_run_from_right_to_left():
    with using("ar_XB"):
        assert _("Hand in") == "\u202eHand\u202c \u202ein\u202c"
        assert i18n.text_direction() == "rtl"
        assert (format_date(date(2026, 3, 31)), format_number(1234)) == ("Mar 31, 2026", "1,234")


def test_marks_leave_out_what_is_filled_in():
    with using("en_XM"):
        assert _("Hello, %(name)s!") == "⟦Hello,⟧ %(name)s⟦!⟧"
        assert str(N_("Save")) == "⟦Save⟧"
        assert [ngettext("one seat", "{n} seats", n) for n in (1, 2)] == ["⟦one seat⟧", "{n} ⟦seats⟧"]
        assert pgettext("month", "May") == "⟦May⟧"
        assert _("") == ""
        assert i18n.environment("en_XM").from_string("{% trans n=2 %}{{ n }} of <b>all</b>{% endtrans %}").render() == "2 ⟦of⟧ <b>⟦all⟧</b>"
        assert i18n.country_name("PE") == "Περού"


def test_they_are_offered_where_a_developer_names_them_and_nowhere_else():
    assert not set(Settings(_env_file=None).locales) & set(pseudo.NAMES)
    assert i18n.negotiate("ar,en-XA,en;q=0.5", Settings(_env_file=None).locales) == "en"
    assert i18n.negotiate("ar", Settings(locales="en,ar_XB", _env_file=None).locales) == "ar_XB"
    assert i18n.language_name("ar_XB", "ar_XB") == "English, right to left"
