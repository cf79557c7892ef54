"""`lms report` from outside, as a script calls it."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from lms.kernel.errors import Refused
from lms.reports.commands import commands
from tests.reports.seeding import MEASURES, count, count_by, seed


@pytest.fixture
def surroundings(campus):
    """The environment in which the command finds this campus."""
    names = ",".join(plugin.name for plugin in campus.plugins)
    return {"LMS_DATA_DIR": str(campus.settings.data_dir), "LMS_DATABASE_URL": campus.database.url, "LMS_PLUGINS": names}


@pytest.fixture
def lms(surroundings):
    """Calls the command as a shell does."""

    def call(*arguments):
        command = [sys.executable, "-m", "lms.cli", "report", *arguments]
        return subprocess.run(command, capture_output=True, env={**os.environ, **surroundings})

    return call


@pytest.fixture
def report(surroundings):
    """Calls the command in this process, which is much faster."""
    return lambda *arguments: CliRunner().invoke(commands, arguments, env=surroundings)


def test_csv_on_standard_output(lms, campus):
    seeded = seed(campus)
    done = lms("trainees", "--by", "macroregion,gender", "--format", "csv")
    header, *rows = [line.split(",") for line in done.stdout.decode().splitlines()]
    assert (done.returncode, done.stderr) == (0, b"")
    assert header == ["macroregion", "macroregion_name", "gender", "gender_name", *MEASURES]
    by_hand = count_by(seeded.facts, ("macroregion", "gender"))
    assert {(row[0], row[2]): int(row[4]) for row in rows[:-1]} == {key: figures[0] for key, figures in by_hand.items()}
    assert rows[-1] == ["TOTAL"] * 4 + [str(figure) for figure in count(seeded.facts)]


def test_a_refusal_is_a_sentence_and_exit_code_1(lms, campus):
    done = lms("trainees", "--by", "colour")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "You can choose: region, macroregion, country" in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_filters_period_and_language(report, campus):
    seeded = seed(campus)
    asked = "--by country --where region=019 --where gender=female --from 2012-01-01 --to 2012-12-31 --lang es --format json"
    said = json.loads(report("trainees", *asked.split()).stdout_bytes)
    wanted = seeded.where(lambda f: f.codes["macroregion"] == "019" and f.codes["gender"] == "female" and f.codes["year"] == "2012")
    assert said["rows"][-1]["participations"] == len(wanted)
    assert {row["country"]: row["country_name"] for row in said["rows"]}["PE"] == "Perú"


def test_a_file_is_written_as_its_name_says(report, campus, tmp_path):
    seed(campus)
    for kind, start in (("csv", b"year,"), ("xlsx", b"PK"), ("json", b"{"), ("pdf", b"%PDF")):
        path = tmp_path / f"report.{kind}"
        assert report("trainees", "--by", "year", "--out", str(path)).exit_code == 0
        assert path.read_bytes().startswith(start)


def test_people_get_a_table(report, campus):
    seed(campus)
    shown = report("trainees", "--by", "country,gender").stdout
    assert "Peru" in shown
    assert "Total" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("nonsense", "You can choose: trainees"),
        ("trainees --where colour=red", "organisation_type"),
        ("trainees --where gender=woman", "female, male"),
        ("trainees --where gender", "dimension=value"),
        ("trainees --lang xx", "xx"),
        ("trainees --from 2012-02-01 --to 2012-01-01", "earlier"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(report, campus, arguments, says):
    seed(campus, people=10, enrolments=20)
    refusal = report(*arguments.split()).exception
    assert isinstance(refusal, Refused)
    assert says in str(refusal)


@pytest.mark.parametrize("arguments", ["trainees --from yesterday", "trainees --format docx", ""])
def test_a_command_that_is_not_understood_ends_with_exit_code_2(report, campus, arguments):
    assert report(*arguments.split()).exit_code == 2
