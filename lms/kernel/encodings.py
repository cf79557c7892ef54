"""Which encoding the bytes of a text file are in: said by its mark, or recognised; what cannot be told is refused with the reason."""

import codecs
import re
from typing import BinaryIO

from lms.kernel.errors import Refused
from lms.kernel.i18n import N_

PIECE = 256 * 1024
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CHOICES = ("utf-8", "utf-16", "windows-1252")
"""What somebody may say that a file is in, where the guess is wrong."""
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND = re.compile(rb"[\x80-\xff]")
_RUN = re.compile(rb"[\xa1-\xff]{3,}")  # a word in Cyrillic or Greek letters; two stand together in Núñez
_NEVER = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # Windows-1252 leaves them undefined


class UnknownEncoding(Refused):
    """Bytes that are no text in an encoding that we read."""

    status = 422
    title = N_("This file cannot be read")
    message = N_(
        "Line {line}: this is neither UTF-8, UTF-16 nor Windows-1252 text. In a spreadsheet program, save the file as “CSV UTF-8”."
    )


class NoText(Refused):
    """A picture, a program, or UTF-16 without its mark."""

    status = 422
    title = N_("This file cannot be read")
    message = N_("This is not a text file. In a spreadsheet program, save the file as “CSV UTF-8” or as .xlsx.")


def recognise(stream: BinaryIO) -> str:
    """The encoding of a stream that can be read twice; it is left at its beginning. Raises UnknownEncoding, NoText.

    A mark decides. Without one it is UTF-8 where the characters beyond ASCII are mostly well-formed UTF-8 (single broken lines are told
    when they are read), else Windows-1252, unless bytes occur that it does not have, or that stand together as in no European language.
    """
    stream.seek(0)
    head = stream.read(4096)
    stream.seek(0)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise NoText()
    if mark := next((name for mark, name in MARKS if head.startswith(mark)), ""):
        return mark
    if b"\x00" in head.partition(b"\n")[0]:
        raise NoText()
    try:
        return _weigh(stream)
    finally:
        stream.seek(0)


def _weigh(stream: BinaryIO) -> str:
    beyond = formed = adjacent = lines = 0
    first_never = 0
    rest = b""
    while piece := stream.read(PIECE):
        # A character must not be cut in two: what follows the last ASCII byte waits for the next piece.
        piece = rest + piece
        cut = len(piece)
        while cut and piece[cut - 1] >= 0x80 and len(piece) - cut < 16:
            cut -= 1
        piece, rest = piece[:cut], piece[cut:]
        if not piece.isascii():
            beyond += len(_BEYOND.findall(piece))
            formed += sum(map(len, _UTF8.findall(piece)))
            adjacent += sum(map(len, _RUN.findall(piece)))
            if not first_never and (never := _NEVER.search(piece)):
                first_never = lines + piece.count(b"\n", 0, never.start()) + 1
        lines += piece.count(b"\n")
    beyond, formed = beyond + len(rest), formed + sum(map(len, _UTF8.findall(rest)))
    if formed * 2 >= beyond:  # also where everything is ASCII
        return "utf-8"
    if first_never or (beyond > 5 and adjacent * 2 > beyond):
        raise UnknownEncoding(line=first_never or 1)
    return "windows-1252"
