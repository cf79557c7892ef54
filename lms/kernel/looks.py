"""How a reader wants pages on this device: colours, contrast, size and kind of letters, keys. Kept in a cookie."""

from dataclasses import astuple, dataclass, fields
from typing import Self

from fastapi import Request

from lms.kernel.cookies import cookie_of
from lms.kernel.i18n import N_, LazyText

COOKIE = "look"

CHOICES: dict[str, dict[str, LazyText]] = {
    "colours": {"": N_("As on this device"), "light": N_("Light"), "dark": N_("Dark")},
    "contrast": {"": N_("As on this device"), "more": N_("Strong")},
    "size": {"": N_("Normal"), "large": N_("Large"), "larger": N_("Very large")},
    "letters": {"": N_("With serifs, as in a book"), "plain": N_("Without serifs")},
    "keys": {"": N_("The key / opens the search"), "none": N_("No single key does anything")},  # WCAG 2.2, 2.1.4
}


@dataclass(frozen=True, slots=True)
class Look:
    """What was chosen, by question; empty: what the device or the design says."""

    colours: str = ""
    contrast: str = ""
    size: str = ""
    letters: str = ""
    keys: str = ""

    @classmethod
    def read(cls, chosen: list[str]) -> Self:
        """A look from its parts in order; what is unknown counts as not chosen."""
        named = zip(fields(cls), chosen, strict=False)
        return cls(**{field.name: value for field, value in named if value in CHOICES[field.name]})

    def __str__(self) -> str:
        return ".".join(astuple(self))


def look_of(request: Request) -> Look:
    """The look that this browser keeps."""
    return Look.read(cookie_of(request, COOKIE).split("."))
