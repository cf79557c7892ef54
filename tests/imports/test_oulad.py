"""A data set that others published comes in whole, and the reports say what counting its files by hand says.

The gate takes two presentations; LMS_TEST_FULL=1 takes all 22, which is minutes.
"""

import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from benchmarks import oulad
from lms.grading.models import Grade, GradeChange
from lms.kernel.campus import Campus
from lms.plugin import Plugins
from lms.reports.commands import commands
from tests.conftest import DATABASES, fresh
from tests.imports.shell import Shell

SET = Path(__file__).parents[2].parent / "shared/data/oulad"
ONLY = () if os.environ.get("LMS_TEST_FULL") else ("AAA-2013J", "AAA-2014J")
DIMENSIONS = ("region", "gender", "course", "cohort", "year")
ASKED = [*((one,) for one in DIMENSIONS), *combinations(DIMENSIONS, 2)]
STATES = {"Pass": "completed", "Distinction": "completed", "Fail": "failed", "Withdrawn": "withdrawn"}

pytestmark = pytest.mark.skipif(not SET.is_dir(), reason="the data set is not beside the checkout (../shared/data/oulad)")


@dataclass
class Filled:
    """A campus that holds the set, and what was told while it came in."""

    campus: Campus
    shell: Shell
    files: dict[str, Path]
    counts: dict[str, list[int]] = field(default_factory=dict)

    def bring(self) -> dict[str, list[int]]:
        """Import the six files, in order; answers created, updated, unchanged and rejected of each."""
        return {kind: list(self.shell.call("import", kind, str(path))[0].values()) for kind, path in self.files.items()}

    def report(self, *by: str) -> list[dict[str, Any]]:
        """The rows of the report `trainees`, the last one being the total."""
        asked = ["trainees", "--by", ",".join(by), "--format", "json", "--out", str(self.shell.folder / "report.json")]
        done = CliRunner().invoke(commands, asked, env=self.shell.surroundings, catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return list(json.loads((self.shell.folder / "report.json").read_text("utf-8"))["rows"])


@pytest.fixture(scope="module", params=DATABASES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Iterator[Filled]:
    """The set on each database."""
    folder = tmp_path_factory.mktemp("oulad")
    files = oulad.convert(SET, folder, ONLY)
    with fresh(request, folder / "var", plugins) as campus:
        made = Filled(campus, Shell(campus, folder), files)
        made.counts = made.bring()
        yield made


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a file of the set, of the presentations that are taken."""
    with (SET / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if not ONLY or f"{row.get('code_module')}-{row.get('code_presentation')}" in ONLY:
                yield row


@dataclass
class Count:
    """What is counted of one combination."""

    people: set[str] = field(default_factory=set)
    states: Counter[str] = field(default_factory=Counter)

    def add(self, student: str, state: str) -> None:
        """One participation."""
        self.people.add(student)
        self.states[state] += 1

    def figures(self) -> dict[str, Any]:
        """The measures of the report, certificates apart."""
        number = sum(self.states.values())
        states = {state: self.states[state] for state in ("active", "completed", "failed", "withdrawn")}
        rate = round(self.states["completed"] / number, 4)
        return {"trainees": len(self.people), "participations": number, **states, "completion_rate": rate}


def participations() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Student, state and the value of every dimension, worked out from the files of the set and nothing else."""
    days = {(r["code_module"], r["code_presentation"], r["id_student"]): r["date_registration"] for r in rows("studentRegistration")}
    for row in rows("studentInfo"):
        presentation = row["code_presentation"]
        starts = date(int(presentation[:4]), {"B": 2, "J": 10}[presentation[-1]], 1)
        registered = days[row["code_module"], presentation, row["id_student"]]
        yield row["id_student"], STATES[row["final_result"]], {
            "region": row["region"], "gender": {"F": "female", "M": "male"}[row["gender"]], "course": row["code_module"],
            "cohort": f"{row['code_module']}-{presentation}", "year": str((starts + timedelta(days=int(registered or 0))).year),
        }  # fmt: skip


def counted(by: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Every combination that occurs and TOTAL, with its figures."""
    found: defaultdict[tuple[str, ...], Count] = defaultdict(Count)
    for student, state, values in participations():
        found[tuple(values[name] for name in by)].add(student, state)
        found["TOTAL",].add(student, state)
    return {combination: count.figures() for combination, count in found.items()}


def test_nothing_is_rejected(filled):
    scores = {row["id_assessment"] for row in rows("assessments")}
    with (SET / "studentAssessment.csv").open(encoding="utf-8", newline="") as stream:
        grades = sum(row["id_assessment"] in scores and row["score"] != "" for row in csv.DictReader(stream))
    people, participants = {row["id_student"] for row in rows("studentInfo")}, sum(1 for _row in rows("studentInfo"))
    courses = {row["code_module"] for row in rows("courses")}
    sizes = {"regions": 14, "courses": len(courses), "cohorts": sum(1 for _row in rows("courses")), "people": len(people)}
    assert filled.counts == {kind: [size, 0, 0, 0] for kind, size in {**sizes, "enrolments": participants, "grades": grades}.items()}
    if not ONLY:
        assert (len(people), participants, grades) == (28_785, 32_593, 173_739)


def test_coming_again_changes_nothing(filled):
    with filled.campus.database.reading() as session:
        before = [session.scalar(select(func.count()).select_from(model)) for model in (Grade, GradeChange)]
    assert filled.bring() == {kind: [0, 0, counts[0], 0] for kind, counts in filled.counts.items()}
    with filled.campus.database.reading() as session:
        assert [session.scalar(select(func.count()).select_from(model)) for model in (Grade, GradeChange)] == before


@pytest.mark.parametrize("by", ASKED, ids=["-".join(by) for by in ASKED])
def test_a_report_says_what_counting_says(filled, by):
    def place(row: dict[str, Any]) -> tuple[str, ...]:
        values = [row["region_name"] if name == "region" else row[name] for name in by]
        return ("TOTAL",) if "TOTAL" in values else tuple(values)

    expected = counted(by)
    said = {place(row): {name: row[name] for name in expected["TOTAL",]} for row in filled.report(*by)}
    assert said == expected


@pytest.mark.parametrize("kind", ["enrolments", "grades"])
def test_what_goes_out_comes_in_again_unchanged(filled, kind):
    out = filled.shell.folder / f"{kind}.out.csv"
    number = filled.shell.call("export", kind, "--out", str(out))[0]["exported"]
    assert filled.shell.call("import", kind, str(out))[0] == {"created": 0, "updated": 0, "unchanged": number, "rejected": 0}
    assert number == filled.counts[kind][0]
