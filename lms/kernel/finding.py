"""The search of the whole site: every plugin answers for what it keeps, each person finds what that person may see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.responses import Response

from lms.kernel.i18n import LazyText
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.rendering import open_to
from lms.kernel.web import Here, Me, Read, Router, page

if TYPE_CHECKING:
    from lms.kernel.database import ReadSession
    from lms.kernel.permissions import Actor

pages = Router()
MOST = 6
"""How many hits of one kind are shown."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found; `about` tells it apart from others of the same title."""

    title: str
    url: str
    about: str = ""
    language: str = ""
    """Of the title, where it is not the reader's."""


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of thing that can be found. The function gets (read session, actor, typed words, how many) and answers the best ones."""

    name: str
    title: LazyText | str
    function: "Callable[[ReadSession, Actor, str, int], Sequence[Hit]]"
    permission: str = SIGNED_IN
    weight: int = 50
    more_url: str = ""
    """The list that shows all of them: it takes the words as `q`."""


@pages.get("/search", permission=PUBLIC)
def search_page(request: Request, me: Me, session: Read, campus: Here, q: str = "") -> Response:
    """What is found by some words, by kind."""
    words = " ".join(q[:100].split())
    found: list[tuple[Search, Sequence[Hit], bool]] = []
    for search in open_to(me, campus.plugins, "searches") if words else ():
        hits = search.function(session, me, words, MOST + 1)
        if hits:
            found.append((search, hits[:MOST], len(hits) > MOST))
    return page(request, "site/search.html", words=words, found=found)
