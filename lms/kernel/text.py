"""Text as people type it: tidied for keeping, folded for search."""

import secrets
import unicodedata

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "ng", "’": "'", "ʼ": "'"}
)
_CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without the letters and digits that people mistake for each other
_LIKE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def fold(text: str) -> str:
    """Lower case, without accents, single spaces: what search compares. Scripts without accents stay as they are."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    # Only the marks of European scripts go: in Bengali or Amharic such marks are letters.
    bare = "".join(character for character in plain if not "\u0300" <= character <= "\u036f")
    return " ".join(unicodedata.normalize("NFKC", bare).translate(_LETTERS).split())


def tidy(text: str) -> str:
    """One line as it is kept: composed (NFC), single spaces, no control characters or invisible direction marks."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # the same, at a tenth of the cost: files hold a million of them
    kept = (" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
    return " ".join(
        "".join(
            c
            for c in kept
            if unicodedata.category(c) != "Cc" and c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b"
        ).split()
    )


def tidy_lines(text: str) -> str:
    """Text of several lines as it is kept: line ends of one kind, nothing around it, no character that a database refuses."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def contains(word: str) -> str:
    """A LIKE pattern (escape character: backslash) for text that holds this word."""
    return f"%{word.translate(_LIKE)}%"


def random_code(length: int = 10) -> str:
    """A short public code that nobody can guess: 10 characters are 49 bits."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(length))
