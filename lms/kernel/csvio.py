"""CSV as people's spreadsheets write it, read line by line; and CSV that no spreadsheet runs as a formula, written line by line."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from lms.kernel import encodings
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_

CELL_LIMIT = 20_000
"""Characters in a cell, unless the caller sets another limit."""
COLUMN_LIMIT = 200
PIECE = 64 * 1024
BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?%?")
RECORD_LIMIT = 4_000_000
"""Characters in one line of data, its cells of several lines included; what is longer is a line at fault."""
RECORD_LINES = 2_000
_SEPARATOR = re.compile(r"sep=([,;\t|])", re.IGNORECASE)  # how Excel is told
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ERRORS = {"utf-8": "surrogateescape", "utf-8-sig": "surrogateescape", "utf-16": "surrogatepass", "windows-1252": "replace"}
csv.field_size_limit(RECORD_LIMIT + 1)  # ours is told by column and line


class CsvError(Refused):
    """A file that cannot be read. `line` is the line of the file, counted from 1."""

    status = 422
    title = N_("This file cannot be read")

    def __init__(self, *, line: int = 1, **facts: Any) -> None:
        self.line = line
        super().__init__(line=line, **facts)


class EmptyFile(CsvError):
    """There is no header."""

    message = N_("The file is empty: its first line must name the columns.")


class NotUtf8(CsvError):
    """The bytes are in some other encoding."""

    message = N_("Line {line} holds characters that are broken. In a spreadsheet program, save the file as “CSV UTF-8”.")


class UnknownColumns(CsvError):
    """Columns that the import does not know: a misspelt one must not be lost silently."""

    message = N_("These columns are not known: {columns}. Known are: {known}.")


class MissingColumns(CsvError):
    """Columns without which the import makes no sense."""

    message = N_("These columns are missing: {columns}.")


class RepeatedColumn(CsvError):
    """Two columns of one name, or a column without one."""

    message = N_("The column “{column}” is there twice, or a column has no name.")


class Malformed(CsvError):
    """Quotes or line ends that do not fit together."""

    message = N_("Line {line} is not well-formed: perhaps a quotation mark is missing.")


class TooManyCells(CsvError):
    """A line longer than the header."""

    message = N_("Line {line} has {cells} cells, but the header names {columns} columns.")


class CellTooLong(CsvError):
    """More text than a cell may hold."""

    message = N_("Line {line}: the text in “{column}” has more than {limit} characters.")


class ControlCharacter(CsvError):
    """Characters that no text has: a picture, or something typed by a machine."""

    message = N_("Line {line}: “{column}” holds a control character.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of data: its number in the file, its cells by column, and what is wrong with it, if anything."""

    number: int
    cells: dict[str, str]
    problem: CsvError | None = None
    raw: tuple[str, ...] = ()
    """The cells as they stood in the file, also those that are left out."""


@dataclass(frozen=True)
class Table:
    """The columns of a file, in its order, and its lines, read while they are asked for."""

    columns: tuple[str, ...]
    """As the caller knows them; empty for one that is left out."""
    delimiter: str
    rows: Iterator[Line] = field(repr=False)
    header: tuple[str, ...] = ()
    """As the file names them."""
    encoding: str = "utf-8"
    """utf-8, utf-8-sig (with a mark), utf-16, windows-1252; xlsx for a workbook."""

    def __iter__(self) -> Iterator[Line]:
        return self.rows


@dataclass(frozen=True, slots=True)
class Reading:
    """How the columns of a file are understood. `known` None: all are taken as they are."""

    known: Sequence[str] | None = None
    required: Sequence[str] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    """Name in the file, in small letters -> ours; empty: the column is left out."""
    cell_limit: int = CELL_LIMIT

    def columns(self, header: Sequence[str], line: int) -> tuple[str, ...]:
        """The columns of a header as we call them. Raises TooManyCells, RepeatedColumn, UnknownColumns, MissingColumns."""
        if len(header) > COLUMN_LIMIT:
            raise TooManyCells(line=line, cells=len(header), columns=COLUMN_LIMIT)
        if "" in header:
            raise RepeatedColumn(line=line, column="")
        columns = [self.synonyms.get(name, name) for name in header]
        taken = [name for name in columns if name]
        if repeated := next((name for name in taken if taken.count(name) > 1), None):
            raise RepeatedColumn(line=line, column=repeated)
        if self.known is not None and (unknown := [name for name in taken if name not in self.known]):
            raise UnknownColumns(line=line, columns=", ".join(unknown), known=", ".join(self.known))
        if missing := [name for name in self.required if name not in columns]:
            raise MissingColumns(line=line, columns=", ".join(missing))
        return tuple(columns)

    def line(self, number: int, raw: list[str], columns: Sequence[str]) -> Line | None:
        """One line of data; None for a blank one."""
        cells = [_plain(cell.strip()) for cell in raw]
        if not any(cells):
            return None
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()
        padded = cells + [""] * (len(columns) - len(cells))
        values = {name: cell for name, cell in zip(columns, padded, strict=False) if name}
        return Line(number, values, self._problem(number, len(cells), columns, values), tuple(raw))

    def _problem(self, number: int, count: int, columns: Sequence[str], values: Mapping[str, str]) -> CsvError | None:
        if count > len(columns):
            return TooManyCells(line=number, cells=count, columns=len(columns))
        for name, text in values.items():
            if len(text) > self.cell_limit:
                return CellTooLong(line=number, column=name, limit=self.cell_limit)
            if not text.isprintable() and (found := _CONTROL.search(text)):
                # A byte that was no text in the encoding of the file came as half a surrogate.
                is_byte = "\ud800" <= found[0] <= "\udfff"
                return NotUtf8(line=number) if is_byte else ControlCharacter(line=number, column=name)
        return None


