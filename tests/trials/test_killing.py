"""Killed in the middle of everything, the suite loses nothing that it confirmed and does nothing twice.

A short version of `python -m benchmarks.trials kill`, which kills fifty times.
"""

import os
import sys

import pytest

from benchmarks.serving import free_port, get
from benchmarks.trials.cluster import programs
from benchmarks.trials.killing import Result, trial
from benchmarks.trials.processes import Kept, children, command_of, kept, kill, until


def check(result: Result) -> None:
    """Well, and not by idleness."""
    assert result.is_well, "\n".join(result.lines())
    assert min(result.parts.values()) >= 1, result.parts


def test_the_server_and_a_worker_are_killed_on_sqlite():
    result = trial(["server", "worker"], "sqlite", clients=2, gap=(0.2, 0.6), lease=2)
    check(result)
    assert result.answers["nothing"] > 0  # clients did notice


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_postgresql_is_killed_with_all_its_processes_and_the_servers_find_back_by_themselves():
    result = trial(["postgresql"], "postgresql", clients=2, gap=(0.2, 0.6), lease=2)
    check(result)
    assert result.answers["503"] > 0
    assert "500" not in result.answers


def workers_of(server: Kept) -> list[int]:
    """The workers that a server has beside it."""
    pid = server.process.pid if server.process else 0
    return [child for child in children(pid) if b"worker" in command_of(child).split(b"\0")]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_worker_beside_its_server_is_started_again_and_ends_with_it(tmp_path):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    port = free_port()
    server = Kept(
        [sys.executable, "-m", "lms.cli", "serve", "--port", str(port)], clean | {"LMS_DATA_DIR": str(tmp_path)}, tmp_path / "log"
    )

    def answers() -> bool:
        try:
            return get(port, "/healthz")[0] == 200
        except OSError:
            return False

    with kept(server):
        until(answers, "the server answers")
        (first,) = workers_of(server)
        kill(first)
        until(lambda: [w for w in workers_of(server) if w != first], "another worker works", 30)
        (second,) = workers_of(server)
        assert server.process
        server.process.terminate()
        server.process.wait(40)
        until(lambda: not command_of(second), "the worker is gone with its server", 30)
    assert "the worker ended with exit code -9" in (tmp_path / "log").read_text()
