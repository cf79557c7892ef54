"""CSV as people's spreadsheets write it, read line by line; and CSV that no spreadsheet runs as a formula, written line by line."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

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

    message = N_("Line {line} is not UTF-8 text. In a spreadsheet program, save the file as “CSV UTF-8”.")


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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of data: its number in the file, its cells by column, and what is wrong with it, if anything."""

    number: int
    cells: dict[str, str]
    problem: CsvError | None = None


@dataclass(frozen=True)
class Table:
    """The columns of a file, in its order, and its lines, read while they are asked for."""

    columns: tuple[str, ...]
    delimiter: str
    rows: Iterator[Line] = field(repr=False)

    def __iter__(self) -> Iterator[Line]:
        return self.rows


def read(stream: BinaryIO | bytes, known: Sequence[str] | None = None, required: Sequence[str] = (), cell_limit: int = CELL_LIMIT) -> Table:
    """Read a file: UTF-8 with or without BOM; comma, semicolon or tab; a header. Blank lines are passed over, cells are stripped.

    With `known`, other columns are refused by name. A line at fault comes as a Line with its problem, so that it stops no other;
    a file at fault raises CsvError, also while its lines are read (NotUtf8, Malformed).
    """
    lines = _Decoded(io.BytesIO(stream) if isinstance(stream, bytes) else stream)
    first = next((text for text in lines if text.strip()), None)
    if first is None:
        raise EmptyFile()
    delimiter = max(_DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    start = lines.number
    reader = csv.reader(_chain(first, lines), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
    except csv.Error:
        raise Malformed(line=start) from None
    while header and not header[-1]:
        header.pop()  # spreadsheets leave empty columns at the end
    _check_header(header, known, required, start)
    return Table(tuple(header), delimiter, _rows(reader, header, start - 1, cell_limit))


class _Decoded:
    """The lines of a stream as text, counted."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.number = 0

    def __iter__(self) -> "_Decoded":
        return self

    def __next__(self) -> str:
        raw = self.stream.readline()
        if not raw:
            raise StopIteration
        self.number += 1
        try:
            return raw.removeprefix(BOM).decode("utf-8") if self.number == 1 else raw.decode("utf-8")
        except UnicodeDecodeError:
            raise NotUtf8(line=self.number) from None


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _check_header(header: Sequence[str], known: Sequence[str] | None, required: Sequence[str], line: int) -> None:
    if len(header) > COLUMN_LIMIT:
        raise TooManyCells(line=line, cells=len(header), columns=COLUMN_LIMIT)
    if len(set(header)) < len(header) or "" in header:
        raise RepeatedColumn(line=line, column=next(name for name in header if not name or header.count(name) > 1))
    if known is not None and (unknown := [name for name in header if name not in known]):
        raise UnknownColumns(line=line, columns=", ".join(unknown), known=", ".join(known))
    if missing := [name for name in required if name not in header]:
        raise MissingColumns(line=line, columns=", ".join(missing))


def _rows(reader: Any, header: Sequence[str], before: int, limit: int) -> Iterator[Line]:
    while True:
        number = before + reader.line_num + 1  # where the line begins: quoted cells may go on over several
        try:
            cells = next(reader, None)
        except csv.Error:
            raise Malformed(line=number) from None
        if cells is None:
            return
        cells = [_plain(cell.strip()) for cell in cells]
        if any(cells):
            yield _line(number, cells, header, limit)


def _line(number: int, cells: list[str], header: Sequence[str], limit: int) -> Line:
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    values = dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=False))
    if len(cells) > len(header):
        return Line(number, values, TooManyCells(line=number, cells=len(cells), columns=len(header)))
    if long := next((name for name, text in values.items() if len(text) > limit), None):
        return Line(number, values, CellTooLong(line=number, column=long, limit=limit))
    return Line(number, values)


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
