"""Nobody who visits the demo meets a text that translators never saw."""

import pytest

from lms.app import create_app
from lms.kernel import pseudo
from tests.views.reading import Data, pieces, untranslated
from tests.views.screens import ROLES, Crawl


@pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
def test_every_screen_of_every_role_is_translated(campus):
    campus.settings.locales = ["en", pseudo.MARKED]
    app, data = create_app(campus), Data.of(campus)
    found: dict[str, str] = {}
    for role in ROLES:
        for screen, html in Crawl(campus, app, role, pseudo.MARKED).pages():
            assert "⟦" in html, screen
            found |= dict.fromkeys(untranslated(pieces(html), data), f"{role}: {screen.path}")
    assert not found, "\n".join(f"{text!r}  {where}" for text, where in found.items())
