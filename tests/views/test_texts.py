"""What templates and refusals say is marked for translation, also where no walk comes by."""

import re

import pytest
from jinja2 import Environment

from lms.kernel.errors import Refused
from lms.kernel.i18n import LazyText
from lms.kernel.paths import resource
from tests.views.reading import Data, pieces, untranslated

FOLDER = resource("templates")
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.suffix in (".html", ".txt"))


def plain(source: str) -> str:
    """A template without what is computed or translated."""
    kept, is_inside, is_translated = [], False, False
    for _line, token, text in Environment(extensions=["jinja2.ext.i18n"]).lex(source):
        if token == "block_begin":
            is_inside = True
        elif is_inside and token == "name" and text in ("trans", "endtrans"):
            is_translated = text == "trans"
        elif token == "block_end":
            is_inside = False
        elif token == "data" and not is_translated:
            kept.append(text)
        elif token == "variable_begin":
            kept.append(" ")
    return "".join(kept)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_no_words_of_its_own(name):
    text = plain((FOLDER / name).read_text("utf-8"))
    found = pieces(text) if name.endswith(".html") else text.splitlines()
    words = [piece.removeprefix("Subject:") for piece in found if '="' not in piece]  # a macro may write attributes
    assert untranslated(words, Data([])) == []


def test_every_refusal_speaks_the_readers_language(plugins):
    """`plugins` loads every module that may refuse something."""
    classes, plain_texts = [Refused], []
    while classes:
        kind = classes.pop()
        classes += kind.__subclasses__()
        if kind.__module__.startswith("lms."):
            plain_texts += [f"{kind.__module__}.{kind.__name__}" for text in (kind.title, kind.message) if not isinstance(text, LazyText)]
    assert plain_texts == []


def test_words_of_a_template_are_found():
    source = '<h1>{{ _("Home") }}</h1>{% trans n=2 %}{{ n }} zebras{% endtrans %}<p title="Tip">Stay{# not this #}</p>'
    assert re.sub(r"\s+", " ", plain(source)) == '<h1> </h1> <p title="Tip">Stay</p>'
