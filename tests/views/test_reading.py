"""What the walks read of a page, and which of it they take for a fault."""

from tests.views.reading import Data, pieces, untranslated


def test_what_is_not_translated_is_found_and_data_is_not():
    data = Data(["Rosa", "Quispe 3", "A text with **strong** words.", "waiting_list", "Save the date"])
    page = '<title>⟦Home⟧ · Aula Sur</title><p title="Tip">⟦Hello,⟧ Rosa Quispe 3</p><input type="submit" value="Send"><p>Save</p>'
    assert untranslated(pieces(page), data) == ["Tip", "Send", "Save"]
    assert untranslated(["strong", "⟦State:⟧ waiting", "America/Lima", "31 Μαρ 2026", "MINE-1 · 3 MB", "RQ"], data) == ["⟦State:⟧ waiting"]
