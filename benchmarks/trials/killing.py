"""A trial: the crowd works, something is killed again and again, and at the end everything is compared."""

import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.serving import free_port, get
from benchmarks.sites import LMS, Site
from benchmarks.trials.calling import PATIENCE
from benchmarks.trials.cluster import Cluster, cluster
from benchmarks.trials.comparing import faults
from benchmarks.trials.crowd import Crowd
from benchmarks.trials.processes import Cast, Kept, kept, until
from benchmarks.trials.stage import Listener, build
from lms.kernel import jobs
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("server", "worker", "postgresql")
DATABASES = ("sqlite", "postgresql")
FINISHING = 900.0
"""Seconds for the workers to end what is in line: a lease of a killed one runs out in half a minute."""


@dataclass
class Result:
    """What came of a trial."""

    blows: Sequence[str]
    database: str
    deeds: int
    answers: dict[str, int]
    faults: list[str]
    repeated: int
    seconds: float
    parts: dict[str, int] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether nothing was lost, doubled or answered strangely."""
        return not self.faults

    def lines(self) -> list[str]:
        """The result in words."""
        heard = ", ".join(f"{count} x {what}" for what, count in sorted(self.answers.items()))
        parts = ", ".join(f"{count} {what}" for what, count in self.parts.items())
        what = " and ".join(sorted(set(self.blows)))
        verdict = "nothing lost, nothing double" if self.is_well else "NOT WELL"
        return [
            f"{what} on {self.database}: killed {len(self.blows)} times in {self.seconds:.0f} s: {verdict}",
            f"  acknowledged: {self.deeds} ({parts}); jobs begun again by hand: {self.repeated}",
            f"  heard: {heard}",
            *(f"  FAULT {fault}" for fault in self.faults),
        ]


@dataclass
class Scene:
    """Everything of a running trial that can be killed."""

    site: Site
    server: Kept
    worker: Kept
    cluster: Cluster | None

    def blow(self, what: str, number: int) -> None:
        """Kill it once."""
        if what == "worker":
            with closing(self.site.open()) as campus:
                until(lambda: self._is_at_work(campus), "the worker is in the middle of a job", 120, 0.005)
                self.worker.kill()
        elif what == "postgresql" and self.cluster:
            self.cluster.kill()
            time.sleep(random.uniform(0, 1))
            self.cluster.start()
        # With several processes every other blow takes only one of them, which the server must make good by itself.
        elif not (number % 2 and self.server.kill_a_child()):
            self.server.kill()

    def _is_at_work(self, campus: Campus) -> bool:
        self.worker.keep()
        pid = self.worker.process.pid if self.worker.process else 0
        with campus.database.reading() as session:
            mine = sa.text("SELECT count(*) FROM job WHERE state = 'running' AND worker LIKE :name").bindparams(name=f"%:{pid}:%")
            return bool(session.scalar(mine))


def trial(
    blows: Sequence[str], database: str, *, clients: int = 6, gap: tuple[float, float] = (0.2, 2.0), lease: float | None = None
) -> Result:
    """Kill what `blows` names, one after the other, each `gap` seconds after the site answers again, and compare.

    `lease`: seconds after which the job of a killed worker is taken over; None: as in the product, half a minute.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        listener = stack.enter_context(Listener())
        scene, port, cast = stack.enter_context(_scene(database, lease))
        crowd = Crowd(build(scene.site, clients, listener.url), (port,))
        cast.keep()
        until(lambda: _answers(port), "the server answers", PATIENCE)
        crowd.start()
        for number, what in enumerate(blows):
            time.sleep(random.uniform(*gap))
            scene.blow(what, number)
            _wait(cast, lambda: _answers(port), "the server answers again")
            if crowd.errors:
                break
        time.sleep(gap[1])
        with _keeping(cast):
            crowd.stop()
            repeated = _finish(scene.site)
        found = [*crowd.errors, *crowd.heard.strange, *faults(scene.site, crowd.ledger, listener.ids)]
        ledger = crowd.ledger
        parts = {
            "people": len(ledger.people), "enrolments": len(ledger.enrolled), "submissions": len(ledger.handed_in),
            "grades": len(ledger.graded), "completions": len(ledger.completed), "messages": len(set(listener.ids)),
        }  # fmt: skip
        return Result(blows, database, ledger.deeds, dict(crowd.heard.counts), found, repeated, time.monotonic() - started, parts)


@contextmanager
def _keeping(cast: Cast) -> Iterator[None]:
    """Keep everything running in the background for the length of the block."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(0.2):
            cast.keep()

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


@contextmanager
def _scene(database: str, lease: float | None) -> Iterator[tuple[Scene, int, Cast]]:
    """An installation on SQLite with one process, or on a cluster of its own with two; nothing runs yet but the cluster."""
    with ExitStack() as stack:
        own = stack.enter_context(cluster()) if database == "postgresql" else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lms-trial-")))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
        environment = clean | {"LMS_DATA_DIR": str(folder), "LMS_LOG_LEVEL": "ERROR", "LMS_WEBHOOKS_PRIVATE": "1"}
        if own:
            environment["LMS_DATABASE_URL"] = own.url
        site, port = Site(folder, environment), free_port()
        site.run("migrate")
        processes = ["--processes", "2"] if own else []
        server = Kept([LMS, "serve", "--no-worker", "--port", str(port), *processes], environment, folder / "server.log")
        working = ["lms.cli", "worker"] if lease is None else ["benchmarks.trials.hasty", str(lease)]
        worker = Kept([sys.executable, "-m", *working], environment | {"PYTHONPATH": str(ROOT)}, folder / "worker.log")
        cast = stack.enter_context(kept())
        cast.members += [server, worker]
        yield Scene(site, server, worker, own), port, cast


def _answers(port: int) -> bool:
    try:
        return get(port, "/readyz")[0] == 200
    except OSError:
        return False


def _wait(cast: Cast, is_so: Callable[[], object], what: str) -> None:
    def kept_and_so() -> object:
        cast.keep()
        return is_so()

    until(kept_and_so, what, PATIENCE)


def _finish(site: Site) -> int:
    """Wait until nothing is in line; a job that was killed in every attempt is begun again, as staff would. Answers how many were."""
    repeated = 0
    with closing(site.open()) as campus:

        def nothing_left() -> bool:
            nonlocal repeated
            with campus.database.reading() as session:
                rows: Sequence[Any] = session.execute(sa.text("SELECT id, state FROM job WHERE state <> 'done'")).all()
            for job_id in [row[0] for row in rows if row[1] == "failed"]:
                with campus.database.transaction() as writing:
                    jobs.retry(writing, SYSTEM, job_id)
                repeated += 1
            return not rows

        until(nothing_left, "no job is in line", FINISHING)
    return repeated
