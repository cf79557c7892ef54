"""What a page answers when the rules refuse: the sentence, beside what was typed or on the page that people came from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi import Request

from lms.kernel.errors import Conflict, Refused
from lms.kernel.web import Again, FormInput, page, redirect, redisplay

Stand = tuple[str, object]
"""The label of a field and what it holds now."""


@contextmanager
def told_at(request: Request, url: str) -> Iterator[None]:
    """For buttons: where the state of things refuses, go back to `url` with the sentence; nothing is changed."""
    try:
        yield
    except Refused as refusal:
        if refusal.status != Conflict.status:
            raise
        raise Again(redirect(request, url, refusal.sentence(), "no")) from refusal


@contextmanager
def keeping_both(
    request: Request, template: str, form: FormInput, context: Mapping[str, Any], stands: Callable[[], Sequence[Stand]]
) -> Iterator[None]:
    """For forms: show them again as typed. Where somebody else saved meanwhile, the template gets in `stands` how it stands now."""
    try:
        yield
    except Conflict as conflict:
        shown = {**context, "stands": stands(), "form": form, "errors": {"": conflict.sentence()}}
        raise Again(page(request, template, conflict.status, **shown)) from conflict
    except Refused:
        with redisplay(request, template, form, **{"stands": (), **context}):
            raise
