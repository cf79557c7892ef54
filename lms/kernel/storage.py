"""Stored files: bytes under random keys, and the rows that say what they are.

Nothing that a person typed becomes part of a path; a file is whole and on the disk before anybody learns its key.
"""

import hashlib
import hmac
import io
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import quote

from sqlalchemy import Column, Integer
from sqlmodel import Field
from starlette.responses import Response

from lms.kernel import clock
from lms.kernel.database import Row, Session, UtcDateTime
from lms.kernel.downloads import CHUNK, Download
from lms.kernel.errors import NotFound, TooLarge
from lms.kernel.text import tidy
from lms.settings import Misconfigured, Settings

KEY = re.compile(r"[0-9a-f]{32}")
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

# Types that a browser never runs as a page of this site. HTML, SVG and XML stay out: they may hold scripts.
SAFE_TYPES = frozenset(
    {
        "application/pdf",
        "application/zip",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/rtf",
    }
    | {"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "text/csv", "application/json"}
    | {"audio/mpeg", "audio/ogg", "audio/mp4", "audio/wav", "video/mp4", "video/webm", "video/ogg"}
    | {_OFFICE + kind for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")}
    | {_OPEN_DOCUMENT + kind for kind in ("text", "spreadsheet", "presentation")}
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written: where, how many bytes, and their SHA-256 in hexadecimal."""

    key: str
    size: int
    sha256: str


class Storage(Protocol):
    """A place for bytes. Keys are made by the storage."""

    def put(self, source: BinaryIO | bytes, limit: int | None = None) -> Stored:
        """Keep everything that the stream still has. Raises TooLarge beyond `limit` bytes; whatever fails leaves nothing behind."""
        ...

    def restore(self, key: str, source: BinaryIO) -> Stored:
        """Keep bytes under a key that a storage made before, for bringing a backup back. Raises NotFound for a key of another form."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The bytes, for reading. Raises NotFound."""
        ...

    def delete(self, key: str) -> None:
        """Forget the bytes; one that is gone already is no error."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there are bytes under this key."""
        ...

    def size(self, key: str) -> int:
        """How many bytes. Raises NotFound."""
        ...

    def check(self) -> None:
        """Raise where files could not be kept just now."""
        ...


class LocalStorage:
    """Files in a folder of this machine, spread over 256 subfolders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, source: BinaryIO | bytes, limit: int | None = None) -> Stored:
        """See Storage."""
        return self._write(secrets.token_hex(16), io.BytesIO(source) if isinstance(source, bytes) else source, limit)

    def restore(self, key: str, source: BinaryIO) -> Stored:
        """See Storage."""
        return self._write(key, source, None)

    def _write(self, key: str, stream: BinaryIO, limit: int | None) -> Stored:
        target = self._path(key)
        self._make(target.parent)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                size, digest = copy_counted(stream, file, limit)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return Stored(key, size, digest)

    def open(self, key: str) -> BinaryIO:
        """See Storage."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise NotFound() from None

    def delete(self, key: str) -> None:
        """See Storage."""
        self._path(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """See Storage."""
        return self._path(key).is_file()

    def size(self, key: str) -> int:
        """See Storage."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            raise NotFound() from None

    def check(self) -> None:
        """See Storage. Writes a few bytes, which also notices a full disk."""
        self._make(self.folder)
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(b"check" * 1000)
            file.flush()

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise NotFound()
        return self.folder / key[:2] / key

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(folder.parent)


def copy_counted(stream: BinaryIO, file: BinaryIO, limit: int | None) -> tuple[int, str]:
    """Copy everything that the stream still has; answers its size and SHA-256. Raises TooLarge beyond `limit` bytes."""
    size, digest = 0, hashlib.sha256()
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if limit is not None and size > limit:
            raise TooLarge(limit=limit // (1024 * 1024))
        digest.update(chunk)
        file.write(chunk)
    return size, digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name. Raises Misconfigured for a kind that is not there."""
    kind, _sep, place = settings.storage.partition("://")
    if kind == "s3":
        from lms.kernel.storage_s3 import open_bucket  # loaded only where a bucket is used: it brings a library along

        return open_bucket(settings)
    if kind != "file" or not place:
        raise Misconfigured(f"LMS_STORAGE_URL is {settings.storage!r}; it should be file://FOLDER or s3://BUCKET/PREFIX")
    return LocalStorage(Path(place))


class StoredFile(Row, table=True):
    """A file that somebody gave or that we made: its bytes are in the storage."""

    __tablename__ = "stored_file"
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    """As people see it; never part of a path."""
    content_type: str
    size: int
    sha256: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    # No foreign key: people refer to files (their photos), and tables that refer to each other cannot be made one after the other.
    owner_id: int | None = Field(default=None, sa_column=Column(Integer, nullable=True, index=True))


def save_file(
    session: Session,
    storage: Storage,
    stream: BinaryIO | bytes,
    name: str,
    content_type: str,
    owner_id: int | None,
    limit: int | None = None,
) -> StoredFile:
    """Keep a file and its row; where the transaction fails, the bytes go too. Raises TooLarge beyond `limit` bytes."""
    stored = storage.put(stream, limit)
    session.on_rollback(lambda: storage.delete(stored.key))
    row = StoredFile(
        key=stored.key, name=clean_name(name), content_type=safe_type(content_type), size=stored.size, sha256=stored.sha256,
        created_at=clock.now(), owner_id=owner_id,
    )  # fmt: skip
    return session.add(row)


def safe_type(content_type: str) -> str:
    """The media type where it is harmless in a browser, else the one for "some bytes"."""
    plain = content_type.partition(";")[0].strip().lower()
    return plain if plain in SAFE_TYPES else "application/octet-stream"


def clean_name(name: str) -> str:
    """A file name that every system can keep: no folders, control characters or reserved names; at most 120 characters."""
    last = tidy(re.split(r"[/\\]", name)[-1])
    bare = re.sub(r'[<>:"|?*%\x7f]', "_", last).strip(" .")
    stem, dot, ending = bare.rpartition(".")
    if not stem:
        stem, dot, ending = bare, "", ""
    if re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", stem):  # devices on Windows, whatever their ending
        stem += "_"
    ending = ending[:16]
    return (stem[: 119 - len(ending)].rstrip() + dot + ending) or "file"


def content_disposition(name: str) -> str:
    """RFC 6266: always an attachment; a plain name for old clients and the true one (RFC 8187) for all others."""
    cleaned = clean_name(name)
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", cleaned)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(cleaned, safe='')}"


def download(storage: Storage, file: StoredFile) -> Response:
    """The file as something to keep, never as a page of this site. Raises NotFound where its bytes are gone."""
    media_type = safe_type(file.content_type)
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    headers = {
        "content-disposition": content_disposition(file.name),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
    }
    headers["cache-control"] = "private, no-cache"
    return Download(storage.open(file.key), file.size, f'"{file.sha256}"', media_type, headers)


def picture(storage: Storage, file: StoredFile) -> Response:
    """A picture that we drew, to be shown in a page. Its address changes with it, so a browser asks once. Raises NotFound."""
    response = download(storage, file)
    del response.headers["content-disposition"]
    response.headers["cache-control"] = "private, max-age=31536000, immutable"
    return response


def sign_link(secret: bytes, subject: str, lasts: timedelta) -> str:
    """A token that opens `subject` (for example "file:5") to whoever holds the link, until `lasts` from now."""
    expires = int((clock.now() + lasts).timestamp())
    return f"{expires}.{_signature(secret, subject, expires)}"


def verify_link(secret: bytes, subject: str, token: str) -> bool:
    """Whether the token was signed for this subject and has not expired."""
    written, _sep, signature = token.partition(".")
    if not (written.isascii() and written.isdigit() and len(written) < 15 and signature.isascii()):
        return False
    expires = int(written)
    return hmac.compare_digest(_signature(secret, subject, expires), signature) and clock.now().timestamp() < expires


def _signature(secret: bytes, subject: str, expires: int) -> str:
    return hmac.new(secret, f"link:{expires}:{subject}".encode(), hashlib.sha256).hexdigest()
