"""Workbooks hold numbers as numbers, dates as dates, and text as nothing but text."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from lms.kernel import spreadsheet
from lms.kernel.spreadsheet import Column, TooManyRows, sheet_name, write


def sheets(content: bytes):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_cells_have_the_type_of_their_value():
    moment = datetime(2026, 3, 31, 3, 5, tzinfo=UTC)
    row = ["Ana", 3, Decimal("0.5"), date(2026, 3, 31), moment, True, None]
    content = write(["a", "b", Column("c", "percent"), "d", "e", "f", "g"], [row], title="Trainees", zone="America/Lima")
    head, cells = sheets(content)["Trainees"]
    assert head == ["a", "b", "c", "d", "e", "f", "g"]
    assert cells == ["Ana", 3, 0.5, date(2026, 3, 31), datetime(2026, 3, 30, 22, 5), True, ""]


def test_text_never_becomes_a_formula_a_link_or_a_number():
    texts = ["=1+1", "https://example.org", "007", "{=1}", "+5", "\x01"]
    content = write(["text"], [[text] for text in texts], title="T")
    assert [row[0] for row in sheets(content)["T"][1:6]] == texts[:5]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
        assert not [name for name in parts.namelist() if "_rels/sheet" in name]


def test_the_header_stays_in_sight_and_rows_can_be_filtered():
    with zipfile.ZipFile(io.BytesIO(write(["a"], [[1]], title="T"))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    assert b'state="frozen"' in sheet
    assert b"<autoFilter" in sheet


def test_the_second_sheet_says_what_was_asked():
    content = write(["a"], [[1], [2]], title="Trainees by region", question=[("Year", 2026), ("Region", "Andes")], total=[3])
    pages = sheets(content)
    assert [row[0] for row in pages["Trainees by region"]] == ["a", 1, 2, 3]
    about = dict(row for row in pages["About this file"])
    assert (about["Report"], about["Year"], about["Region"], about["Time zone"]) == ("Trainees by region", 2026, "Andes", "UTC")


def test_an_empty_report_is_a_workbook_too():
    assert sheets(write(["a", "b"], [], title="T"))["T"] == [["a", "b"]]


def test_more_rows_than_the_format_holds_are_refused(monkeypatch):
    monkeypatch.setattr(spreadsheet, "ROW_LIMIT", 2)
    with pytest.raises(TooManyRows):
        write(["a"], [[1], [2], [3]], title="T")


def test_any_title_makes_a_sheet_name():
    assert sheet_name("A/B: [x]" + "y" * 40) == "A B   x " + "y" * 23
    assert sheet_name("'''") == "1"
