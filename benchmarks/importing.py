"""Bringing a published data set (OULAD) in by `lms import`, and once more: time, processor time and memory of each file."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import oulad
from benchmarks.measurement import Measurement
from benchmarks.sites import LMS, Site, databases, site

TOGETHER = ("people", "enrolments")
"""Files whose time is also told as one figure."""


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds on the wall, seconds of processor, MB of memory at most."""

    seconds: float
    processor: float
    memory: float


def run() -> list[Measurement]:
    """Measure on every database that is there. Nothing where the data set is not beside the checkout."""
    source = Path(os.environ.get("BENCH_OULAD", oulad.SOURCE))
    if not source.is_dir():
        print(f"importing: left out, {source} is not there (BENCH_OULAD names another folder)", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory(prefix="lms-bench-") as folder:
        files = oulad.convert(source, Path(folder))
        return [measurement for database in databases() for measurement in _on(database, files)]


def _on(database: str, files: dict[str, Path]) -> Iterator[Measurement]:
    with site(database) as made:
        for what, result in (("import", "created"), ("import again", "unchanged")):
            costs = {kind: _bring(made, kind, path, result) for kind, path in files.items()}
            for kind, cost in costs.items():
                yield Measurement(f"{what} of {kind} ({database})", cost.seconds, "s")
                yield Measurement(f"{what} of {kind} ({database}), processor", cost.processor, "s")
                yield Measurement(f"{what} of {kind} ({database}), memory", cost.memory, "MB")
            both = sum(costs[kind].seconds for kind in TOGETHER)
            yield Measurement(f"{what} of {' and '.join(TOGETHER)} ({database})", both, "s")


def _bring(made: Site, kind: str, path: Path, result: str) -> Cost:
    """Import a file. Raises RuntimeError where a row comes to anything but this result."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([LMS, "import", kind, str(path)], env=made.environment, stdout=subprocess.PIPE, stderr=errors)
        told = process.stdout.read() if process.stdout else b""
        _pid, status, usage = os.wait4(process.pid, 0)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    counts = json.loads(told or b"{}")
    if not counts.get(result) or sum(counts.values()) != counts[result]:
        raise RuntimeError(f"lms import {kind} says {counts} and ends with {process.returncode}; every row should be {result}. {said}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)
