"""A campus of 600,000 people and 1,000,000 participations: how long filling it, its reports and its pages take."""

import time
from collections.abc import Iterator

from benchmarks import campuses
from benchmarks.loading import load
from benchmarks.measurement import Measurement
from benchmarks.pages import PAGES, PROCESSES
from benchmarks.serving import get, suite
from benchmarks.sites import databases, site

PEOPLE, PARTICIPATIONS = 600_000, 1_000_000
REPORTS = {
    "trainees as a whole": "",
    "trainees by macro-region": "by=macroregion",
    "trainees by country": "by=country",
    "trainees by region and gender": "by=region&by=gender",
    "trainees by year": "by=year",
    "trainees of one year by status": "by=status&from=2013-01-01&to=2013-12-31",
}
REPORTER = "reporter@demo.example"


def run() -> list[Measurement]:
    """Measure on every database that is there."""
    return [measurement for database in databases() for measurement in _on(database)]


def _on(database: str) -> Iterator[Measurement]:
    with site(database) as made:
        campuses.demo(made)
        started = time.perf_counter()
        campuses.made_up(made, PEOPLE, PARTICIPATIONS)
        yield Measurement(f"filling ({database})", time.perf_counter() - started, "s")
        with suite(made, PROCESSES[database]) as port:
            cookie = made.sign_in(REPORTER)
            for name, query in REPORTS.items():
                yield Measurement(f"{name} ({database})", _seconds(port, f"/reports/trainees/export.json?{query}", cookie), "s")
            for name, (path, person) in PAGES.items():
                if not path.startswith("/reports"):
                    found = load(port, path, connections=8, cookie=made.sign_in(person) if person else "")
                    yield Measurement(f"{name} ({database}, 8 connections)", found.per_second, "requests/s")
                    yield Measurement(f"{name} ({database}, 8 connections), p95", found.p95, "ms")


def _seconds(port: int, path: str, cookie: str) -> float:
    """How long an answer takes: the better of two."""
    taken = []
    for _ in range(2):
        started = time.perf_counter()
        status, _body = get(port, path, cookie)
        if status != 200:
            raise RuntimeError(f"{path} answers {status} instead of 200.")
        taken.append(time.perf_counter() - started)
    return min(taken)
