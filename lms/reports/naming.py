"""What the codes of a dimension are called."""

from collections.abc import Iterable, Mapping

from lms.kernel import i18n
from lms.kernel.database import ReadSession
from lms.kernel.datasets import UNKNOWN, Dimension
from lms.kernel.i18n import _


def names(session: ReadSession, dimension: Dimension, codes: Iterable[str]) -> dict[str, str]:
    """A name for every code, in the language in force: the code itself where nobody knows better. One query at most."""
    asked = sorted(set(codes))
    known = known_names(session, dimension, asked)
    return {code: known.get(code) or code for code in asked}


def known_names(session: ReadSession, dimension: Dimension, codes: Iterable[str]) -> Mapping[str, str]:
    """The names of the codes that the dimension knows."""
    asked = [code for code in codes if code != UNKNOWN]
    known = dimension.names(session, asked, i18n.locale()) if dimension.names and asked else {}
    return {**known, UNKNOWN: _("Unknown")}


def in_sentence(dimension: Dimension) -> str:
    """The title of a dimension as it stands inside a sentence."""
    title = str(dimension.title)
    return title[:1].lower() + title[1:]


def order(code: str) -> tuple[bool, str]:
    """Codes sort as text, those without a value last."""
    return (code == UNKNOWN, code)
