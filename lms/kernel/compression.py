"""Answers made smaller on their way out: Brotli where the client takes it, else gzip; what is compressed already passes as it is."""

import zlib
from functools import lru_cache

import anyio.to_thread
import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 600
"""Bytes below which an answer fits into one packet anyway."""
LARGE = 128 * 1024
"""Bytes from which on a piece is compressed in a thread, so that other requests need not wait for it."""
BROTLI, GZIP = 5, 5
"""Levels that cost the same time on our pages; the first saves a tenth more (docs/decisions/first-visit.md)."""
_WINDOW = 18  # 2^18 bytes: no page of ours is longer, and each answer under way needs that much memory
_ENDINGS = ("+json", "+xml")
_TYPES = frozenset(("application/json", "application/javascript", "application/xml", "application/manifest+json"))


class _Brotli:
    def __init__(self) -> None:
        self._press = brotli.Compressor(mode=brotli.MODE_TEXT, quality=BROTLI, lgwin=_WINDOW)

    def add(self, body: bytes) -> bytes:
        return bytes(self._press.process(body))

    def pause(self) -> bytes:
        return bytes(self._press.flush())

    def end(self) -> bytes:
        return bytes(self._press.finish())


class _Gzip:
    def __init__(self) -> None:
        self._press = zlib.compressobj(GZIP, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def add(self, body: bytes) -> bytes:
        return self._press.compress(body)

    def pause(self) -> bytes:
        return self._press.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._press.flush()


_PRESSES: dict[str, type[_Brotli] | type[_Gzip]] = {"br": _Brotli, "gzip": _Gzip}


@lru_cache(maxsize=256)
def encoding_for(accepted: str) -> str:
    """The coding that an Accept-Encoding header (RFC 9110 §12.5.3) allows and that makes answers smallest; empty for none."""
    allowed = set()
    for part in accepted[:500].lower().split(","):
        name, _sep, weight = part.partition(";")
        if weight.replace(" ", "").rstrip("0") not in ("q=", "q=0."):
            allowed.add(name.strip())
    return next((name for name in _PRESSES if name in allowed), "")


class Compression:
    """Compresses the texts that the application answers with; an answer that comes in pieces leaves in pieces."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        await self.app(scope, receive, _Answer(send, encoding_for(Headers(scope=scope).get("accept-encoding", ""))))


class _Answer:
    """Takes one answer and sends it on. Its beginning waits for the first piece, which tells whether compressing is worth it."""

    def __init__(self, send: Send, encoding: str) -> None:
        self._send, self._encoding = send, encoding
        self._start: Message | None = None
        self._press: _Brotli | _Gzip | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_compressible(message):
            MutableHeaders(scope=message).add_vary_header("Accept-Encoding")
            if self._encoding:
                self._start = message
                return
        elif message["type"] == "http.response.body":
            await self._pass_on(message, message.get("body", b""), message.get("more_body", False))
            return
        await self._send(message)

    async def _pass_on(self, message: Message, body: bytes, has_more: bool) -> None:
        start, self._start = self._start, None
        if start is not None and (has_more or len(body) >= SMALLEST):
            self._press = _PRESSES[self._encoding]()
        if self._press is not None:
            body = await _pressed(self._press, body, has_more)
        if start is not None:
            if self._press is not None:
                _rewrite(MutableHeaders(scope=start), self._encoding, None if has_more else len(body))
            await self._send(start)
        await self._send({**message, "body": body})


def _rewrite(headers: MutableHeaders, encoding: str, size: int | None) -> None:
    headers["content-encoding"] = encoding
    del headers["content-length"]
    if size is not None:
        headers["content-length"] = str(size)
    if headers.get("etag", "").startswith('"'):  # RFC 9110 §8.8.1: other bytes, the same meaning
        headers["etag"] = f"W/{headers['etag']}"


def _is_compressible(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_text = (kind.startswith("text/") and kind != "text/event-stream") or kind in _TYPES or kind.endswith(_ENDINGS)
    return is_text and start["status"] not in (204, 206, 304) and "content-encoding" not in headers


async def _pressed(press: _Brotli | _Gzip, body: bytes, has_more: bool) -> bytes:
    def work() -> bytes:
        return press.add(body) + (press.pause() if has_more else press.end())

    return await anyio.to_thread.run_sync(work) if len(body) >= LARGE else work()
