"""A program of the crowd: calls the API, and calls again with the same key until it hears an answer."""

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

PASSING = (502, 503, 507)
"""Answers that say: not now."""
PATIENCE = 180.0
"""Seconds for one thing to be done, with everything being killed meanwhile."""


class NotAnswered(Exception):
    """Nothing came back in all that time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and after how many calls that nothing came back from."""

    status: int
    content: Any
    unheard: int


class Heard:
    """How often which answer was heard, by all callers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.strange: list[str] = []

    def note(self, what: str, strange: str = "") -> None:
        """Count an answer; one that there should never be is kept in full."""
        with self._lock:
            self.counts[what] += 1
            if strange:
                self.strange.append(strange)


@dataclass(frozen=True)
class Caller:
    """Calls as one person."""

    ports: tuple[int, ...]
    token: str
    heard: Heard

    def call(self, method: str, path: str, body: bytes = b"", key: str = "", content_type: str = "application/json") -> Answer:
        """Ask until there is an answer that is not for the moment only. Raises NotAnswered."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": content_type}
        if key:
            headers["idempotency-key"] = key
        deadline, unheard, turn = time.monotonic() + PATIENCE, 0, 0
        while time.monotonic() < deadline:
            port, turn = self.ports[turn % len(self.ports)], turn + 1
            try:
                status, content = _once(port, method, path, body, headers)
            except (OSError, http.client.HTTPException, ValueError):
                self.heard.note("nothing")
                unheard += 1
            else:
                is_odd = status >= 500 and status not in PASSING
                self.heard.note(str(status), f"{method} {path}: {status} {content}" if is_odd else "")
                if status not in PASSING and not is_odd and not (status == 409 and content.get("code") == "still-working"):
                    return Answer(status, content, unheard)
                unheard += 1
            time.sleep(0.05)
        raise NotAnswered(f"{method} {path}")

    def send(self, method: str, path: str, content: Any, key: str = "") -> Answer:
        """The same with JSON."""
        return self.call(method, path, json.dumps(content).encode(), key)


def _once(port: int, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, f"/api/v1{path}", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def multipart(fields: dict[str, str], name: str, content: bytes) -> tuple[bytes, str]:
    """A form with a text file, and its media type."""
    edge = "trial-edge-7d3f"
    parts = [f'--{edge}\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    head = f'--{edge}\r\ncontent-disposition: form-data; name="files"; filename="{name}"\r\ncontent-type: text/plain\r\n\r\n'
    return b"".join([*parts, head.encode(), content, f"\r\n--{edge}--\r\n".encode()]), f"multipart/form-data; boundary={edge}"
