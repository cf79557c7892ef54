"""Pseudo-locales, for developers: the English texts changed in memory so that faults of screens can be seen before there is a translation.

`en_XA` is long and accented, `ar_XB` runs from right to left, and `en_XM` puts marks around every translated text, so that a test finds the
others. They are offered only where `LMS_LOCALES` names them. Placeholders and markup stay as they are. The codes are of the regions
that ISO 3166 leaves to private use.
"""

import gettext
import re
from collections.abc import Callable
from functools import cache

LONG, RIGHT_TO_LEFT, MARKED = "en_XA", "ar_XB", "en_XM"
NAMES = {LONG: "English, long", RIGHT_TO_LEFT: "English, right to left", MARKED: "English, marked"}
CLDR = {LONG: "en", RIGHT_TO_LEFT: "en", MARKED: "el"}
"""Whose dates, numbers and names of countries they show. Those of the marked one are Greek, to be told from words nobody translated."""
MARKS = "⟦⟧"

_KEPT = re.compile(r"(%%|\{\{|\}\}|\{[^{}]*\}|%\(\w+\)[#0\- +]?\w|%[sd]|</?\w[^<>]*>|&#?\w+;)")
_ACCENTED = str.maketrans("aceinosuyzACEINOSUYZ", "àçéîñöšûýžÀÇÉÎÑÖŠÛÝŽ")
_FILLER = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LONGER = 0.5


def lengthened(message: str) -> str:
    """Half as long again, accented, in brackets: "[Šávé one]"."""
    parts = _KEPT.split(message)
    letters = sum(len(text) for text in parts[::2])
    parts[::2] = [text.translate(_ACCENTED) for text in parts[::2]]
    return f"[{''.join(parts)}{_filling(round(letters * _LONGER) - 2)}]"


def _filling(length: int) -> str:
    """So many letters in words, so that lines break as they would."""
    filling, number = "", 0
    while len(filling) < length:
        filling += f" {_FILLER[number % len(_FILLER)]}"
        number += 1
    return filling


def turned(message: str) -> str:
    """Every word written from right to left by U+202E, which ends at the word so that lines can break."""
    parts = _KEPT.split(message)
    parts[::2] = [re.sub(r"\S+", "\u202e\\g<0>\u202c", text) for text in parts[::2]]
    return "".join(parts)


def marked(message: str) -> str:
    """Marks around every piece of text. What is filled in stands outside: it has marks of its own, or was not translated."""
    parts = _KEPT.split(message)
    parts[::2] = [re.sub(r"\S(?:.*\S)?", f"{MARKS[0]}\\g<0>{MARKS[1]}", text, flags=re.DOTALL) for text in parts[::2]]
    return "".join(parts)


_CHANGES: dict[str, Callable[[str], str]] = {LONG: lengthened, RIGHT_TO_LEFT: turned, MARKED: marked}


class PseudoTranslations(gettext.NullTranslations):
    """Every English text, changed by a function."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = cache(lambda message: change(message) if message.strip() else message)

    def gettext(self, message: str) -> str:
        """The changed text."""
        return self._change(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The changed text for this number of things."""
        return self._change(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        """The changed text, whatever the context."""
        return self._change(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        """The changed text for this number of things, whatever the context."""
        return self.ngettext(msgid1, msgid2, n)


def translations(code: str) -> PseudoTranslations | None:
    """The texts of a pseudo-locale; None for a real one."""
    return PseudoTranslations(_CHANGES[code]) if code in _CHANGES else None
