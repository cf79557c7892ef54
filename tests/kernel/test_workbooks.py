"""Workbooks that come in: what people type into spreadsheets, and what is made to fill the memory."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from lms.kernel import spreadsheet, workbooks
from lms.kernel.csvio import EmptyFile, MissingColumns, UnknownColumns
from lms.kernel.encodings import NoText
from lms.kernel.rowfiles import read
from lms.kernel.workbooks import DamagedWorkbook, HugeWorkbook


def workbook(*cells, **options):
    """A workbook with these cells: (row, column, value), counted from 0."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd", **options})
    sheet = book.add_worksheet()
    for row, column, value in cells:
        sheet.write(row, column, value)
    book.close()
    return file.getvalue()


def part(content: bytes, name: str, text: bytes) -> bytes:
    """The same workbook with another part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, text if info.filename == name else old.read(info))
    return out.getvalue()


def test_cells_come_as_people_see_them():
    cells = [(1, 1, " Code"), (1, 2, "Day "), (1, 3, "Number"), (3, 1, "añb"), (3, 2, date(2026, 3, 1)), (3, 3, 12), (4, 1, True),
             (4, 2, datetime(2026, 3, 1, 9, 30)), (4, 3, 0.5), (5, 1, "x"), (5, 3, 1e-7)]  # fmt: skip
    table = read(workbook(*cells), ("code", "day", "number"))
    assert (table.columns, table.header, table.encoding) == (("code", "day", "number"), ("Code", "Day", "Number"), "xlsx")
    assert [(line.number, *line.cells.values()) for line in table] == [
        (4, "añb", "2026-03-01", "12"), (5, "true", "2026-03-01T09:30:00", "0.5"), (6, "x", "", "0.0000001"),
    ]  # fmt: skip


def test_what_we_write_reads_back_the_same():
    rows = [["A1", "=1+1", Decimal("2.50"), date(2026, 5, 4)], ["A2", "Zoé\nKing", 7, None]]
    table = read(spreadsheet.write(["code", "name", "n", "day"], rows, title="x"))
    assert [list(line.cells.values()) for line in table] == [["A1", "=1+1", "2.5", "2026-05-04"], ["A2", "Zoé\nKing", "7", ""]]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (workbook(), EmptyFile), (workbook((0, 0, "code"), (0, 1, "colour")), UnknownColumns), (workbook((0, 0, "title")), MissingColumns),
        (b"PK\x03\x04 broken", DamagedWorkbook),
        (workbook((0, 0, "code"))[:-300], DamagedWorkbook), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16), NoText),
        (workbook((0, 0, "code"), (1_048_575, 16_383, "far")), HugeWorkbook),
        (workbook((0, 0, "code"), (1_000_000, 9, "far")), HugeWorkbook),
    ],
)  # fmt: skip
def test_a_workbook_that_makes_no_sense_is_refused(content, error):
    with pytest.raises(error):
        list(read(content, ("code", "title"), ("code",)))


def test_a_zip_that_is_no_workbook_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    with pytest.raises(DamagedWorkbook):
        read(file.getvalue())


def test_a_workbook_that_unpacks_to_more_than_memory_holds_is_refused(monkeypatch):
    monkeypatch.setattr(workbooks, "UNPACKED_LIMIT", 3_000_000)
    bomb = part(workbook((0, 0, "code")), "xl/sharedStrings.xml", b"<sst>" + b"<si><t>a</t></si>" * 1_000_000 + b"</sst>")
    assert len(bomb) < 100_000
    with pytest.raises(HugeWorkbook):
        read(bomb)


def test_what_a_workbook_says_of_its_size_is_not_believed(monkeypatch):
    monkeypatch.setattr(workbooks, "UNPACKED_LIMIT", 3_000_000)
    real = b"<sst>" + b"<si><t>a</t></si>" * 1_000_000 + b"</sst>"
    bomb = part(workbook((0, 0, "code")), "xl/sharedStrings.xml", real).replace(
        len(real).to_bytes(4, "little"), (900).to_bytes(4, "little")
    )
    with pytest.raises((HugeWorkbook, DamagedWorkbook)):
        read(bomb)


def test_instants_are_written_and_read():
    table = read(spreadsheet.write(["at"], [[datetime(2026, 3, 1, 9, 30, tzinfo=UTC)]], title="x"))
    assert [line.cells for line in table] == [{"at": "2026-03-01T09:30:00"}]
