"""A PostgreSQL server of one's own that keeps its promises (fsync on) and can be killed with all its processes."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import free_port
from benchmarks.trials.processes import children, kill, until


def programs() -> Path | None:
    """The folder of the newest installed server; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@dataclass(frozen=True)
class Cluster:
    """A server in a folder, with an empty database."""

    folder: Path
    bin: Path
    port: int

    @property
    def url(self) -> str:
        """The address of the database for the suite."""
        return f"postgresql+psycopg://lms@127.0.0.1:{self.port}/trial"

    def run(self, program: str, *arguments: str) -> int:
        """Run one of PostgreSQL's programs as the account that owns the server; answers its exit code."""
        aside = {"user": "postgres", "cwd": "/"} if os.getuid() == 0 else {}
        command = [str(self.bin / program), *arguments]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **aside).returncode  # type: ignore[call-overload,no-any-return]  # chosen by who we are

    def start(self) -> None:
        """Start it, also after it was killed: it then recovers from its log."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=100 -c fsync=on"
        log = str(self.folder / "server.log")
        until(
            lambda: self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-s", "-l", log, "-o", options, "start") == 0, "pg_ctl start"
        )

    def kill(self) -> None:
        """Kill the postmaster and every process of the server."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        everybody = [first, *children(first)]
        kill(*everybody)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everybody), "the server's processes are gone")

    def stop(self) -> None:
        """Shut it down."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-s", "stop")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A fresh server that is gone afterwards. Raises RuntimeError where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed.")
    with tempfile.TemporaryDirectory(prefix="lms-trial-") as name:
        folder = Path(name)
        if os.getuid() == 0:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        made = Cluster(folder, found, free_port())
        made.run("initdb", "-D", str(folder / "data"), "-U", "lms", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        made.start()
        made.run("createdb", "-h", "127.0.0.1", "-p", str(made.port), "-U", "lms", "trial")
        try:
            yield made
        finally:
            made.stop()
