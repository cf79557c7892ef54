"""Pictures that people send: read, cut and written anew, so that nothing of the uploaded file survives, its place and camera included."""

import io
from typing import BinaryIO

from PIL import Image, ImageOps

from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_

SIDE = 320
LARGEST_BYTES = 8 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def redraw(stream: BinaryIO) -> bytes:
    """A JPEG of 320 x 320 pixels made from an uploaded picture. Raises Invalid."""
    small = ImageOps.fit(read(stream, "photo").convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def read(stream: BinaryIO, field: str) -> Image.Image:
    """An uploaded picture, upright. Raises Invalid, for the form field that it came in."""
    raw = stream.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise Invalid({field: N_("The picture is too large; at most 8 MB.")})
    try:
        picture = Image.open(io.BytesIO(raw), formats=FORMATS)
        if picture.width * picture.height > LARGEST_PIXELS:  # a small file may unpack to gigabytes
            raise Invalid({field: N_("The picture has too many pixels.")})
        upright = ImageOps.exif_transpose(picture)
        upright.load()
    except Invalid:
        raise
    except Exception:  # a broken picture can fail anywhere in the decoder
        raise Invalid({field: N_("This is not a picture that we can read. JPEG, PNG, WebP and GIF work.")}) from None
    return upright
