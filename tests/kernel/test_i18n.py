"""Texts, names, dates and numbers in the reader's language."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from jinja2 import UndefinedError
from pydantic import BaseModel

from lms.kernel import i18n, templates
from lms.kernel.i18n import N_, LazyText, _, format_date, format_datetime, format_number, format_percent, negotiate, ngettext, using

CATALOGUE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Zebra crossing"
msgstr "Paso <de> cebra"

msgid "%(n)s zebra"
msgid_plural "%(n)s zebras"
msgstr[0] "%(n)s cebra"
msgstr[1] "%(n)s cebras"

#, fuzzy
msgid "Zebra unsure"
msgstr "No"

msgid "Zebra, <b>bold</b>"
msgstr "Cebra, <b>negrita</b>"
"""


@pytest.fixture(autouse=True)
def catalogue(tmp_path, monkeypatch):
    folder = tmp_path / "locale" / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "lms.po").write_text(CATALOGUE, "utf-8")
    monkeypatch.setattr(i18n, "_folders", [])
    monkeypatch.setattr(templates, "_plugin_folders", {})
    i18n.register_catalogue(tmp_path / "locale")
    (tmp_path / "pages").mkdir()
    i18n.register_templates("zoo", tmp_path / "pages")
    yield tmp_path
    monkeypatch.undo()
    i18n.forget()


def test_a_plugins_own_catalogue_is_used_and_unsure_translations_are_not():
    assert _("Zebra crossing") == "Zebra crossing"
    with using("es"):
        assert _("Zebra crossing") == "Paso <de> cebra"
        assert _("Zebra unsure") == "Zebra unsure"
        assert [ngettext("%(n)s zebra", "%(n)s zebras", n) for n in (1, 2)] == ["%(n)s cebra", "%(n)s cebras"]
    with using("es_PE"):
        assert _("Zebra crossing") == "Paso <de> cebra"


def test_a_lazy_text_speaks_the_language_of_the_moment_in_which_it_is_shown():
    text = N_("Zebra crossing")

    class Sign(BaseModel):
        text: LazyText

    with using("es"):
        assert (str(text), f"{text:>16}") == ("Paso <de> cebra", " Paso <de> cebra")
        assert Sign(text=text).model_dump() == {"text": "Paso <de> cebra"}
        assert Sign.model_validate({"text": "Zebra crossing"}).model_dump_json() == '{"text":"Paso <de> cebra"}'
    assert N_("{n} seats").format(n=3) == "3 seats"
    assert (N_("a") == N_("a"), N_("a") == "a") == (True, False)


def test_another_thread_keeps_its_own_language():
    heard: list[str] = []
    with using("es"):
        thread = threading.Thread(target=lambda: heard.append(i18n.locale()))
        thread.start()
        thread.join()
    assert heard == ["en"]


def test_templates_hold_the_translation_escaped_and_blocks_keep_their_markup(catalogue):
    (catalogue / "pages" / "sign.html").write_text(
        '{{ _("Zebra crossing") }}|{% trans %}Zebra, <b>bold</b>{% endtrans %}|'
        "{% trans n=2 %}{{ n }} zebra{% pluralize %}{{ n }} zebras{% endtrans %}|{{ _('100%% of') }}"
    )
    template = i18n.environment("es").get_template("zoo/sign.html")
    assert template.render() == "Paso &lt;de&gt; cebra|Cebra, <b>negrita</b>|2 cebras|100% of"
    assert "gettext" not in i18n.environment("es").compile("{{ _('Zebra crossing') }}", raw=True).split("def root")[1]


def test_a_name_that_a_page_was_not_given_is_an_error(catalogue):
    (catalogue / "pages" / "sign.html").write_text("{{ nobody }}")
    with pytest.raises(UndefinedError):
        i18n.environment("en").get_template("zoo/sign.html").render()


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("es-PE,es;q=0.9,en;q=0.8", "es"), ("fr", "en"), ("", "en"), ("en;q=0.1, es;q=0.5", "es"), ("es;q=0", "en"),
        ("de, pt-PT", "pt_BR"), ("PT-br", "pt_BR"), ("es;q=x", "en"), ("*", "en"), (",;,", "en"),
    ],
)  # fmt: skip
def test_the_browser_and_the_site_agree_on_a_language(header, chosen):
    assert negotiate(header, ["en", "es", "pt_BR"]) == chosen


def test_an_instant_says_whose_clock_it_is_read_on():
    moment = datetime(2026, 3, 31, 3, 5, tzinfo=UTC)
    with using("es"):
        assert format_datetime(moment, "America/Lima") == "30 mar 2026, 22:05 (Lima)"
        assert format_datetime(moment, "Europe/London").endswith("(Londres)")
        assert format_date(moment, "America/Lima") == "30 mar 2026"
    assert format_datetime(moment, "America/Argentina/Buenos_Aires").endswith("(Buenos Aires)")
    assert format_datetime(moment, "UTC").endswith("(UTC)")
    assert format_datetime(moment, "Mars/Olympus").endswith("(UTC)")
    assert format_date(date(2026, 3, 31)) == "Mar 31, 2026"
    assert format_date(None) == format_datetime(None) == ""


def test_numbers_and_names_are_written_as_in_the_readers_country():
    assert (format_number(1234567), format_percent(0.755), format_percent(Decimal("0.755"), 1), format_percent(1)) == (
        "1,234,567", "76%", "75.5%", "100%",
    )  # fmt: skip
    with using("es"):
        assert format_number(Decimal("1234567.5")) == "1.234.567,5"
        assert (i18n.country_name("pe"), i18n.country_name("BR"), i18n.country_name("ZZZ")) == ("Perú", "Brasil", "ZZZ")
        assert (i18n.language_name("en"), i18n.language_name("xx-unknown"), i18n.language_name(None)) == ("inglés", "xx-unknown", "")
    assert (i18n.text_direction("ar"), i18n.text_direction("es")) == ("rtl", "ltr")
