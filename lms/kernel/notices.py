"""News for people: a plugin declares which of its events are news to whom (`Plugin.notices`); whoever keeps news is told of each.

A piece of news is kept as its kind and its facts, and put in words when it is shown, in the reader's language.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lms.kernel.i18n import N_, LazyText, format_number

if TYPE_CHECKING:
    from lms.kernel.database import Session

_kinds: dict[str, "Notice"] = {}  # filled while plugins are loaded, before anything is shown
_GONE = N_("Something is new here.")


@dataclass(frozen=True, slots=True)
class News:
    """One happening for one person."""

    person_id: int
    key: str
    """Which happening of this kind it is: told twice, it is kept once."""
    url: str
    """The path of the place that it leads to."""
    facts: Mapping[str, str | float]
    """What fills the sentence: texts, and numbers, which are written as the reader writes them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of news, and how it is made of an event: for nobody, for one person, or for several."""

    name: str
    event: type
    sentence: LazyText
    """With the names of facts in braces."""
    tell: Callable[["Session", Any], Iterable[News]]


@dataclass(frozen=True, slots=True)
class Noticed:
    """There is news for somebody: subscribers of this type are told of all of it, inside the transaction of what happened."""

    notice: Notice
    news: News


def register(notice: Notice) -> None:
    """Let a kind of news be put in words."""
    _kinds[notice.name] = notice


def in_words(kind: str, facts: Mapping[str, str | float]) -> str:
    """The sentence of a piece of news; a general one where its plugin is gone."""
    notice = _kinds.get(kind)
    try:
        written = {name: fact if isinstance(fact, str) else format_number(fact) for name, fact in facts.items()}
        return notice.sentence.format(**written) if notice else str(_GONE)
    except KeyError:  # kept by another version, whose sentence had other facts
        return str(_GONE)
