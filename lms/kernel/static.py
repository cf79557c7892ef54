"""Static files under addresses that hold their content's hash: a browser asks for each one once."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

import brotli
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lms.kernel.compression import encoding_for

_COMPRESSED = (".css", ".js", ".svg", ".json", ".txt")


def _pressed(body: bytes) -> dict[str, bytes]:
    """At the best levels: once, while the server starts (about 40 ms for all of them)."""
    return {"": body, "br": brotli.compress(body, mode=brotli.MODE_TEXT, quality=11), "gzip": gzip.compress(body, 9, mtime=0)}


@dataclass(frozen=True, slots=True)
class _File:
    bodies: dict[str, bytes]
    """By the coding it is sent in; "" is the plain one."""
    media_type: str


class StaticFiles:
    """The files of the suite's `static/` folder and of the plugins' (under the plugin's name), held in memory."""

    def __init__(self, folder: Path, plugin_folders: dict[str, Path]) -> None:
        self._urls: dict[str, str] = {}
        self._files: dict[str, _File] = {}
        self._add(folder, "")
        for name, path in plugin_folders.items():
            self._add(path, f"{name}/")

    def _add(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name, body = prefix + path.relative_to(folder).as_posix(), path.read_bytes()
                url = f"/static/{hashlib.sha256(body).hexdigest()[:12]}/{name}"
                self._urls[name] = url
                bodies = _pressed(body) if path.suffix in _COMPRESSED else {"": body}
                self._files[url] = _File(bodies, mimetypes.guess_type(name)[0] or "application/octet-stream")

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError for one that is not there."""
        return self._urls[name]

    @property
    def version(self) -> str:
        """Another one whenever any of the files is."""
        return hashlib.sha256("\n".join(sorted(self._files)).encode()).hexdigest()[:12]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, cached = scope["path"], "public, max-age=31536000, immutable"
        if path not in self._files:  # a page of another version refers to it, while one takes over from the other: nearly the same will do
            path, cached = self._urls.get("/".join(path.split("/")[3:]), ""), "no-store"
        file = self._files.get(path)
        if file is None or scope["method"] not in ("GET", "HEAD"):
            return await Response(status_code=404)(scope, receive, send)
        headers = {"cache-control": cached, "vary": "accept-encoding"}
        encoding = encoding_for(Headers(scope=scope).get("accept-encoding", "")) if len(file.bodies) > 1 else ""
        body = file.bodies[encoding]
        if encoding:
            headers["content-encoding"] = encoding
        await Response(body, media_type=file.media_type, headers=headers)(scope, receive, send)
