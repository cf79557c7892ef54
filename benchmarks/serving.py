"""Servers under test: the suite with its demo campus, and a bare application as the yardstick."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Thread

from lms.accounts import people
from lms.kernel import sessions
from lms.kernel.campus import Campus
from lms.settings import Settings

BARE = "benchmarks.bare:app"


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], environment: dict[str, str], port: int, path: str) -> Iterator[int]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port, path)
        yield port
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


@dataclass(frozen=True)
class Suite:
    """The suite under test: its port, and what a browser sends in which somebody has signed in, by e-mail address."""

    port: int
    cookies: dict[str, str]


@contextmanager
def suite(*addresses: str) -> Iterator[Suite]:
    """The suite with its demo campus in a folder of its own, and these people of the demo signed in."""
    lms = str(Path(sys.executable).parent / "lms")
    with tempfile.TemporaryDirectory(prefix="lms-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
        environment = kept | {"LMS_DATA_DIR": folder, "LMS_DEMO": "1", "LMS_LOG_LEVEL": "WARNING"}
        for command in ("migrate", "demo"):
            subprocess.run([lms, command], env=environment, check=True, stdout=subprocess.DEVNULL)
        cookies = {email: _sign_in(Path(folder), email) for email in addresses}
        port = free_port()
        # Without the worker: it would draw the demo's certificates while pages are measured.
        with _running([lms, "serve", "--no-worker", "--port", str(port)], environment, port, "/healthz"):
            yield Suite(port, cookies)


def _sign_in(folder: Path, email: str) -> str:
    with closing(Campus.open(Settings(data_dir=folder))) as campus, campus.database.transaction() as session:
        person = people.find_by_email(session, email)
        token = sessions.open_session(session, person.id or 0, days=1) if person else ""
    return f"{sessions.COOKIE}={token}"


@contextmanager
def bare() -> Iterator[int]:
    """One plain `def` route and nothing else on the same server; gives the port."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", BARE, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    with _running(command, dict(os.environ), port, "/"):
        yield port


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of one GET on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def requests_per_second(port: int, path: str, *, cookie: str = "", seconds: float = 4.0, clients: int = 4) -> float:
    """Answers a second that so many keep-alive clients get together. Raises RuntimeError where one is not 200."""
    counts, wrong = [0] * clients, [0] * clients
    barrier = Barrier(clients)
    headers = {"cookie": cookie} if cookie else {}

    def ask(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        barrier.wait()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            wrong[place] = wrong[place] or (answer.status if answer.status != 200 else 0)
            counts[place] += 1
        connection.close()

    threads = [Thread(target=ask, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if any(wrong) or 0 in counts:
        raise RuntimeError(f"{path} answered {next((status for status in wrong if status), 'nothing')} instead of 200.")
    return sum(counts) / seconds
