"""Processes that are killed: each leads a group of its own, and is ended as a power cut would."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


def until(is_so: Callable[[], object], what: str, seconds: float = 60, every: float = 0.05) -> None:
    """Wait until it is so. Raises RuntimeError."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not so after {seconds:.0f} s: {what}")
        time.sleep(every)


def children(pid: int) -> list[int]:
    """The processes that this one started, and theirs."""
    direct = []
    for started in Path(f"/proc/{pid}/task").glob("*/children"):  # each thread has its own
        with suppress(OSError):
            direct += [int(word) for word in started.read_text().split()]
    return [found for child in direct for found in (child, *children(child))]


def kill(*pids: int) -> None:
    """Kill them, whether they are still there or not."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@dataclass
class Kept:
    """A process that its keeper starts again whenever it has ended, as systemd or Docker would."""

    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def keep(self) -> None:
        """Start it where it does not run."""
        if self.process is None or self.process.poll() is not None:
            with self.log.open("ab") as writing:
                self.process = subprocess.Popen(
                    self.command, env=dict(self.environment), stdout=writing, stderr=writing, start_new_session=True
                )
            self.starts += 1

    def kill(self) -> None:
        """Kill it with everything that it started."""
        if self.process is not None and self.process.poll() is None:
            kill(self.process.pid, *children(self.process.pid))
            self.process.wait(30)

    def kill_a_child(self) -> bool:
        """Kill only one of the processes that answer requests: its parent must start another. False where there is none."""
        answering = [pid for pid in children(self.process.pid) if b"spawn_main" in command_of(pid)] if self.process else []
        kill(*answering[:1])
        return bool(answering)


def command_of(pid: int) -> bytes:
    """How it was called; nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@dataclass
class Cast:
    """All processes of a trial."""

    members: list[Kept] = field(default_factory=list)

    def keep(self) -> None:
        """Start what has ended."""
        for member in self.members:
            member.keep()


@contextmanager
def kept(*members: Kept) -> Iterator[Cast]:
    """Run them; they are gone afterwards."""
    cast = Cast(list(members))
    try:
        cast.keep()
        yield cast
    finally:
        for member in cast.members:
            member.kill()