def read(
    stream: BinaryIO | bytes,
    known: Sequence[str] | None = None,
    required: Sequence[str] = (),
    cell_limit: int = CELL_LIMIT,
    *,
    synonyms: Mapping[str, str] | None = None,
    encoding: str = "",
    delimiter: str = "",
) -> Table:
    """Read a file: UTF-8 and UTF-16 by their marks, else UTF-8 or Windows-1252; comma, semicolon or tab; a header.

    Blank lines are passed over, cells are stripped. With `known`, other columns are refused by name; `synonyms` are other names of
    columns. A line at fault comes as a Line with its problem and stops no other; a file at fault raises CsvError, UnknownEncoding, NoText.
    """
    reading = Reading(known, required, synonyms or {}, cell_limit)
    source = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    found = encoding or encodings.recognise(source)
    feed = _Feed(io.TextIOWrapper(_Kept(source), found, errors=_ERRORS.get(found, "strict"), newline=""))
    first = next((text for text in feed if text.strip()), None)
    if first and (said := _SEPARATOR.fullmatch(first.strip())):
        delimiter = delimiter or said[1]
        first = next((text for text in feed if text.strip()), None)
    if first is None:
        raise EmptyFile()
    delimiter = delimiter or max(_DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    start = feed.number
    feed.back([first])
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader)]
    except (csv.Error, _TooFar):
        raise Malformed(line=start) from None
    while header and not header[-1]:
        header.pop()  # spreadsheets leave empty columns at the end
    columns = reading.columns([name.lower() for name in header], start)
    return Table(columns, delimiter, _rows(reader, feed, columns, reading), tuple(header), found)


class _TooFar(Exception):
    """A quotation mark that is not closed within reason."""


class _Kept(io.RawIOBase):
    """A stream that somebody else closes."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.name = "the file"  # which every stream has

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self.source.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class _Feed:
    """The lines of a text, counted, for the reader of records; those of a record that makes no sense can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.number = 0
        self.taken: list[str] = []
        self._returned: list[str] = []
        self._size = 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self._size > RECORD_LIMIT or len(self.taken) > RECORD_LINES:
            raise _TooFar()
        line = self._returned.pop() if self._returned else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._size += len(line)
        self.taken.append(line)
        return line

    def _read(self) -> str:
        try:
            line = self.text.readline(RECORD_LIMIT)
            if len(line) == RECORD_LIMIT:
                while (more := self.text.readline(RECORD_LIMIT)) and not more.endswith(("\n", "\r")):
                    pass  # nobody wants to keep a line without end
        except UnicodeError:
            raise NotUtf8(line=self.number + 1) from None
        return line

    def begin(self) -> int:
        """A record begins; answers its line."""
        self.taken.clear()
        self._size = 0
        return self.number + 1

    def back(self, lines: Sequence[str]) -> None:
        """Give these lines again."""
        self.number -= len(lines)
        self._returned.extend(reversed(lines))


def _rows(reader: Any, feed: _Feed, columns: Sequence[str], reading: Reading) -> Iterator[Line]:
    while True:
        number = feed.begin()  # where the line begins: quoted cells may go on over several
        try:
            raw = next(reader, None)
        except (csv.Error, _TooFar):
            # One line with a lost quotation mark must not swallow those that follow.
            first, *others = feed.taken
            feed.back(others)
            yield Line(number, dict.fromkeys(filter(None, columns), ""), Malformed(line=number), (first.rstrip("\r\n"),))
            continue
        if raw is None:
            return
        if line := reading.line(number, raw, columns):
            yield line


def _plain(cell: str) -> str:
    """A cell without the apostrophe that our own writing put before it: what was written reads back the same."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell


def neutral(text: str) -> str:
    """The text such that no spreadsheet runs it as a formula; plain numbers stay numbers (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def cell_text(value: Any) -> str:
    """How a value is written: ISO 8601 dates, decimals without exponent, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def write(columns: Sequence[Any], rows: Iterable[Sequence[Any]], *, bom: bool = False, delimiter: str = ",") -> Iterator[bytes]:
    """The file in pieces (UTF-8, RFC 4180), made while `rows` are read. `bom` makes Excel recognise UTF-8."""
    piece = io.StringIO(newline="")
    writer = csv.writer(piece, delimiter=delimiter)
    writer.writerow([neutral(str(name)) for name in columns])
    start = BOM if bom else b""
    for row in rows:
        writer.writerow([neutral(cell_text(value)) for value in row])
        if piece.tell() > PIECE:
            yield start + piece.getvalue().encode()
            start = b""
            piece.seek(0)
            piece.truncate()
    yield start + piece.getvalue().encode()
