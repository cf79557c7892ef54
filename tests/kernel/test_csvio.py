"""CSV in and out: spreadsheets of every country are read, mistakes are named with their line, nothing runs as a formula."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kernel import csvio, encodings
from lms.kernel.csvio import (
    CellTooLong,
    ControlCharacter,
    EmptyFile,
    Malformed,
    MissingColumns,
    NotUtf8,
    RepeatedColumn,
    TooManyCells,
    UnknownColumns,
    neutral,
    read,
    write,
)
from lms.kernel.encodings import NoText, UnknownEncoding


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", csvio.BOM])
def test_spreadsheets_of_every_country_are_read(mark, start):
    text = f'Code{mark} Title \r\nA1{mark}"Años, meses; días"\r\n\r\nA2{mark}\r\n'
    table = read(start + text.encode())
    assert (table.columns, table.delimiter) == (("code", "title"), mark)
    assert [(line.number, line.cells) for line in table] == [
        (2, {"code": "A1", "title": "Años, meses; días"}),
        (4, {"code": "A2", "title": ""}),
    ]


def test_a_cell_of_several_lines_does_not_upset_the_line_numbers():
    table = read(b'code,note\na,"one\ntwo"\nb,x\n')
    assert [(line.number, line.cells["note"]) for line in table] == [(2, "one\ntwo"), (4, "x")]


def test_line_numbers_count_blank_lines_before_the_header():
    assert [line.number for line in read(b"\n\ncode\na\n")] == [4]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile), (b"\n\n", EmptyFile), (csvio.BOM, EmptyFile), (b"code,colour\n", UnknownColumns), (b"title\n", MissingColumns),
        (b"code,code\n", RepeatedColumn), (b"code,,title\n", RepeatedColumn), (b'"code\n', Malformed),
        ("código\n".encode("cp1252"), UnknownColumns), (b"code\x00\n", NoText), ("código\n".encode("utf-32"), NoText),
        ("コード,名前,電話,東京都\n".encode("shift-jis"), UnknownEncoding), ("код,имя\n".encode("cp1251"), UnknownEncoding),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused(content, error):
    with pytest.raises(error):
        read(content, known=("code", "title"), required=("code",))


def test_unknown_columns_are_named():
    with pytest.raises(UnknownColumns, match="colour, size"):
        read(b"code,colour,size\n", known=("code",))


@pytest.mark.parametrize(
    ("content", "number", "error"),
    [
        ("códe\nañb\nc".encode() + b"\xff\nd\n", 3, NotUtf8), (b'code\na\n"b\nc\n', 3, Malformed), (b'code\n"a"b\nc\n', 2, Malformed),
        (b"code\na\nb\x00\nc\n", 3, ControlCharacter), (b"code\na\n" + b"x" * 5_000_000 + b"\nb\n", 3, CellTooLong),
        (b'code\n"' + b"x\n" * 3000 + b"\nb\n", 2, Malformed), ("a\nñ\n\ud800b\n".encode("utf-16", "surrogatepass"), 3, NotUtf8),
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_named_and_stops_no_other(content, number, error):
    lines = list(read(content))
    (bad,) = [line for line in lines if line.problem]
    assert (bad.number, type(bad.problem)) == (number, error)
    assert lines[-1].problem is None or lines[-1] is bad
    assert len(lines) > 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_spreadsheet_programs_save_is_recognised(encoding, end):
    content = end.join(["code;title", 'A1;"Años; €"', "A2;“Señor” Núñez", ""]).encode(encoding)
    table = read(content)
    assert table.encoding == encoding
    assert [tuple(line.cells.values()) for line in table] == [("A1", "Años; €"), ("A2", "“Señor” Núñez")]


def test_a_character_that_lies_across_two_pieces_is_not_taken_for_a_broken_one(monkeypatch):
    monkeypatch.setattr(encodings, "PIECE", 5)
    assert read("name\naaaañññññ€€€€😀\n".encode()).encoding == "utf-8"
    assert read("name\nseñor, mañana, año\n".encode("cp1252")).encoding == "windows-1252"


def test_what_a_person_says_about_a_file_wins():
    table = read("código|título\na|ñ\n".encode("utf-16-le"), encoding="utf-16-le", delimiter="|")
    assert [line.cells for line in table] == [{"código": "a", "título": "ñ"}]


def test_the_line_for_excel_names_the_separator():
    assert [line.cells for line in read(b"sep=;\ncode;note\na;x,y,z\n")] == [{"code": "a", "note": "x,y,z"}]


def test_columns_of_other_names_are_understood_or_left_out():
    table = read(b"Mail,Password,City\na@example.org,x,Lima\n", ("email", "city"), ("email",), synonyms={"mail": "email", "password": ""})
    assert [(line.cells, line.raw) for line in table] == [({"email": "a@example.org", "city": "Lima"}, ("a@example.org", "x", "Lima"))]


def test_one_bad_line_stops_no_other():
    lines = list(read(b"code,title\na,b,c\nd,eeeee\nf,g,,\n", cell_limit=4))
    assert [type(line.problem) for line in lines] == [TooManyCells, CellTooLong, type(None)]
    assert [line.number for line in lines] == [2, 3, 4]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "＝1", "-1+1", "+51 999 123", "--1"])
def test_what_a_spreadsheet_would_run_is_made_text(text):
    assert neutral(text) == "'" + text


@pytest.mark.parametrize("text", ["", "-1", "+5", "-1.25", "-1,5", "12%", "Ana", "a=b", "1-2", "'quoted'"])
def test_plain_numbers_and_texts_stay_as_they_are(text):
    assert neutral(text) == text


def test_values_are_written_plainly():
    row = [None, True, date(2026, 3, 1), datetime(2026, 3, 1, 9, 5, tzinfo=UTC), Decimal("1E+2"), 0.5, -3, "a,b"]
    written = b"".join(write([f"c{n}" for n in range(8)], [row])).decode()
    assert written.splitlines()[1] == ',true,2026-03-01,2026-03-01T09:05:00+00:00,100,0.5,-3,"a,b"'


def test_a_long_file_is_written_in_pieces_while_its_rows_are_read():
    asked = []

    def rows() -> Iterator[list[object]]:
        for number in range(20_000):
            asked.append(number)
            yield [number, "x" * 20]

    pieces = write(["n", "text"], rows(), bom=True)
    assert next(pieces).startswith(csvio.BOM + b"n,text\r\n")
    assert len(asked) < 5_000
    assert all(not piece.startswith(csvio.BOM) for piece in pieces)


@given(
    st.lists(st.tuples(st.text(st.characters(exclude_categories=("Cs", "Cc"))), st.text(min_size=1, alphabet="=+-@ab'\n\",;")), max_size=8)
)
def test_what_was_written_reads_back_the_same(rows):
    content = b"".join(write(["one", "two"], rows))
    again = [(line.cells["one"], line.cells["two"]) for line in read(content)]
    # Cells are stripped in reading, blank lines passed over; a text that starts with our own mark before a formula sign loses it.
    expected = [tuple(csvio._plain(neutral(cell).strip()) for cell in row) for row in rows]
    assert again == [row for row in expected if any(row)]
    for row in csv.reader(io.StringIO(content.decode(), newline="")):
        assert all(neutral(cell) == cell for cell in row)
