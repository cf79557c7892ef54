"""Chance that falls the same way every time: the demo is the same campus wherever and whenever it is filled."""

import hashlib
import random
import re

from lms.kernel.text import fold

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # that of codes made by real chance


def dice(*about: object) -> random.Random:
    """A source of chance for this matter alone, so that a change in one place changes nothing elsewhere."""
    return random.Random(":".join(map(str, about)))


def fixed_code(*about: object, length: int = 10) -> str:
    """A code as real ones look, always the same for the same matter. Guessable: for invented people only."""
    number = int.from_bytes(hashlib.sha256(":".join(map(str, about)).encode()).digest())
    letters = []
    for _place in range(length):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)


def address(name: str, domain: str) -> str:
    """An e-mail address that leads nowhere, from the first words of a name in Latin letters: rosa.quispe@DOMAIN."""
    words = re.findall(r"[a-z]+", fold(name))
    return f"{'.'.join(words)}@{domain}"
