"""`lms report` from outside, as a script calls it."""

import json
import os
import subprocess
import sys

import pytest

from tests.reports.seeding import MEASURES, count, count_by, seed


@pytest.fixture
def lms(campus):
    """Calls the command on this campus; answers what it did."""
    surroundings = {
        **os.environ, "LMS_DATA_DIR": str(campus.settings.data_dir), "LMS_DATABASE_URL": campus.database.url,
        "LMS_PLUGINS": ",".join(plugin.name for plugin in campus.plugins),
    }  # fmt: skip

    def call(*arguments):
        return subprocess.run([sys.executable, "-m", "lms.cli", "report", *arguments], capture_output=True, env=surroundings)

    return call


def test_csv_on_standard_output(lms, campus):
    seeded = seed(campus)
    done = lms("trainees", "--by", "macroregion,gender", "--format", "csv")
    header, *rows = [line.split(",") for line in done.stdout.decode().splitlines()]
    assert (done.returncode, done.stderr) == (0, b"")
    assert header == ["macroregion", "macroregion_name", "gender", "gender_name", *MEASURES]
    by_hand = count_by(seeded.facts, ("macroregion", "gender"))
    assert {(row[0], row[2]): int(row[4]) for row in rows[:-1]} == {key: figures[0] for key, figures in by_hand.items()}
    assert rows[-1] == ["TOTAL"] * 4 + [str(figure) for figure in count(seeded.facts)]


def test_filters_period_and_language(lms, campus):
    seeded = seed(campus)
    asked = "--by country --where region=019 --where gender=female --from 2012-01-01 --to 2012-12-31 --lang es --format json"
    done = lms("trainees", *asked.split())
    said = json.loads(done.stdout)
    wanted = seeded.where(lambda f: f.codes["macroregion"] == "019" and f.codes["gender"] == "female" and f.codes["year"] == "2012")
    assert said["rows"][-1]["participations"] == len(wanted)
    assert {row["country"]: row["country_name"] for row in said["rows"]}["PE"] == "Perú"


def test_a_file_is_written_as_its_name_says(lms, campus, tmp_path):
    seed(campus)
    for kind, start in (("csv", b"year,"), ("xlsx", b"PK"), ("json", b"{"), ("pdf", b"%PDF")):
        path = tmp_path / f"report.{kind}"
        assert lms("trainees", "--by", "year", "--out", str(path)).returncode == 0
        assert path.read_bytes().startswith(start)


def test_people_get_a_table(lms, campus):
    seed(campus)
    shown = lms("trainees", "--by", "country").stdout.decode()
    assert "Peru" in shown
    assert "Total" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nonsense"], 1, "There are: trainees"),
        (["trainees", "--by", "colour"], 1, "organisation_type"),
        (["trainees", "--where", "colour=red"], 1, "organisation_type"),
        (["trainees", "--where", "gender=woman"], 1, "female, male"),
        (["trainees", "--where", "gender"], 1, "dimension=value"),
        (["trainees", "--lang", "xx"], 1, "xx"),
        (["trainees", "--from", "2012-02-01", "--to", "2012-01-01"], 1, "earlier"),
        (["trainees", "--from", "yesterday"], 2, "yesterday"),
        (["trainees", "--format", "docx"], 2, "docx"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(lms, campus, arguments, code, says):
    seed(campus, people=10, enrolments=20)
    done = lms(*arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr
