"""Processes of one installation, each with a folder and a port of its own, as they would run on several machines."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx2 import Client, HTTPError

HERE = Path(__file__).parent
SUITE = "accounts,courses,enrollment,grading,certificates,reports"
METADATA = "Metadata-Version: 2.1\nName: orchard\nVersion: {version}\n"
ENTRY_POINT = "[lms.plugins]\norchard = orchard.plugin:plugin\n"


@dataclass
class Member:
    """One process; a web server has an address."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str = ""

    def stop(self) -> int:
        """Ask it to end, and wait; answers its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(30)


class Fleet:
    """Starts members that share a database and a storage and nothing else."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.members: list[Member] = []
        self.settings = {f"LMS_{name.upper()}": str(value) for name, value in settings.items()}

    def serve(self, version: str = "before", **settings: str) -> Member:
        """A web server; wait for it with `ready`."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        member = self._start(["-m", "lms.cli", "serve", "--no-worker", "--port", str(port)], version, settings)
        member.address = f"http://127.0.0.1:{port}"
        return member

    def work(self, version: str = "before", *, lease: bool = True) -> Member:
        """A worker: with the usual lease, or with a short one."""
        return self._start(["-m", "lms.cli", "worker"] if lease else [str(HERE / "short_lease.py")], version, {})

    def run(self, *command: str, version: str = "before") -> str:
        """Run a command of `lms` to its end; answers what it printed."""
        member = self._start(["-m", "lms.cli", *command], version, {})
        assert member.process.wait(120) == 0, member.log.read_text()
        return member.log.read_text()

    def _start(self, arguments: list[str], version: str, settings: dict[str, str]) -> Member:
        place = self.folder / f"member-{len(self.members)}"
        place.mkdir(parents=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        environment = {
            **kept, **self.settings, "LMS_DATA_DIR": str(place), "LMS_PLUGINS": f"{SUITE},orchard",
            "PYTHONPATH": str(self._installed(version)), **settings,
        }  # fmt: skip
        log = place / "log"
        with log.open("wb") as writing:
            process = subprocess.Popen([sys.executable, *arguments], cwd=place, env=environment, stdout=writing, stderr=writing)
        self.members.append(Member(process, log))
        return self.members[-1]

    def _installed(self, version: str) -> Path:
        """The plugin of that version where Python finds it, as pip would have put it there."""
        folder = self.folder / version
        if not folder.exists():
            shutil.copytree(HERE / "orchard" / version, folder)
            said = folder / f"orchard-{version}.dist-info"
            said.mkdir()
            (said / "METADATA").write_text(METADATA.format(version={"before": "1", "after": "2"}[version]))
            (said / "entry_points.txt").write_text(ENTRY_POINT)
        return folder

    def close(self) -> None:
        """End whatever still runs."""
        for member in self.members:
            if member.process.poll() is None:
                member.kill()


def until(is_so: Callable[[], Any], seconds: float = 40) -> Any:
    """Wait until it is so; answers what it then is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := is_so():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not so after {seconds} s: {is_so}")


def ready(member: Member, path: str = "/readyz") -> Member:
    """Wait until a web server is ready for requests."""

    def answers() -> bool:
        assert member.process.poll() is None, member.log.read_text()
        try:
            with Client(timeout=10) as client:
                return client.get(member.address + path).status_code == 200
        except HTTPError:
            return False

    until(answers)
    return member
