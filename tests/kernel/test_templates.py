"""Templates: translated when they are compiled, and what is shown is escaped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound

from lms.kernel import i18n, templates
from lms.kernel.paths import resource

CATALOGUE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Quince"
msgstr "Membrillo <b>&</b>"

msgid "Hello %(name)s"
msgstr "Hola %(name)s <i>"

msgid "Nobody translated"
msgstr ""

msgid "Sign in"
msgstr "Something else"

msgctxt "fruit"
msgid "Lime"
msgstr "Lima"
"""


@pytest.fixture(autouse=True)
def orchard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the templates of a plugin "orchard", with its own catalogue."""
    monkeypatch.setattr(i18n, "_folders", [])
    monkeypatch.setattr(templates, "_plugin_folders", {})
    folder = tmp_path / "locale" / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "orchard.po").write_text(CATALOGUE, "utf-8")
    (tmp_path / "templates").mkdir()
    i18n.register_catalogue(tmp_path / "locale", "orchard")
    i18n.register_templates("orchard", tmp_path / "templates")
    yield tmp_path / "templates"
    monkeypatch.undo()
    i18n.forget()


def show(folder: Path, source: str, code: str = "es", file: str = "page.html", **values: object) -> str:
    (folder / file).write_text(source, "utf-8")
    text: str = i18n.environment(code).get_template(f"orchard/{file}").render(**values)
    return text


def test_a_plugin_has_a_catalogue_of_its_own_name(orchard: Path) -> None:
    assert show(orchard, "{{ _('Quince') }}") == "Membrillo &lt;b&gt;&amp;&lt;/b&gt;"
    assert show(orchard, "{{ _('Quince') }}", "en", "english.html") == "Quince"


def test_what_nobody_translated_stays_as_written(orchard: Path) -> None:
    assert show(orchard, "{{ _('Nobody translated') }}, {{ _('Nobody heard of') }}") == "Nobody translated, Nobody heard of"


def test_the_words_of_the_suite_win_over_a_plugins(orchard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "suite" / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "lms.po").write_text(CATALOGUE.replace("Something else", "Entrar").replace('"Quince"', '"Pear"'), "utf-8")
    monkeypatch.setattr(i18n, "resource", lambda name: tmp_path / "suite")
    i18n.forget()
    assert i18n.translations("es").gettext("Sign in") == "Entrar"
    assert i18n.translations("es").gettext("Quince") == "Membrillo <b>&</b>"


def test_one_word_with_two_meanings_is_told_apart(orchard: Path) -> None:
    assert show(orchard, "{{ pgettext('fruit', 'Lime') }}") == "Lima"


def test_values_in_a_translation_are_escaped_in_every_way_of_writing_it(orchard: Path) -> None:
    for number, source in enumerate(("{{ _('Hello %(name)s', name=name) }}", "{% trans %}Hello {{ name }}{% endtrans %}")):
        shown = show(orchard, source, file=f"{number}.html", name="<script>")
        assert "&lt;script&gt;" in shown
        assert "<script>" not in shown


def test_a_mail_is_plain_text_and_keeps_its_signs(orchard: Path) -> None:
    assert show(orchard, "{{ _('Quince') }} {{ x }}", file="mail.txt", x="<&>") == "Membrillo <b>&</b> <&>"


def test_a_plugin_cannot_replace_a_page_of_the_suite(orchard: Path) -> None:
    i18n.register_templates("errors", orchard)
    (orchard / "404.html").write_text("nothing to see")
    assert "nothing to see" not in i18n.environment("en").get_template("errors/404.html").render.__self__.filename


def test_a_template_that_is_not_there_is_an_error(orchard: Path) -> None:
    with pytest.raises(TemplateNotFound):
        i18n.environment("en").get_template("orchard/../../secret.html")


@pytest.mark.parametrize("code", ["en", "es"])
def test_every_template_of_the_suite_compiles_in_every_language(code: str) -> None:
    environment = i18n.environment(code)
    for name in environment.list_templates(extensions=["html", "txt"]):
        environment.get_template(name)


def test_no_template_says_what_the_policy_would_refuse() -> None:
    """Inline scripts and styles do nothing under our Content-Security-Policy."""
    for path in resource("templates").rglob("*.html"):
        text = path.read_text("utf-8")
        if path.parent.name == "mail" or ("<html" in text and path.name != "base.html"):
            continue  # a mail, or a document to be printed: our policy does not stand before it
        assert not [bad for bad in (" style=", "<style", " onclick=", " onsubmit=", "javascript:", "<script>") if bad in text], path
