"""Where people type more than a line, their browser keeps it until it arrived."""

import re

import pytest

from lms.kernel.paths import resource

SAMPLES = ("components", "styleguide.html")
"""What is shown there is never sent."""
WITH_TEXT = sorted(
    path
    for path in resource("templates").rglob("*.html")
    if not {*SAMPLES} & {*path.parts} and re.search(r"<textarea|\btextarea\(", path.read_text())
)


@pytest.mark.parametrize("path", WITH_TEXT, ids=lambda path: str(path.relative_to(resource("templates"))))
def test_every_form_with_a_text_area_keeps_what_is_typed(path):
    """Read in order: the form that a text area stands in is the one that was opened last."""
    text, keeps, lost = path.read_text(), False, []
    for found in re.finditer(r"<form\b[^>]*>|call confirm\(.*?%}|<textarea[^>]*|\btextarea\([^\n]*", text):
        piece = found.group()
        if piece.startswith(("<form", "call")):
            keeps = "data-keep" in piece or "keep=" in piece
        elif "readonly" not in piece and not keeps:
            lost.append(piece[:80])
    assert not lost
