"""Files on their way out: whole, or from where a broken line left off (RFC 9110 §13, §14): nobody pays for the same bytes twice."""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from lms.kernel.etags import is_known

CHUNK = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Download(StreamingResponse):
    """The bytes of an open file, or the part that is asked for."""

    def __init__(self, opened: BinaryIO, size: int, etag: str, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(iter(()), media_type=media_type, headers=headers)
        self.headers.update({"accept-ranges": "bytes", "etag": etag, "content-length": str(size)})
        self._opened, self._size = opened, size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first, length = self._choose(Headers(scope=scope))
        self.body_iterator = iterate_in_threadpool(_chunks(self._opened, first, length))
        await super().__call__(scope, receive, send)

    def _choose(self, asked: Headers) -> tuple[int, int]:
        """The first byte and the number of bytes to send; sets status and headers accordingly."""
        etag = self.headers["etag"]
        if is_known(asked.get("if-none-match", ""), etag):
            self.status_code = 304
            del self.headers["content-length"]
            return 0, 0
        if "range" not in asked or asked.get("if-range", etag) != etag:
            return 0, self._size
        first, end = span(asked["range"], self._size)
        if first >= end:
            self.status_code = 416
            self.headers.update({"content-range": f"bytes */{self._size}", "content-length": "0"})
            return 0, 0
        if end - first < self._size:
            self.status_code = 206
            self.headers.update({"content-range": f"bytes {first}-{end - 1}/{self._size}", "content-length": str(end - first)})
        return first, end - first


def span(header: str, size: int) -> tuple[int, int]:
    """The first byte that a Range header asks for and the one behind its last; the first is not the smaller where there is none such.

    Several parts at once, or what is not understood, count as the whole, as RFC 9110 §14.2 allows.
    """
    match = _RANGE.fullmatch(header.replace(" ", ""))
    first, last = match.groups() if match else ("0", "")
    if first and last and int(last) < int(first):
        return 0, size
    if first:
        return int(first), min(int(last) + 1, size) if last else size
    return (max(0, size - int(last)), size) if last else (0, size)


def _chunks(opened: BinaryIO, first: int, length: int) -> Iterator[bytes]:
    with opened:
        if first:
            opened.seek(first)
        while length > 0 and (chunk := opened.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk
