"""Domain events and guards.

An event says what happened (a frozen dataclass); its subscribers are told inside the same transaction, so what they write stands or
falls with it.
A guard is asked before an action and may refuse it by raising `Refused`. The two are different things on purpose.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lms.kernel.database import Session

Subscriber = Callable[["Session", Any], None]
Guard = Callable[["Session", Any], None]


class Hub:
    """Who is told of what, and who is asked before what."""

    def __init__(self) -> None:
        self.base_url = ""
        """Public address of the site that the hub belongs to: links in mails begin with it."""
        self._subscribers: dict[type, list[Subscriber]] = defaultdict(list)
        self._guards: dict[str, list[Guard]] = defaultdict(list)

    def subscribe(self, event: type, subscriber: Subscriber) -> None:
        """Tell `subscriber(session, event)` after each event of exactly this type."""
        self._subscribers[event].append(subscriber)

    def guard(self, action: str, guard: Guard) -> None:
        """Ask `guard(session, subject)` before each `action`."""
        self._guards[action].append(guard)

    def deliver(self, session: "Session", event: object) -> None:
        """Tell every subscriber of this event, in the order of loading. One that fails fails the action."""
        for subscriber in self._subscribers.get(type(event), ()):
            try:
                subscriber(session, event)
            except Exception as error:
                error.add_note(f"{subscriber.__module__} was being told of {type(event).__name__}")
                raise

    def ask(self, session: "Session", action: str, subject: object) -> None:
        """Let every guard of the action refuse."""
        for guard in self._guards.get(action, ()):
            guard(session, subject)
