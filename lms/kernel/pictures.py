"""Pictures that people send: checked before they are unpacked, turned upright, and drawn anew small.

Nothing of the uploaded file survives, the place where it was taken and the name of the camera included.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageCms, ImageFile, ImageOps

from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, LazyText

LARGEST_BYTES = 16 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOVING = ("PNG", "WEBP", "GIF")
"""Those that can be films. A JPEG of two pictures (which some phones call MPO) shows its first."""
ACCEPTED = "image/jpeg,image/png,image/webp,image/gif"
"""For the file fields of forms."""
UNREADABLE = N_("This is not a picture that we can read. JPEG, PNG, WebP and GIF work.")
QUALITY = 75
"""Of WebP: below it letters in screenshots begin to fray."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as it is kept: its bytes, media type and size in pixels."""

    content: bytes
    content_type: str
    width: int
    height: int


def check(stream: BinaryIO, field: str) -> Image.Image:
    """An uploaded picture, of which only the head was read. Raises Invalid, for the form field that it came in."""

    def refused(reason: LazyText, **facts: object) -> Invalid:
        return Invalid({field: reason.format(**facts) if facts else reason})

    raw = stream.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise refused(N_("The picture is too large; at most {limit} MB."), limit=LARGEST_BYTES // (1024 * 1024))
    try:
        picture = Image.open(io.BytesIO(raw), formats=FORMATS)
        is_huge = picture.width * picture.height > LARGEST_PIXELS  # a small file may unpack to gigabytes
        moves = not is_huge and picture.format in MOVING and getattr(picture, "n_frames", 1) > 1
    except Image.DecompressionBombError:  # the library's own limit, far above ours
        is_huge, moves = True, False
    except Exception:  # a broken picture can fail anywhere in the decoder
        raise refused(UNREADABLE) from None
    if is_huge:
        raise refused(N_("The picture has too many pixels; at most {limit} million."), limit=LARGEST_PIXELS // 1_000_000)
    if moves:
        raise refused(N_("This picture moves. Please choose one that stands still."))
    return picture


def type_of(picture: Image.Image) -> str:
    """Its media type, told by its content."""
    return "image/jpeg" if picture.format == "MPO" else f"image/{(picture.format or '').lower()}"


def unpack(picture: Image.Image, field: str, side: int | None = None) -> Image.Image:
    """The picture upright, in plain colours; where `side` is given, a JPEG is read no larger than needed for that many pixels, which is
    far quicker. Raises Invalid for one that is broken further on.
    """
    try:
        if side:
            picture.draft("RGB", (side, side))
        with _to_the_end():
            return _plain(ImageOps.exif_transpose(picture))
    except Exception:  # a broken picture can fail anywhere in the decoder
        raise Invalid({field: N_("The picture is broken: it ends too early or holds errors. Please save it again.")}) from None


@contextmanager
def _to_the_end() -> Iterator[None]:
    """A picture that ends too early is an error: WeasyPrint, where it is loaded, lets every reader in the process fill up with grey."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _plain(picture: Image.Image) -> Image.Image:
    """In RGB, with transparency where there is some, and in the colours that screens assume where no others are named (sRGB)."""
    profile = picture.info.get("icc_profile")
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            picture = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode) or picture
        except (ImageCms.PyCMSError, OSError):  # a broken profile: the colours may be a little off, the picture is there
            pass
    plain = picture if picture.mode == mode else picture.convert(mode)
    plain.info = {}  # what is not there cannot be written beside the pixels
    return plain


def narrowed(picture: Image.Image, width: int) -> Drawing:
    """A WebP of this width. (AVIF would be a third smaller, but takes four times as long, and older phones do not show it.)"""
    height = max(1, round(picture.height * width / picture.width))
    return webp(picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0))


def webp(picture: Image.Image) -> Drawing:
    """The picture as a WebP, in its own size."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return Drawing(out.getvalue(), "image/webp", *picture.size)


def whole(picture: Image.Image, format: str | None) -> Drawing:
    """The picture in its full size and kind, without what cameras write beside it; a GIF becomes a PNG."""
    out = io.BytesIO()
    if format in ("JPEG", "MPO"):
        picture.convert("RGB").save(out, "JPEG", quality=90, optimize=True)
        return Drawing(out.getvalue(), "image/jpeg", *picture.size)
    if format == "WEBP":
        picture.save(out, "WEBP", quality=90)
        return Drawing(out.getvalue(), "image/webp", *picture.size)
    picture.save(out, "PNG", optimize=True)
    return Drawing(out.getvalue(), "image/png", *picture.size)
