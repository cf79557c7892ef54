"""What people see or hear of a page in the marked pseudo-locale, and which of it is neither translated nor data."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select

from lms.kernel import backup, pseudo, richtext
from lms.kernel.campus import Campus
from lms.kernel.pseudo import MARKS

SAID = ("alt", "title", "aria-label", "aria-description", "placeholder", "label", "data-label", "data-phrase")
SILENT = ("script", "style", "code", "kbd")
"""What is written the same in every language."""
NAMES_AND_FORMATS = (
    "Aula Sur", "CSV", "XLSX", "Windows", "UTF", "PDF", "ZIP", "JSON", "PNG", "JPEG", "SVG", "Markdown", "CommonMark", "UTC", "MB", "kB",
    "ISO", "SHA-256", "WCAG", "QR", "API", "URL", "https", "http", "HTTP", "HMAC", "Apache", "Moodle", "Excel", "OpenAPI", "English",
    "Español", "español", *pseudo.NAMES.values(), "role.", "Aa",
)  # fmt: skip
"""Proper names, formats and units; languages are named in themselves in the switch at the head of every page."""
_PATTERNS = (
    r"\S+@\S+|https?://\S+|\b[\w.-]+\.(?:org|example|test|invalid)\b|/[\w/.{}?=&:+#-]+",  # addresses
    r"\b[0-9a-f]{8,}\b|\b(?=[\w-]*\d)[\w-]+\b",  # checksums, codes and numbers
    r"\b[a-z]+(?:[._][a-z]+)+\b",  # words for programs
    r"\b[A-Z]{1,2}\b",  # initials
    r"\b(?:[\w-]*\.)?(?i:csv|tsv|pdf|txt|md|rtf|docx?|od[tps]|pptx|zip|xlsx|html|json|png|jpe?g|svg)\b",  # files
)
_ZONE = re.compile(r"^[A-Z]\w+(?:/[A-Z][\w+-]*(?: \w+)*)+$")
_CITIES = re.compile(r"\((?:" + "|".join(sorted({z.rpartition("/")[2].replace("_", " ") for z in available_timezones()})) + r")\)")
_KNOWN = re.compile("|".join(_PATTERNS))
_TRANSLATED = re.compile(f"{MARKS[0]}[^{MARKS}]*{MARKS[1]}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]{2,}")


class _Pieces(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._silent += tag in SILENT
        self.found += [given[name] for name in SAID if name in given and not (name == "title" and tag == "link")]
        if tag == "meta" and given.get("name") == "description":
            self.found.append(given["content"])
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            self.found.append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data)


def pieces(html: str) -> list[str]:
    """Every text of a page: between its tags, and in the attributes that are shown or read out."""
    reader = _Pieces()
    reader.feed(html)
    return [" ".join(piece.split()) for piece in reader.found if piece.strip()]


class Data:
    """Every text that somebody wrote into the database, to be told from those of the suite."""

    def __init__(self, values: Iterable[str]) -> None:
        self._by_first: dict[str, set[str]] = defaultdict(set)
        for value in values:
            for piece in _shown(value):
                if words := _WORD.findall(piece):
                    self._by_first[words[0]].add(piece)

    @classmethod
    def of(cls, campus: Campus, *more: str, leaving_out: str = "") -> "Data":
        """What is in the database now, but for a table."""
        with campus.database.reading() as session:
            rows = [row._mapping for table in backup.tables() if table.name != leaving_out for row in session.execute(select(table))]
        names = [f"{row['given_name']} {row['family_name']}" for row in rows if "given_name" in row]
        codes = [row["code"] for row in rows if "code" in row]
        return cls([*more, *names, *codes, *(text for row in rows for cell in row.values() for text in _texts(cell))])

    def without(self, text: str) -> str:
        """The text without the pieces of data in it, the longest first."""
        candidates = {value for word in _WORD.findall(text) for value in self._by_first.get(word, ()) if value in text}
        for value in sorted(candidates, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " ", text)
        return text


def _texts(cell: Any) -> Iterator[str]:
    """The texts in a cell; words for states, such as `waiting_list`, are none: they must be shown in the reader's language."""
    if isinstance(cell, str) and not re.fullmatch(r"[a-z_.]{1,30}", cell):
        yield cell
    elif isinstance(cell, dict):
        yield from (text for value in cell.values() for text in _texts(value))
    elif isinstance(cell, list):
        yield from (text for value in cell for text in _texts(value))


def _shown(value: str) -> Iterator[str]:
    yield " ".join(value.split())
    if "\n" in value or re.search(r"[*_#\[\]`<|]", value):
        yield from pieces(value if value.lstrip().startswith("<") else richtext.render(value))
        yield from (" ".join(line.split()) for line in value.splitlines())


def untranslated(texts: Iterable[str], data: Data) -> list[str]:
    """Those of the texts with words that are neither between marks, nor data, nor names of ours and formats."""
    return [text for text in dict.fromkeys(texts) if _LATIN.search(_rest(text, data))]


def _rest(text: str, data: Data) -> str:
    rest = _KNOWN.sub(" ", _CITIES.sub(" ", data.without(_ZONE.sub(" ", _TRANSLATED.sub(" ⁂ ", text)))))
    for name in sorted(NAMES_AND_FORMATS, key=len, reverse=True):
        rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", rest)
    return rest
