"""A clean installation: a virtual environment with the libraries of this one, but without the checkout, and commands run in it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "extending" / "example"
OURS = ("aula_sur", "aula-sur", "_aula_sur", "__editable__", "lms")
"""What names of this environment's own installation of the suite begin with."""
NONE: Mapping[str, str] = MappingProxyType({})


def build_wheel(project: Path, folder: Path) -> Path:
    """The wheel of a project, built without any network."""
    before = set(folder.glob("*.whl"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    (wheel,) = set(folder.glob("*.whl")) - before
    return wheel


class Environment:
    """A virtual environment and the campus that its commands work on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        venv.create(folder, with_pip=False, symlinks=True)
        (self.site,) = (folder / "lib").glob("python3*/site-packages")
        for path in Path(sysconfig.get_paths()["purelib"]).iterdir():
            if not path.name.startswith(OURS) and path.suffix != ".pth":
                (self.site / path.name).symlink_to(path)

    def pip(self, *arguments: str) -> str:
        """Run pip on this environment, without any index."""
        command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--python", str(self.python), *arguments]
        return self._run(command).stdout

    def install(self, *requirements: str | Path, wheels: Path) -> None:
        """Install by name from a folder of wheels; pip checks what each of them requires."""
        self.pip("install", "--no-index", "--find-links", str(wheels), *map(str, requirements))

    def run(self, *command: str, settings: Mapping[str, str] = NONE, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment; `settings` are LMS_* variables."""
        return self._run([str(self.folder / "bin" / command[0]), *command[1:]], settings, check)

    def _run(self, command: list[str], settings: Mapping[str, str] = NONE, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=self.folder, env=_variables(settings), capture_output=True, text=True, check=False, timeout=120)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    @contextmanager
    def served(self, settings: Mapping[str, str]) -> Iterator[str]:
        """`lms serve` while the block runs; answers its address. Raises AssertionError with its log where it does not start."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        log = self.folder / f"serve-{port}.log"
        command = [str(self.folder / "bin" / "lms"), "serve", "--port", str(port), "--no-worker"]
        with log.open("wb") as writing:
            server = subprocess.Popen(
                command, cwd=self.folder, env=_variables({**settings, "LMS_BASE_URL": address}), stdout=writing, stderr=writing
            )
        try:
            _wait_until_ready(server, address, log)
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


def _variables(settings: Mapping[str, str]) -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **settings}


def _wait_until_ready(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise AssertionError(f"the server ended with {server.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not answer:\n{log.read_text()}")


def chromium() -> str | None:
    """The browser to drive, or None for the one that Playwright brought."""
    return os.environ.get("LMS_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
