"""What tests look at: the statements that reach the database, and what a reader sees of a page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from sqlalchemy import event

from lms.kernel.campus import Campus


@contextmanager
def counting(campus: Campus) -> Iterator[list[str]]:
    """The statements that reach the database inside the block; clear the list to count anew."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(campus.database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(campus.database.engine, "before_cursor_execute", note)


def words(answer: Any) -> str:
    """What a reader sees of a page, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
