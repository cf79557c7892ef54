"""Workbooks (.xlsx): typed cells under a header that stays in sight, and a sheet that says which question the figures answer."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import xlsxwriter

from lms.kernel import clock
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_, LazyText, _

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROW_LIMIT = 1_048_575  # of the format, without the header
TEXT_LIMIT = 32_767  # of the format
_FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "percent": "0.0%", "whole": "#,##0", "number": "#,##0.##"}


class TooManyRows(Refused):
    """More rows than a workbook can hold."""

    message = N_("A workbook holds at most {limit} rows. Please choose fewer, or CSV.")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title and, for numbers, whether they are shares of one (percent), whole or any. `width` in characters."""

    title: LazyText | str
    kind: Literal["any", "percent", "whole", "number"] = "any"
    width: int = 0


def write(
    columns: Sequence[Column | LazyText | str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str,
    question: Sequence[tuple[str, Any]] = (),
    total: Sequence[Any] | None = None,
    zone: str = "UTC",
) -> bytes:
    """The workbook. Text is always text, never a formula or a link; instants are shown on the clock of `zone`.

    `question`: what was asked, as (name, value), for the second sheet. `total`: a last row in bold. Raises TooManyRows.
    """
    file = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, {**options, "nan_inf_to_errors": True})
    book.set_properties({"title": title, "created": clock.now().replace(tzinfo=None)})
    sheet = _Sheet(book, sheet_name(title), zone)
    shown = [column if isinstance(column, Column) else Column(column) for column in columns]
    sheet.header(shown)
    count = 0
    for row in rows:
        count += 1
        if count > ROW_LIMIT:
            raise TooManyRows(limit=ROW_LIMIT)
        sheet.row(count, row, shown)
    sheet.finish(count, len(shown))
    if total is not None:
        sheet.row(count + 1, total, shown, bold=True)
    _write_question(book, [(_("Report"), title), *question, (_("Made on"), clock.now())], zone)
    book.close()
    return file.getvalue()


class _Sheet:
    """One sheet, written from top to bottom."""

    def __init__(self, book: Any, name: str, zone: str) -> None:
        self.book, self.zone = book, ZoneInfo(zone)
        self.sheet = book.add_worksheet(name)
        self._formats: dict[tuple[str, bool], Any] = {}

    def header(self, columns: Sequence[Column]) -> None:
        style = self.book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.sheet.freeze_panes(1, 0)
        self.sheet.repeat_rows(0)
        for number, column in enumerate(columns):
            self.sheet.set_column(number, number, column.width or min(40, max(12, len(str(column.title)) + 2)))
            self.sheet.write_string(0, number, str(column.title), style)

    def row(self, line: int, values: Sequence[Any], columns: Sequence[Column], bold: bool = False) -> None:
        for number, (value, column) in enumerate(zip(values, columns, strict=True)):
            self.cell(line, number, value, column.kind, bold)

    def cell(self, line: int, number: int, value: Any, kind: str = "any", bold: bool = False) -> None:
        """A value in a cell of its own type."""
        if value is None:
            return
        if isinstance(value, bool):
            self.sheet.write_boolean(line, number, value, self._format("any", bold))
        elif isinstance(value, int | float | Decimal):
            self.sheet.write_number(line, number, value, self._format(kind, bold))
        elif isinstance(value, datetime):
            local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(self.zone).replace(tzinfo=None)
            self.sheet.write_datetime(line, number, local, self._format("datetime", bold))
        elif isinstance(value, date):
            self.sheet.write_datetime(line, number, value, self._format("date", bold))
        else:
            self.sheet.write_string(line, number, str(value)[:TEXT_LIMIT], self._format("any", bold))

    def finish(self, rows: int, columns: int) -> None:
        if rows and columns:
            self.sheet.autofilter(0, 0, rows, columns - 1)

    def _format(self, kind: str, bold: bool) -> Any:
        if (kind, bold) not in self._formats:
            look = {"num_format": _FORMATS[kind]} if kind in _FORMATS else {}
            self._formats[kind, bold] = self.book.add_format({**look, "bold": bold})
        return self._formats[kind, bold]


def _write_question(book: Any, question: Sequence[tuple[str, Any]], zone: str) -> None:
    sheet = _Sheet(book, sheet_name(_("About this file")), zone)
    sheet.sheet.set_column(0, 0, 24)
    sheet.sheet.set_column(1, 1, 60)
    for line, (name, value) in enumerate(question):
        sheet.cell(line, 0, name, bold=True)
        sheet.cell(line, 1, value)
    sheet.cell(len(question), 0, _("Time zone"), bold=True)
    sheet.cell(len(question), 1, zone)


def sheet_name(title: str) -> str:
    """The title as a sheet may be named: at most 31 characters, some characters barred."""
    return re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:31].strip("' ") or "1"
