"""How much slower a page gets while a worker brings a file of 10,000 people in and packs certificates into a ZIP.

The dashboard of a trainee, four connections that ask as fast as they are answered, first with an idle worker and then with a busy one. The
ratio is the busy 99th percentile to the idle one, of the same server in the same run.
"""

import io
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlmodel import select

from benchmarks.loading import SECONDS, Load, load
from benchmarks.measurement import Measurement
from benchmarks.serving import running, suite
from benchmarks.sites import LMS, Site, databases, site
from lms.certificates.models import Certificate
from lms.certificates.requesting import request_export
from lms.courses.models import Cohort
from lms.imports import drafting
from lms.kernel.campus import Campus
from lms.kernel.jobs import Job
from lms.kernel.permissions import SYSTEM

TRAINEE, PAGE, CONNECTIONS = "rosa@demo.example", "/today", 4
ROWS = 10_000
IDLE = "the same with an idle worker"


def run() -> list[Measurement]:
    """Measure each database: idle, then busy."""
    return [measurement for database in databases() for measurement in _measure(database)]


def _measure(database: str) -> Iterator[Measurement]:
    with site(database) as made, closing(made.open()) as campus:
        made.run("demo")
        campus.run_jobs()  # the demo's certificates
        cookie = made.sign_in(TRAINEE)
        with suite(made) as port, _worker(made, port):
            idle = load(port, PAGE, connections=CONNECTIONS, cookie=cookie)
            with _busy(campus) as done:
                busy = load(port, PAGE, connections=CONNECTIONS, cookie=cookie)
    yield from _told(database, idle, busy, done)


def _told(database: str, idle: Load, busy: Load, done: dict[str, int]) -> Iterator[Measurement]:
    yield Measurement(f"{database}: dashboard, worker idle, p99", idle.p99, "ms", 1.0, IDLE)
    yield Measurement(f"{database}: dashboard, worker busy, p99", busy.p99, "ms", busy.p99 / idle.p99, IDLE)
    yield Measurement(f"{database}: dashboard, worker busy, p50", busy.p50, "ms", busy.p50 / idle.p50, IDLE)
    yield Measurement(f"{database}: dashboard, worker busy", busy.per_second, "requests/s", busy.per_second / idle.per_second, IDLE)
    for name, number in done.items():
        yield Measurement(f"{database}: {name} done meanwhile ({SECONDS:g} s)", float(number), "jobs")


@contextmanager
def _worker(made: Site, port: int) -> Iterator[None]:
    with running([LMS, "worker", "--threads", "2"], made.environment, port, "/healthz"):
        yield


@contextmanager
def _busy(campus: Campus) -> Iterator[dict[str, int]]:
    """An import and an export are in line or running for the length of the block, whenever one ends the next."""
    over, done = threading.Event(), {"imports": 0, "exports": 0}
    keepers = [threading.Thread(target=keep, args=(campus, over, done)) for keep in (_keep_importing, _keep_exporting)]
    for keeper in keepers:
        keeper.start()
    time.sleep(2)  # until both have begun
    try:
        yield done
    finally:
        over.set()
        for keeper in keepers:
            keeper.join()


def _keep_importing(campus: Campus, over: threading.Event, done: dict[str, int]) -> None:
    importer = campus.plugins.named("importers")["people"]
    for number in itertools.count():
        with campus.database.transaction() as session:
            file = drafting.give(session, SYSTEM, campus.storage, importer, io.BytesIO(_people(number)), "people.csv", "upsert")
            checking = drafting.start_check(session, SYSTEM, file, importer)
        _wait(campus, checking, over)
        if over.is_set():
            return
        with campus.database.transaction() as session:
            importing = drafting.start_import(session, SYSTEM, session.one(type(file), file.id), importer)
        _wait(campus, importing, over)
        if over.is_set():
            return
        done["imports"] += 1


def _people(number: int) -> bytes:
    lines = ["email,given_name,family_name,country,gender,organisation,organisation_type,language"]
    lines += [f"person{number}.{row}@example.org,Rosa,Quispe {row},PE,F,Institute {row % 100},university,es" for row in range(ROWS)]
    return "\n".join(lines).encode()


def _keep_exporting(campus: Campus, over: threading.Event, done: dict[str, int]) -> None:
    with campus.database.reading() as session:
        some = select(Certificate.cohort_id).distinct()
        cohorts = [session.one(Cohort, cohort_id) for cohort_id in session.scalars(some)]
    for cohort in itertools.cycle(cohorts):
        with campus.database.transaction() as session:
            exporting = request_export(session, SYSTEM, cohort)
        _wait(campus, exporting, over)
        if over.is_set():
            return
        done["exports"] += 1


def _wait(campus: Campus, job_id: int, over: threading.Event) -> None:
    while not over.wait(0.5):
        with campus.database.reading() as session:
            job = session.one(Job, job_id)
        if job.state not in ("queued", "running"):
            if job.state != "done":
                raise RuntimeError(f"a job of the benchmark ended as {job.state}: {job.error}")
            return
