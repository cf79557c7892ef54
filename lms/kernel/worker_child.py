"""The worker beside the server of an embedded campus: a child process, started again whenever it ends by accident."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "lms.cli", "worker", "--child")
GRACE = 30.0
"""Seconds for the job that runs when the server is asked to end."""
SOON = 3.0
"""One that lived shorter than this is broken rather than killed: the next one waits as long."""


@contextmanager
def beside() -> Iterator[None]:
    """Keep a worker running for the length of the block."""
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(over,), name="worker-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _keep(over: threading.Event) -> None:
    while not over.is_set():
        began, child = time.monotonic(), subprocess.Popen([*COMMAND, str(os.getpid())])  # nosec B603
        while child.poll() is None and not over.wait(0.5):
            pass
        if child.poll() is None:
            _end(child)
        elif not over.is_set():
            log.error("the worker ended with exit code %s; another one starts", child.returncode)
            over.wait(SOON if time.monotonic() - began < SOON else 0.5)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:  # its job begins again with the next worker
        child.kill()
        child.wait()
