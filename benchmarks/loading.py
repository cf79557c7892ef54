"""A load from outside: so many connections that ask for one address as fast as they are answered (wrk)."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import get

SCRIPT = Path(__file__).with_name("latency.lua")
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
"""How long each address is asked."""


@dataclass(frozen=True)
class Load:
    """What came of it: answers a second, and how long one took, in milliseconds."""

    per_second: float
    p50: float
    p95: float
    p99: float


def load(port: int, path: str, *, connections: int, cookie: str = "", seconds: float = SECONDS) -> Load:
    """Ask for a page. Raises RuntimeError where wrk is missing or an answer is not 2xx or 3xx."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is needed to measure under load (Debian: apt-get install wrk).")
    status, _body = get(port, path, cookie)
    if status != 200:
        raise RuntimeError(f"{path} answers {status} instead of 200.")
    headers = ["-H", f"Cookie: {cookie}"] if cookie else []
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(SCRIPT), *headers]
    _run(command, port, path, seconds=1)  # what a first request prepares is not measured
    found = _run(command, port, path)
    if found["wrong"] or found["failed"]:
        raise RuntimeError(f"{path}: {found['wrong']} wrong answers, {found['failed']} connections that failed.")
    return Load(found["requests"] / found["seconds"], found["p50"], found["p95"], found["p99"])


def _run(command: list[str], port: int, path: str, seconds: float | None = None) -> dict[str, float]:
    timed = [f"-d{seconds:g}s" if seconds and part.startswith("-d") else part for part in command]
    told = subprocess.run(
        [*timed, "-H", "Accept-Encoding: gzip", f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True
    )
    (line,) = [line for line in told.stdout.splitlines() if line.startswith("JSON ")]
    figures: dict[str, float] = json.loads(line.removeprefix("JSON "))
    return figures
