"""Long lists: found by words, shown page by page."""

from typing import Any

from fastapi import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from lms.kernel.text import contains, fold


def with_words(column: Any, search: str) -> list[Any]:
    """The conditions that folded text holds every word of a search."""
    return [column.like(contains(word), escape="\\") for word in fold(search).split()]


def after_row(table: Any, code: str, column: Any, **same: Any) -> Any:
    """The condition of coming after the row with this code, in the order of a column of its table and then of the id.

    `same`: values that the row with the code must have as well; where there is no such row, nothing comes after it.
    """
    seen: Any = aliased(table)
    key = getattr(seen, column.key)
    is_the_one = [seen.code == code, *(getattr(seen, name) == value for name, value in same.items())]
    return select(1).where(*is_the_one, or_(column > key, (column == key) & (table.id > seen.id))).exists()


def next_url(request: Request, **cursor: Any) -> str | None:
    """The address of the page after this one: the same question with the cursor of what was shown last. None where that is empty."""
    if not any(cursor.values()):
        return None
    return f"{request.url.path}?{request.url.include_query_params(**cursor).query}"
