"""A campus served by a process of its own, a mail server that receives what it sends, and a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from lms.demo.campus import fill
from lms.kernel.campus import Campus
from lms.plugin import Plugins
from lms.settings import Settings

CHROMIUM = os.environ.get("LMS_TEST_CHROMIUM") or shutil.which("chromium") or ""
FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-default-apps", "--disable-domain-reliability", "--disable-client-side-phishing-detection",
    "--disable-features=OptimizationHints,MediaRouter,Translate,DialMediaRouteProvider",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]  # fmt: skip


class Postbox:
    """What the campus has sent, as a mail server received it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep a message."""
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def wait_for(self, address: str, word: str, seconds: float = 20) -> EmailMessage:
        """The newest mail to this address with this word in it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [m for m in self.mails if m["To"] == address and word in f"{m['Subject']}\n{m.get_content()}"]
            if found:
                return found[-1]
            time.sleep(0.1)
        raise AssertionError(f"no mail with {word!r} to {address}; there are {[(m['To'], m['Subject']) for m in self.mails]}")


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """A mail server on a port of its own."""
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    box.port = server.port  # type: ignore[attr-defined]
    yield box
    server.stop()


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Served:
    """A campus and the process that serves it."""

    def __init__(self, campus: Campus, address: str) -> None:
        self.campus = campus
        self.address = address


@contextmanager
def serving(
    folder: Path, plugins: Plugins, fill: Callable[[Campus], None], log: str = "server.log", **environment: str
) -> Iterator[Served]:
    """A migrated campus in a folder, filled by a function and then served by a process of its own, with a worker beside it."""
    address = f"http://127.0.0.1:{free_port()}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    own = {"LMS_DATA_DIR": str(folder / "var"), "LMS_BASE_URL": address, "LMS_LOG_LEVEL": "WARNING", **environment}
    command = [sys.executable, "-m", "lms.cli"]
    subprocess.run([*command, "migrate"], env=kept | own, cwd=folder, check=True)
    campus = Campus.open(Settings(data_dir=folder / "var", base_url=address, _env_file=None), plugins)
    fill(campus)
    with (folder / log).open("wb") as lines:
        process = subprocess.Popen(
            [*command, "serve", "--port", address.rpartition(":")[2]], env=kept | own, cwd=folder, stdout=lines, stderr=lines
        )
        try:
            wait_until_ready(process, address, folder / log)
            yield Served(campus, address)
        finally:
            process.terminate()
            process.wait(timeout=30)
            campus.close()


@pytest.fixture
def serve(tmp_path: Path, plugins: Plugins) -> Iterator[Callable[..., Served]]:
    """Serves a campus for the length of the test."""
    with ExitStack() as running:
        yield lambda fill, **environment: running.enter_context(serving(tmp_path, plugins, fill, **environment))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Iterator[Served]:
    """The demo campus, served; tests read it and change nothing that another one looks at."""
    with serving(tmp_path_factory.mktemp("demo"), plugins, fill, LMS_DEMO="1") as served:
        yield served


def wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Until the server says that everything it needs is there."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server is not ready:\n{log.read_text()}")


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """The system's Chromium, for one test alone: its driver keeps an event loop, beside which tests with one of their own fail."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium (LMS_TEST_CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers, each with cookies of its own; a page error or a refused script or style fails the test."""
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def another(**options: Any) -> BrowserContext:
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 900}, "accept_downloads": True, **options})
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
        opened.append(context)
        return context

    yield another
    for context in opened:
        context.close()
    assert faults == []
