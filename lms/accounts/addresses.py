"""E-mail addresses: what can be one.

RFC 5321 and 5322 without what nobody uses and mail programs get wrong: no quoted local parts, comments, folding or address literals. With
RFC 6531 letters of every script. One label is enough for a domain (a network of its own has names such as `campus`), but not digits alone.
"""

import re

LONGEST = 254
_LOCAL_LIMIT = 64
_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+")
_LABEL = re.compile(r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?")


def is_plausible(address: str) -> bool:
    """Whether mail could be sent there: which addresses exist, mail servers alone know."""
    local, at, domain = address.rpartition("@")
    if not at or len(address) > LONGEST or len(local.encode()) > _LOCAL_LIMIT:
        return False
    labels = domain.split(".")
    if labels[-1].isdigit():
        return False
    return all(map(_ATOM.fullmatch, local.split("."))) and all(map(_LABEL.fullmatch, labels))
