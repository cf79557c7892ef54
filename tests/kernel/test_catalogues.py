"""The catalogues hold every text, come out the same everywhere, and are refused when they would show nonsense."""

import re
from pathlib import Path

import pytest

from lms.kernel.catalogues import entries, extracted, main, problems

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("es", "fr", "pt")
CODE = """from lms.kernel.i18n import N_, _, counted, ngettext, pgettext, pgettext_lazy
title = N_("Seats")
text = _("{seats} seats are free")
counted = ngettext("one seat", "{n} seats", 2)
word = pgettext("month", "May")
state = pgettext_lazy("door", "Open")
said = counted("{n} door", "{n} doors", 2)
"""
PAGE = '{{ _("Hello, %(name)s", name=name) }}{{ pgettext("shop", "Open") }}{% trans %}\n  A long\n  <b>text</b>\n{% endtrans %}'


@pytest.fixture
def checkout(tmp_path) -> Path:
    for folder in ("lms/courses/templates", "templates/mail", *(f"locale/{language}/LC_MESSAGES" for language in LANGUAGES)):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lms/courses/seats.py").write_text(CODE)
    (tmp_path / "templates/page.html").write_text(PAGE)
    (tmp_path / "templates/mail/note.txt").write_text("Subject: {{ _('News') }}")
    (tmp_path / "lms/courses/templates/more.html").write_text("{{ _('More') }}")
    for language in LANGUAGES:
        catalogue(tmp_path, language).write_text("")
    assert main(["extract"], tmp_path) == 0
    return tmp_path


def catalogue(root: Path, language: str = "es") -> Path:
    return root / f"locale/{language}/LC_MESSAGES/lms.po"


def translate(root: Path, **changes: str) -> None:
    """Translate every text into itself in each language, and into Spanish as `changes` say, keyed by the first word."""
    for language in LANGUAGES:
        _translate(catalogue(root, language), changes if language == "es" else {})


def _translate(path: Path, changes: dict[str, str]) -> None:
    text = path.read_text()
    header, body = text.split("\n\n", 1)
    done = []
    for entry in body.split("\n\n"):
        match = re.search(r'^msgid "(.*)"', entry, re.M)
        assert match
        own = changes.get(match[1].split()[0].strip("{},"), match[1])
        plural = re.search(r'^msgid_plural "(.*)"', entry, re.M)
        entry = entry.replace('msgstr[0] ""', f'msgstr[0] "{own}"').replace('msgstr ""', f'msgstr "{own}"')
        done.append(entry.replace('msgstr[1] ""', f'msgstr[1] "{plural[1]}"') if plural else entry)
    path.write_text(header + "\n\n" + "\n\n".join(done))


def test_every_marked_text_is_found_and_nothing_of_this_machine(checkout):
    text = catalogue(checkout).read_text()
    for message in ("Seats", "{seats} seats are free", "one seat", "Hello, %(name)s", "A long <b>text</b>", "News", "More", "May"):
        assert f'"{message}"' in text
    assert [context in text for context in ('msgctxt "month"', 'msgctxt "door"', 'msgctxt "shop"')] == [True] * 3
    assert "#: lms/courses/seats.py\n" in text
    assert str(checkout) not in text
    assert "Date" not in text


def test_extracting_again_changes_nothing_and_keeps_translations(checkout):
    translate(checkout)
    before = catalogue(checkout).read_text()
    assert main(["extract"], checkout) == 0
    assert catalogue(checkout).read_text() == before
    assert main(["check"], checkout) == 0


def test_what_is_not_translated_is_named(checkout, capsys):
    assert main(["check"], checkout) == 1
    assert "not translated: 'News'" in capsys.readouterr().out
    assert main(["missing", "es"], checkout) == 0
    assert 'msgid "News"' in capsys.readouterr().out


