"""Another system: a small HTTP server that keeps what it was sent, and answers as a test says."""

import base64
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Message:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """The check of the Standard Webhooks specification, written anew from its text."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join([self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body])
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return expected in self.headers["webhook-signature"].split(" ")


class _Quiet(ThreadingHTTPServer):
    """Says nothing of callers that hang up."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Receiver:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status = 200
        self.answer = b"thank you"
        self.headers: dict[str, str] = {}
        self.hangs: threading.Event | None = None
        """Where set: headers go out, then one byte after the other until the event."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.messages.append(Message(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver._respond(self)

            def do_GET(self) -> None:
                receiver.messages.append(Message(self.path, {"webhook-id": "followed"}, b""))
                receiver._respond(self)

            def log_message(self, *_words: Any) -> None:
                pass

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?from=campus"

    def _respond(self, handler: BaseHTTPRequestHandler) -> None:
        if self.hangs is not None:
            while not self.hangs.wait(0.05):
                handler.wfile.write(b"H")
            return
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(self.answer)))
        handler.end_headers()
        handler.wfile.write(self.answer)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
