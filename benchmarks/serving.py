"""Servers under test: the suite, and a bare application as the yardstick."""

import http.client
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks.sites import LMS, Site

BARE = "benchmarks.bare:app"


def free_port() -> int:
    """A port nobody listens on at the moment, and none of those that systems hand out by themselves.

    A server that is started again later must find it free still.
    """
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@contextmanager
def suite(site: Site, processes: int = 1) -> Iterator[int]:
    """The suite, served from so many processes without a worker beside them; gives the port."""
    port = free_port()
    command = [LMS, "serve", "--no-worker", "--port", str(port), "--processes", str(processes)]
    with running(command, site.environment, port, "/healthz"):
        yield port


@contextmanager
def bare(processes: int = 1) -> Iterator[int]:
    """One plain `def` route and nothing else on the same server; gives the port."""
    port = free_port()
    options = ["--port", str(port), "--workers", str(processes), "--no-access-log", "--log-level", "warning"]
    with running([sys.executable, "-m", "uvicorn", BARE, *options], dict(os.environ), port, "/"):
        yield port


@contextmanager
def running(command: list[str], environment: dict[str, str], port: int, path: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that has answered once. It is stopped afterwards."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port, path)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int, path: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server stopped with exit code {process.returncode} before it answered.")
        try:
            if get(port, path)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The server did not answer {path} within {seconds:.0f} s.")


def get(port: int, path: str, cookie: str = "") -> tuple[int, bytes]:
    """Status and body of one GET on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