def test_a_new_text_makes_the_catalogue_out_of_date_and_an_old_one_goes(checkout, capsys):
    translate(checkout)
    (checkout / "templates/mail/note.txt").write_text("{{ _('Newer') }}")
    assert main(["check"], checkout) == 1
    assert "out of date" in capsys.readouterr().out
    main(["extract"], checkout)
    assert '"News"' not in catalogue(checkout).read_text()
    assert "fuzzy" not in catalogue(checkout).read_text()


@pytest.mark.parametrize(
    "changes", [{"seats": "{asientos} libres"}, {"seats": "asientos libres"}, {"Hello": "Hola, %(nombre)s"}, {"one": "{m} asiento"}]
)
def test_a_translation_with_other_placeholders_is_refused(checkout, capsys, changes):
    translate(checkout, **changes)
    main(["extract"], checkout)
    capsys.readouterr()
    assert main(["check"], checkout) == 1
    assert "placeholders" in capsys.readouterr().out


@pytest.mark.parametrize("own", ["A long text", "A long <i>text</i>", "A long <b>text</b> <b>text</b>"])
def test_a_translation_with_other_markup_is_refused(checkout, capsys, own):
    translate(checkout, A=own)
    main(["extract"], checkout)
    capsys.readouterr()
    assert main(["check"], checkout) == 1
    assert "other tags" in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('msgid "News"', '#, fuzzy\nmsgid "News"', "unsure (fuzzy): 'News'"),
        ('msgid "News"\nmsgstr "News"', 'msgid "News"\nmsgstr ""', "not translated: 'News'"),
        ('msgstr[1] "{n} seats"\n', "", "not translated: 'one seat'"),
        ("nplurals=2", "nplurals=1", "out of date"),
    ],
    ids=["unsure", "missing", "a plural form too few", "plural forms of another language"],
)
def test_what_is_wrong_in_one_language_is_found_in_that_language(checkout, capsys, language, good, bad, said):
    translate(checkout)
    path = catalogue(checkout, language)
    text = path.read_text()
    path.write_text(text.replace(good, bad))
    assert path.read_text() != text
    assert main(["check"], checkout) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("locale/")]
    assert [line for line in told if said in line]
    assert {line.partition(": ")[0] for line in told} == {f"locale/{language}/LC_MESSAGES/lms.po"}


def test_a_plugin_keeps_its_own_catalogue_in_the_same_way(tmp_path, capsys):
    own = tmp_path / "orchard" / "locale" / "es" / "LC_MESSAGES" / "orchard.po"
    own.parent.mkdir(parents=True)
    own.write_text("")
    (tmp_path / "orchard" / "fruit.py").write_text("from lms.kernel.i18n import N_\nname = N_('Quince')\n")
    (tmp_path / "orchard" / "templates").mkdir()
    (tmp_path / "orchard" / "templates" / "fruit.html").write_text("{{ _('Medlar') }}")
    assert main(["extract", str(tmp_path / "orchard")]) == 0
    assert "#: templates/fruit.html" in own.read_text()
    own.write_text(re.sub(r'msgid "(\w+)"\nmsgstr ""', r'msgid "\1"\nmsgstr "\1"', own.read_text()))
    assert main(["check", str(tmp_path / "orchard")]) == 0
    (tmp_path / "orchard" / "fruit.py").write_text("")
    assert main(["check", str(tmp_path / "orchard")]) == 1


@pytest.fixture(scope="module")
def texts():
    return extracted(ROOT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_suite_is_translated_as_a_whole(texts, language):
    assert problems(catalogue(ROOT, language), texts) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_suite_does_not_shout(language):
    said = [(message.id, message.string) for message in entries(catalogue(ROOT, language))]
    assert [text for pair in said for text in pair if "!" in str(text) or "¡" in str(text)] == []


def test_how_to_use_it_is_said(capsys):
    assert main(["nonsense"]) == 2
    assert "extract|check|missing" in capsys.readouterr().out
