"""Photos of people, cut to a small square."""

from typing import BinaryIO

from PIL import Image, ImageOps

from lms.kernel import pictures

SIDE = 192
"""Pixels: the largest place for a photo is 80 wide, on a screen of two to three pixels for each."""


def redraw(stream: BinaryIO) -> bytes:
    """A square WebP made from an uploaded picture: in the request, because even a large JPEG takes under 50 ms. Raises Invalid."""
    picture = pictures.unpack(pictures.check(stream, "photo"), "photo", SIDE * 2)
    return pictures.webp(ImageOps.fit(picture.convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS)).content
