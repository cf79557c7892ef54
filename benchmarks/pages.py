"""Pages under load, as a share of what a bare route gives on the same machine in the same run.

SQLite is served from one process, PostgreSQL from two. The campus is the demo's with a large one beside it (see `campuses.py`), so that
its tables have the size of years.
"""

from collections.abc import Iterator

from benchmarks import campuses
from benchmarks.loading import load
from benchmarks.measurement import Measurement
from benchmarks.serving import bare, suite
from benchmarks.sites import databases, site

TRAINEE, TUTOR, STAFF = "rosa@demo.example", "ines@demo.example", "staff@demo.example"
PAGES = {
    "catalogue": ("/", ""),
    "dashboard, signed in": ("/today", TRAINEE),
    "course, signed in": ("/learn/POLI-2026-LA1", TRAINEE),
    "marking queue, signed in": ("/marking?state=waiting", TUTOR),
    "trainees by region, signed in": ("/reports/trainees?by=region", STAFF),
}
CONNECTIONS = (8, 32)
PROCESSES = {"sqlite": 1, "postgresql": 2}
REFERENCE = "a bare def route"


def run() -> list[Measurement]:
    """Measure on every database that is there. Bare and suite never run at the same time."""
    return [measurement for database in databases() for measurement in _on(database)]


def _on(database: str) -> Iterator[Measurement]:
    processes = PROCESSES[database]
    where = f"{database}, {processes} process{'es' if processes > 1 else ''}"
    with bare(processes) as port:
        yardstick = {number: load(port, "/", connections=number) for number in CONNECTIONS}
    for number, found in yardstick.items():
        yield Measurement(f"bare def route ({where}, {number} connections)", found.per_second, "requests/s", 1.0, REFERENCE)
        yield Measurement(f"bare def route ({where}, {number} connections), p95", found.p95, "ms")
    with site(database) as made:
        campuses.demo(made)
        campuses.large(made)
        with suite(made, processes) as port:
            for name, (path, person) in PAGES.items():
                cookie = made.sign_in(person) if person else ""
                for number in CONNECTIONS:
                    found, label = load(port, path, connections=number, cookie=cookie), f"{name} ({where}, {number} connections)"
                    share = found.per_second / yardstick[number].per_second
                    yield Measurement(label, found.per_second, "requests/s", share, REFERENCE)
                    yield Measurement(f"{label}, p95", found.p95, "ms")
