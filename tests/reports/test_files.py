"""The files of a report hold the same figures, and nothing in them runs."""

import csv
import io
import json
import subprocess
from datetime import date
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from lms.kernel import i18n
from lms.kernel.permissions import SYSTEM
from lms.reports import exporting, printing
from lms.reports.asking import ask
from lms.reports.gathering import datasets
from lms.reports.questions import Question
from tests.reports.seeding import MEASURES, NASTY, seed


def answer(campus, *by, where=(), since=None):
    with campus.database.reading() as session:
        return ask(session, SYSTEM, datasets(campus.plugins), Question.read("trainees", by, where, since))


def lines_of(found):
    return list(csv.reader(io.StringIO(b"".join(exporting.as_csv(found)).decode())))


def sheets_of(found):
    book = CalamineWorkbook.from_filelike(io.BytesIO(exporting.as_workbook(found)))
    return [book.get_sheet_by_index(number).to_python() for number in range(len(book.sheet_names))]


def test_columns_are_codes_with_names_and_then_every_measure(campus):
    seed(campus)
    header, *rows = lines_of(answer(campus, "region", "gender"))
    assert header == ["region", "region_name", "gender", "gender_name", *MEASURES]
    assert rows[0][:4] == ["001", "world", "female", "Female"]
    assert rows[-1][:4] == ["TOTAL"] * 4


@pytest.mark.parametrize("by", [(), ("macroregion",), ("country", "status"), ("year",), ("topic", "course", "gender")])
def test_csv_workbook_and_json_agree(campus, by):
    seed(campus)
    found = answer(campus, *by, where=["gender=female", "gender=male"])
    header, *rows = lines_of(found)
    sheet = sheets_of(found)[0]
    listed = json.loads(json.dumps(exporting.as_json(found)))["rows"]
    assert sheet[0] == header == list(listed[0])
    assert len(sheet) - 1 == len(rows) == len(listed) == len(found.lines) + 1
    for written, cells, item in zip(rows, sheet[1:], listed, strict=True):
        texts = 2 * len(by)
        assert [text.lstrip("'") for text in written[:texts]] == cells[:texts] == list(item.values())[:texts]
        figures = [float(text) for text in written[texts:]]
        assert figures == cells[texts:] == list(item.values())[texts:]


def test_the_total_alone_is_one_row(campus):
    seed(campus)
    header, *rows = lines_of(answer(campus))
    assert tuple(header) == MEASURES
    assert len(rows) == 1


def test_a_rate_has_four_places(campus):
    seed(campus)
    found = answer(campus, "cohort")
    rates = [row[-2] for row in lines_of(found)[1:]]
    assert all(len(rate.partition(".")[2]) == 4 for rate in rates)
    completed, participations = found.total[3], found.total[1]
    assert Decimal(rates[-1]) == round(Decimal(completed) / Decimal(participations), 4)


def test_a_name_that_is_a_formula_runs_nowhere(campus):
    seed(campus)
    found = answer(campus, "course")
    assert next(row for row in lines_of(found) if row[0] == "ALFA-0")[1] == f"'{NASTY}"
    assert next(row for row in sheets_of(found)[0] if row[0] == "ALFA-0")[1] == NASTY
    assert next(row for row in exporting.as_json(found)["rows"] if row["course"] == "ALFA-0")["course_name"] == NASTY


def test_a_workbook_says_on_its_second_sheet_what_was_asked(campus):
    seed(campus)
    found = answer(campus, "country", where=["region=419", "gender=female", "gender=unknown"], since=date(2011, 5, 1))
    about = {str(row[0]): str(row[1]) for row in sheets_of(found)[1]}
    assert about["Report"] == "Trainees by country"
    assert about["Filter: Region"] == "Latin America (419)"
    assert about["Filter: Gender"] == "Female (female) or Unknown"
    assert about["Filter: From"] == "2011-05-01"
    assert float(about["Rows"]) == len(found.lines)
    assert "Nobody counts twice" in about["trainees"]
    assert "Made on" in about


def test_json_says_what_was_asked_and_what_the_figures_mean(campus):
    seed(campus)
    said = exporting.as_json(answer(campus, "country", where=["region==419", "gender=female"], since=date(2011, 5, 1)))
    assert (said["report"], said["by"], said["where"]) == ("trainees", ["country"], {"region": ["=419"], "gender": ["female"]})
    assert (said["from"], said["to"]) == ("2011-05-01", None)
    assert said["made_at"].endswith("+00:00")
    assert said["row_count"] == len(said["rows"]) - 1
    assert set(said["definitions"]) == {"country", *MEASURES}


def test_files_speak_the_language_that_is_asked_for(campus):
    seed(campus)
    with i18n.using("es"):
        rows = lines_of(answer(campus, "country", "course"))
    assert ["PE", "Perú"] in [row[:2] for row in rows]
    assert ["BETA-2", "Curso BETA 2"] in [row[2:4] for row in rows]


def test_a_report_can_be_printed(campus, tmp_path):
    seed(campus)
    found = answer(campus, "cohort", "gender", "country", where=["gender=female"])
    path = tmp_path / "report.pdf"
    path.write_bytes(printing.as_pdf(found))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
    assert "Trainees by cohort, gender and country" in text
    assert text.count("Participations") > 2  # the header stands on every page
    assert f"{found.total[1]}" in next(line for line in text.splitlines() if line.strip().startswith("Total"))
    assert "Female (female)" in text
