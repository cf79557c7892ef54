"""What a file is by its ending, and whether its first bytes agree: what a browser claims about a file is never believed."""

from typing import BinaryIO

from lms.kernel.errors import Refused
from lms.kernel.i18n import N_, format_size

HEAD = 1024
"""Bytes that are looked at."""
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_TYPES = {
    "pdf": "application/pdf", "zip": "application/zip", "rtf": "application/rtf", "json": "application/json",
    "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
    "docx": _OFFICE + "wordprocessingml.document", "xlsx": _OFFICE + "spreadsheetml.sheet", "pptx": _OFFICE + "presentationml.presentation",
    "odt": _OPEN_DOCUMENT + "text", "ods": _OPEN_DOCUMENT + "spreadsheet", "odp": _OPEN_DOCUMENT + "presentation",
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "txt": "text/plain", "md": "text/plain", "csv": "text/csv",
    "mp3": "audio/mpeg", "ogg": "audio/ogg", "m4a": "audio/mp4", "wav": "audio/wav", "mp4": "video/mp4", "webm": "video/webm",
}  # fmt: skip
_ZIP, _OLE = (b"PK\x03\x04", b"PK\x05\x06"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
# Where it stands in the file, and what may stand there.
_MARKS: dict[str, tuple[int, tuple[bytes, ...]]] = {
    **dict.fromkeys(("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp"), (0, _ZIP)),
    **dict.fromkeys(("doc", "xls", "ppt"), (0, _OLE)),
    **dict.fromkeys(("jpg", "jpeg"), (0, (b"\xff\xd8\xff",))),
    "png": (0, (b"\x89PNG\r\n\x1a\n",)), "gif": (0, (b"GIF87a", b"GIF89a")), "webp": (8, (b"WEBP",)), "wav": (8, (b"WAVE",)),
    "rtf": (0, (b"{\\rtf",)), "ogg": (0, (b"OggS",)), "webm": (0, (b"\x1aE\xdf\xa3",)), "m4a": (4, (b"ftyp",)), "mp4": (4, (b"ftyp",)),
    "mp3": (0, (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa", b"\xff\xe3")),
}  # fmt: skip
_TEXTS = ("txt", "md", "csv", "json")
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16


class NotWhatItSays(Refused):
    """A file whose first bytes are not those of its ending."""

    status = 422
    message = N_("“{name}” is not what its ending says. Please save it again in the right format.")


def ending_of(name: str) -> str:
    """The ending of a name, in lower case; empty where it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def facts(name: str, size: int) -> str:
    """What people want to know before they download: the kind and the size, "PDF, 212 kB"."""
    return ", ".join(part for part in (ending_of(name).upper(), format_size(size)) if part)


def type_of(name: str) -> str:
    """The media type by the ending; the one for "some bytes" where it is not known."""
    return _TYPES.get(ending_of(name), "application/octet-stream")


def agrees(name: str, head: bytes) -> bool:
    """Whether a file that begins with `head` can be what its ending says. An ending that is not known says nothing."""
    ending = ending_of(name)
    if ending == "pdf":
        return b"%PDF-" in head  # readers look for it in the first 1024 bytes
    if ending in _TEXTS:
        return b"\0" not in head or head.startswith(_WIDE)
    if ending not in _MARKS:
        return True
    place, marks = _MARKS[ending]
    return head[place:].startswith(marks)


def check(name: str, stream: BinaryIO) -> str:
    """The media type of a file that somebody sent. Raises NotWhatItSays. The stream stands at its beginning, before and after."""
    head = stream.read(HEAD)
    stream.seek(0)
    if not agrees(name, head):
        raise NotWhatItSays(name=name)
    return type_of(name)
