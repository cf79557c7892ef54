"""One HTTP POST to an address that strangers chose: to the address that was checked, without redirects, within a time and a size."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from lms.webhooks.addresses import Unreachable, resolve

SECONDS = 10.0
"""For the whole call, however slowly the other side drips."""
LARGEST_ANSWER = 64 * 1024
EXCERPT = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try: the status, or None where there was no answer; an excerpt of it or the reason; how long it took."""

    status: int | None
    answer: str
    milliseconds: int

    @property
    def has_arrived(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


class _Connection(http.client.HTTPConnection):
    """A connection to an IP address that was looked up and checked before: the name is not looked up again."""

    def __init__(self, name: str, address: str, port: int, tls: ssl.SSLContext | None, seconds: float) -> None:
        super().__init__(name, port, timeout=seconds)
        self.address = address
        self.tls = tls
        if tls is not None:
            self.default_port = 443  # so that the Host header names the port only where it is another one

    def connect(self) -> None:
        """Connect, and for https check the certificate against the name."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.tls is not None:
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        """End it from another thread: whoever waits for the other side hears so."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def post(url: str, body: bytes, headers: Mapping[str, str], *, allows_private: bool, seconds: float = SECONDS) -> Outcome:
    """Send the body. Never raises for what the other side or the network does."""
    started = time.monotonic()

    def outcome(status: int | None, answer: str) -> Outcome:
        return Outcome(status, answer[:EXCERPT], round((time.monotonic() - started) * 1000))

    try:
        status, answer = _exchange(url, body, headers, allows_private, seconds)
    except (Unreachable, OSError, http.client.HTTPException, UnicodeError) as error:
        if time.monotonic() - started >= seconds:
            return outcome(None, f"no answer within {seconds:g} s")
        return outcome(None, str(error) if isinstance(error, Unreachable) else f"{type(error).__name__}: {error}")
    return outcome(status, answer)


def _exchange(url: str, body: bytes, headers: Mapping[str, str], allows_private: bool, seconds: float) -> tuple[int, str]:
    parts = urlsplit(url)
    address, port = resolve(parts, allows_private=allows_private)
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    connection = _Connection(parts.hostname or "", address, port, tls, seconds)
    watch = threading.Timer(seconds, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**headers, "content-type": "application/json", "connection": "close"})
        answer = connection.getresponse()
        return answer.status, _excerpt(answer)
    finally:
        watch.cancel()
        connection.close()


def _excerpt(answer: http.client.HTTPResponse) -> str:
    """The beginning of an answer; what went wrong while it was read changes nothing about its status."""
    read = b""
    with suppress(OSError, http.client.HTTPException):
        while len(read) < LARGEST_ANSWER and (piece := answer.read1(LARGEST_ANSWER - len(read))):
            read += piece
    text = read[: EXCERPT * 4].decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
