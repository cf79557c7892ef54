"""Stored files in a bucket of S3, or of anything that speaks its protocol: for several machines that share what people upload.

Loaded only where the settings name a bucket: the library comes with the extra `s3`.
"""

import io
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit

from lms.kernel.errors import NotFound
from lms.kernel.storage import KEY, Stored, copy_counted
from lms.settings import Misconfigured, Settings

if TYPE_CHECKING:
    from obstore.store import S3Store

try:
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import S3Store as _S3Store
except ImportError:
    raise Misconfigured("LMS_STORAGE_URL names a bucket, which needs another library: pip install 'aula-sur[s3]'") from None

PIECE = 1024 * 1024
"""Bytes fetched at a time: small enough that a reader on a slow line never keeps one request open for minutes."""
PART = 8 * 1024 * 1024
"""Bytes kept in memory while a file is sent; a larger one is sent in parts of this size, and appears when the last has arrived."""
# Should the bucket ever be open to the world, a browser still keeps what it gets instead of showing it.
KEPT_AS = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


class S3Storage:
    """Files in a bucket, below a prefix, spread as in a folder of a machine."""

    def __init__(self, store: "S3Store") -> None:
        self.store = store

    def put(self, source: BinaryIO | bytes, limit: int | None = None) -> Stored:
        """See Storage."""
        return self._write(secrets.token_hex(16), io.BytesIO(source) if isinstance(source, bytes) else source, limit)

    def restore(self, key: str, source: BinaryIO) -> Stored:
        """See Storage."""
        return self._write(key, source, None)

    def _write(self, key: str, stream: BinaryIO, limit: int | None) -> Stored:
        path = _path(key)
        with tempfile.SpooledTemporaryFile(max_size=PART) as whole:
            # Nothing is sent before the limit is known to be kept. The server refuses bytes whose SHA-256 differs from what we announce.
            size, digest = copy_counted(stream, cast(BinaryIO, whole), limit)
            whole.seek(0)
            self._send(path, whole.read() if size <= PART else cast(BinaryIO, whole))
        return Stored(key, size, digest)

    def _send(self, path: str, body: bytes | BinaryIO) -> None:
        with _plain_errors():
            obstore.put(
                self.store, path, body, attributes=KEPT_AS, chunk_size=PART, max_concurrency=2, use_multipart=not isinstance(body, bytes)
            )  # fmt: skip

    def open(self, key: str) -> BinaryIO:
        """See Storage. Small files come with the first request, others piece by piece as they are read; any position can be sought."""
        path = _path(key)
        size = self.size(key)
        if size <= PIECE:
            return io.BytesIO(self._fetch(path, 0, size))
        return cast(BinaryIO, io.BufferedReader(_Pieces(self, path, size), PIECE))

    def delete(self, key: str) -> None:
        """See Storage."""
        with _plain_errors():
            obstore.delete(self.store, _path(key))

    def exists(self, key: str) -> bool:
        """See Storage."""
        try:
            self.size(key)
        except NotFound:
            return False
        return True

    def size(self, key: str) -> int:
        """See Storage."""
        with _plain_errors():
            return obstore.head(self.store, _path(key))["size"]

    def check(self) -> None:
        """See Storage. Writes a few bytes to one place: that also notices a bucket that may be read but not written."""
        self._send("check", b"check")

    def _fetch(self, path: str, start: int, length: int) -> bytes:
        if not length:
            return b""  # RFC 9110 §15.5.17: nothing has no first byte to ask for
        with _plain_errors():
            return bytes(obstore.get_range(self.store, path, start=start, length=length))


class _Pieces(io.RawIOBase):
    """A stored file as a stream that asks for what is read of it."""

    def __init__(self, storage: S3Storage, path: str, size: int) -> None:
        self._storage, self._path, self._size, self._at = storage, path, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        length = max(0, min(len(buffer), self._size - self._at))
        buffer[:length] = self._storage._fetch(self._path, self._at, length)
        self._at += length
        return length

    def readall(self) -> bytes:
        whole = self._storage._fetch(self._path, self._at, max(0, self._size - self._at))
        self._at += len(whole)
        return whole


def _path(key: str) -> str:
    if not KEY.fullmatch(key):
        raise NotFound()
    return f"{key[:2]}/{key}"


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Raise what a folder would: NotFound, or an OSError. Only its first line: the rest repeats the whole request."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise OSError("the bucket does not exist") from None
        raise NotFound() from None
    except (BaseError, PermissionError) as error:
        raise OSError(str(error).splitlines()[0][:500]) from error


def open_bucket(settings: Settings) -> S3Storage:
    """The storage that `s3://bucket/prefix` names; what the settings leave open comes from AWS_* or the machine's own role."""
    place = urlsplit(settings.storage)
    if not place.netloc:
        raise Misconfigured(f"LMS_STORAGE_URL is {settings.storage!r}; it should be s3://bucket/prefix")
    given = {
        "endpoint": settings.s3_endpoint, "region": settings.s3_region,
        "access_key_id": settings.s3_access_key_id, "secret_access_key": settings.s3_secret_access_key,
    }  # fmt: skip
    endpoint = settings.s3_endpoint or next((found for name in ENDPOINTS if (found := os.environ.get(name))), "")
    chosen: Any = {name: value for name, value in given.items() if value}
    return S3Storage(
        _S3Store(
            place.netloc, prefix=place.path.strip("/") or None, checksum_algorithm="SHA256", disable_bulk_delete=True,
            # A page waits for this: better an error after seconds than an answer after minutes.
            client_options={"connect_timeout": "5s", "timeout": "60s", "allow_http": endpoint.startswith("http:")},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)}, **chosen,
        )
    )  # fmt: skip
