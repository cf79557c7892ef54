"""Killed in the middle of everything, the suite loses nothing that it confirmed and does nothing twice.

A short version of `python -m benchmarks.trials kill`, which kills fifty times.
"""

import pytest

from benchmarks.trials.cluster import programs
from benchmarks.trials.killing import Result, trial


def check(result: Result) -> None:
    """Well, and not by idleness."""
    assert result.is_well, "\n".join(result.lines())
    assert min(result.parts.values()) >= 1, result.parts


def test_the_server_and_a_worker_are_killed_on_sqlite():
    result = trial(["server", "worker", "server"], "sqlite", clients=2, gap=(0.2, 0.6), lease=2)
    check(result)
    assert result.answers["nothing"] > 0  # clients did notice


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_postgresql_is_killed_with_all_its_processes_and_the_servers_find_back_by_themselves():
    result = trial(["postgresql"], "postgresql", clients=2, gap=(0.2, 0.6), lease=2)
    check(result)
    assert result.answers["503"] > 0
    assert "500" not in result.answers
