"""Which scripts the fonts of this machine can draw: a name that they cannot would be a row of boxes on a certificate."""

import warnings
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

SAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "Latin": "Añã čő", "Cyrillic": "Жук", "Greek": "Αθήνα", "Arabic": "مرحبا", "Hebrew": "שלום", "Devanagari": "नमस्ते",
        "Bengali": "বাংলা", "Tamil": "தமிழ்", "Sinhala": "සිංහල", "Thai": "ไทย", "Khmer": "ខ្មែរ", "Burmese": "မြန်မာ",
        "Ethiopic": "አማርኛ", "Chinese": "中文", "Japanese": "日本かな", "Korean": "한국어",
    }
)  # fmt: skip
"""A few letters of each script."""


def missing_scripts(samples: Mapping[str, str]) -> list[str]:
    """Those of the scripts for whose letters Pango finds no glyphs. Raises OSError where Pango itself is missing."""
    drawing = _pango()
    fonts = drawing.pangoft2.pango_ft2_font_map_new()
    context = drawing.pango.pango_font_map_create_context(fonts)
    try:
        return [script for script, letters in samples.items() if _unknown(drawing, context, letters.encode())]
    finally:
        drawing.gobject.g_object_unref(context)
        drawing.gobject.g_object_unref(fonts)


@cache
def _pango() -> Any:
    """WeasyPrint's own door to Pango: so the question is about the very fonts that documents are drawn with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from weasyprint.text import ffi as drawing
    drawing.ffi.cdef("int pango_layout_get_unknown_glyphs_count (PangoLayout *layout);")  # may be said only once
    return drawing


def _unknown(drawing: Any, context: Any, letters: bytes) -> bool:
    layout = drawing.pango.pango_layout_new(context)
    try:
        drawing.pango.pango_layout_set_text(layout, letters, len(letters))
        return bool(drawing.pango.pango_layout_get_unknown_glyphs_count(layout))
    finally:
        drawing.gobject.g_object_unref(layout)
