"""Workbooks (.xlsx) that come in: the first sheet, as rows of text. A file made to fill the memory is refused before it is opened."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook

from lms.kernel.csvio import CsvError, EmptyFile, Line, Reading, Table
from lms.kernel.i18n import N_

MAGIC = b"PK\x03\x04"
UNPACKED_LIMIT = 256 * 1024 * 1024
"""Bytes of all parts of a workbook, unpacked."""
CELL_LIMIT = 4_000_000
"""Cells of the rectangle that a sheet spans: it is held in memory as a whole, empty cells too."""
PARTS_LIMIT = 1000
_PIECE = 1024 * 1024
_PLACE = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^>]*?\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")


class DamagedWorkbook(CsvError):
    """No workbook that we read: broken, locked with a password, or of another program."""

    message = N_("This workbook cannot be read. Save it as .xlsx without a password, or as “CSV UTF-8”.")


class HugeWorkbook(CsvError):
    """More than memory should hold."""

    message = N_("This workbook is too large. Save its first sheet as “CSV UTF-8”.")


def read(stream: BinaryIO, reading: Reading) -> Table:
    """The first sheet. Whole numbers come without “.0”, days as ISO dates. Raises CsvError."""
    _check(stream)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))
        sheet: Any = book.get_sheet_by_index(0)
        rows = enumerate(sheet.iter_rows(), 1)  # rows before the first cell come too, empty
        first = next(((number, row) for number, row in rows if any(map(_text, row))), None)
    except (CalamineError, IndexError, ValueError, OSError):
        raise DamagedWorkbook() from None
    if first is None:
        raise EmptyFile()
    header = [" ".join(_text(value).split()) for value in first[1]]
    while header and not header[-1]:
        header.pop()
    columns = reading.columns([name.lower() for name in header], first[0])
    return Table(columns, ",", _lines(rows, columns, reading), tuple(header), "xlsx")


def _lines(rows: Iterator[tuple[int, list[Any]]], columns: tuple[str, ...], reading: Reading) -> Iterator[Line]:
    for number, row in rows:
        if line := reading.line(number, [_text(value) for value in row], columns):
            yield line


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return (value.date() if value.time() == datetime.min.time() else value).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _check(stream: BinaryIO) -> None:
    """Look through every part before anything is held in memory. Raises HugeWorkbook, DamagedWorkbook."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise DamagedWorkbook()
            if len(parts) > PARTS_LIMIT:
                raise HugeWorkbook()
            left = UNPACKED_LIMIT
            for part in parts:
                left = _weigh(archive, part, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise DamagedWorkbook() from None
    finally:
        stream.seek(0)


def _weigh(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """What is left of the limit after this part. What its header says of its size is not believed."""
    columns, rows = {b"A"}, {1}
    rest = b""
    part.file_size = 1 << 40
    with archive.open(part) as source:
        while piece := source.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise HugeWorkbook()
            for letters, number in set(_PLACE.findall(rest + piece)):
                columns.add(letters.upper() or b"A")
                rows.add(int(number[:10]))
            if max(rows) * _number(max(columns, key=lambda one: (len(one), one))) > CELL_LIMIT:
                raise HugeWorkbook()
            rest = piece[-200:]
    return left


def _number(letters: bytes) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters[:8]:
        number = number * 26 + letter - 64
    return number
