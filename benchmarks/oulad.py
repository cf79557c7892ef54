"""The Open University Learning Analytics Dataset as the six files that `lms import` takes: `python -m benchmarks.oulad [SOURCE] TARGET`.

Kuzilek, Hlosta and Zdrahal, doi:10.1038/sdata.2017.171, CC BY 4.0. The set names modules, presentations, students, registrations and
scores by codes and days; what it does not have is filled in by these rules:

- A presentation starts on 1 February (B) or 1 October (J) of its year, and ends as many days later as its length says.
- Nobody has a name or an address: student 11391 is "Student 11391", 11391@oulad.example.
- A person is in the region, and of the gender, of the first row that names her.
- Pass and Distinction are completed, on the last day of the presentation; Fail is failed; Withdrawn is withdrawn.
- Without a day of registration (45 rows) that day is left empty; a score that is empty (173 rows) is no grade.
- A cohort has as many seats as people registered.
"""

import csv
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

KINDS = ("regions", "courses", "cohorts", "people", "enrolments", "grades")
"""In the order in which they are imported."""
SOURCE = Path("../shared/data/oulad")
ROOT = "OU"
STARTS = {"B": 2, "J": 10}
RESULTS = {"Pass": "completed", "Distinction": "completed", "Fail": "failed", "Withdrawn": "withdrawn"}

Row = Mapping[str, str]


def cohort_code(row: Row) -> str:
    """The code of the presentation that a row is about, such as AAA-2013J."""
    return f"{row['code_module']}-{row['code_presentation']}"


def region_code(name: str) -> str:
    """East Anglian Region is OU-EAST-ANGLIAN."""
    return f"{ROOT}-{name.removesuffix(' Region').upper().replace(' ', '-')}"


def address(student: str) -> str:
    """The address of a student; the domain belongs to nobody (RFC 2606)."""
    return f"{student}@oulad.example"


class Oulad:
    """The files of the set, all presentations or some of them (such as AAA-2013J)."""

    def __init__(self, folder: Path, only: Collection[str] = ()) -> None:
        self._folder, self._only = folder, only
        self.presentations = {cohort_code(row): row for row in self._rows("courses") if self._has(row)}

    def _has(self, row: Row) -> bool:
        return not self._only or cohort_code(row) in self._only

    def _rows(self, name: str) -> Iterator[Row]:
        with (self._folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)

    def first_day(self, code: str) -> date:
        """When a presentation starts."""
        presentation = self.presentations[code]["code_presentation"]
        return date(int(presentation[:4]), STARTS[presentation[4]], 1)

    def last_day(self, code: str) -> date:
        """When it ends."""
        return self.first_day(code) + timedelta(days=int(self.presentations[code]["module_presentation_length"]))

    def _day(self, code: str, days: str) -> str:
        return (self.first_day(code) + timedelta(days=int(days))).isoformat() if days else ""

    def students(self) -> Iterator[Row]:
        """A row for each student in each presentation."""
        return filter(self._has, self._rows("studentInfo"))

    def regions(self) -> Iterator[Sequence[object]]:
        """A tree of their own: the university and its regions."""
        yield "code", "name", "parent", "countries"
        yield ROOT, "The Open University", "", ""
        for name in sorted({row["region"] for row in self._rows("studentInfo")}):
            yield region_code(name), name, ROOT, ""

    def courses(self) -> Iterator[Sequence[object]]:
        """Modules."""
        yield "code", "title", "language", "topic", "summary", "weeks", "hours"
        longest: dict[str, int] = {}
        for row in self.presentations.values():
            weeks = round(int(row["module_presentation_length"]) / 7)
            longest[row["code_module"]] = max(weeks, longest.get(row["code_module"], 0))
        for module, weeks in sorted(longest.items()):
            yield module, f"Module {module}", "en", "", "", weeks, ""

    def cohorts(self) -> Iterator[Sequence[object]]:
        """Presentations."""
        yield "code", "course", "title", "region", "language", "starts", "ends", "seats", "tutors"
        seats = Counter(cohort_code(row) for row in self.students())
        for code, row in sorted(self.presentations.items()):
            title = f"Module {row['code_module']}, {row['code_presentation']}"
            yield code, row["code_module"], title, ROOT, "en", self.first_day(code), self.last_day(code), seats[code], ""

    def people(self) -> Iterator[Sequence[object]]:
        """Students, each once."""
        yield "email", "given_name", "family_name", "country", "region", "gender", "organisation", "organisation_type", "language"
        seen = set()
        for row in self.students():
            student = row["id_student"]
            if student not in seen:
                seen.add(student)
                yield address(student), "Student", student, "", region_code(row["region"]), row["gender"], "", "", "en"

    def enrolments(self) -> Iterator[Sequence[object]]:
        """Registrations, with what came of them."""
        yield "email", "cohort", "status", "enrolled_on", "completed_on"
        registered = {(cohort_code(row), row["id_student"]): row["date_registration"] for row in self._rows("studentRegistration")}
        for row in self.students():
            code, student, status = cohort_code(row), row["id_student"], RESULTS[row["final_result"]]
            completed_on = self.last_day(code).isoformat() if status == "completed" else ""
            yield address(student), code, status, self._day(code, registered[code, student]), completed_on

    def grades(self) -> Iterator[Sequence[object]]:
        """Scores, all of them out of 100; a column for each assessment, such as TMA 1752."""
        yield "email", "cohort", "item", "score", "max_score", "feedback", "graded_on"
        assessments = {row["id_assessment"]: row for row in self._rows("assessments") if self._has(row)}
        for row in self._rows("studentAssessment"):
            assessment = assessments.get(row["id_assessment"])
            if assessment and row["score"]:
                code, item = cohort_code(assessment), f"{assessment['assessment_type']} {row['id_assessment']}"
                yield address(row["id_student"]), code, item, row["score"], "100", "", self._day(code, row["date_submitted"])


def convert(source: Path, target: Path, only: Collection[str] = ()) -> dict[str, Path]:
    """Write the six files into a folder; answers where each of them is."""
    oulad = Oulad(source, only)
    target.mkdir(parents=True, exist_ok=True)
    return {kind: _write(target / f"{kind}.csv", getattr(oulad, kind)()) for kind in KINDS}


def _write(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


if __name__ == "__main__":
    *given, wanted = sys.argv[1:] or sys.exit("usage: python -m benchmarks.oulad [SOURCE] TARGET")
    for written in convert(Path(given[0]) if given else SOURCE, Path(wanted)).values():
        print(written)
