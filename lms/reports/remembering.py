"""Answers kept for a moment, so that a report which many open at once is counted once.

What this process writes makes it forget everything at once; what others write is seen when the moment has passed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from lms.kernel.database import Database

T = TypeVar("T")
MOMENT = 15.0
"""Seconds for which an answer is kept."""
MOST = 100
"""How many answers are kept."""


class Memory:
    """What was answered lately, of one database."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[int, float, Any]] = OrderedDict()
        self._turn = Lock()

    def recall(self, key: Hashable, changes: int, make: Callable[[], T]) -> T:
        """The answer kept for this question, else a new one. `changes`: how many there have been in the database."""
        with self._turn:
            made_at, until, answer = self._kept.get(key, (-1, 0.0, None))
        if made_at == changes and time.monotonic() < until:
            known: T = answer
            return known
        made = make()
        with self._turn:
            self._kept[key] = (changes, time.monotonic() + MOMENT, made)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return made


_memories: WeakKeyDictionary[Database, Memory] = WeakKeyDictionary()


def recall(database: Database, key: Hashable, make: Callable[[], T]) -> T:
    """What was answered to this question a moment ago and still holds, else what `make` answers."""
    return _memories.setdefault(database, Memory()).recall(key, database.changes, make)
