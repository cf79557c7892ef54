"""Domain events and guards.

An event says what happened (a frozen dataclass); its subscribers are told inside the same transaction, so what they write stands or
falls with it.
A guard is asked before an action and may refuse it by raising `Refused`. The two are different things on purpose.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lms.kernel.i18n import LazyText
from lms.kernel.notices import Notice, Noticed

if TYPE_CHECKING:
    from lms.kernel.database import Session

Subscriber = Callable[["Session", Any], None]
Guard = Callable[["Session", Any], None]


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """An event that other systems may be told of, under a name that never changes, such as `certificate.issued`.

    They get the event's own fields, with what `facts(session, event)` adds; neither holds names or addresses of people.
    """

    name: str
    title: LazyText | str
    event: type
    facts: Callable[["Session", Any], Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A public event happened: subscribers of this type are told of all of them."""

    public: PublicEvent
    event: Any


class Hub:
    """Who is told of what, and who is asked before what."""

    def __init__(self) -> None:
        self.base_url = ""
        """Public address of the site that the hub belongs to: links in mails begin with it."""
        self.activity_types: Mapping[str, Any] = {}
        """The loaded kinds of activity by name, for services that are called with nothing but a session."""
        self._subscribers: dict[type, list[Subscriber]] = defaultdict(list)
        self._guards: dict[str, list[Guard]] = defaultdict(list)
        self._public: dict[type, list[PublicEvent]] = defaultdict(list)
        self._notices: dict[type, list[Notice]] = defaultdict(list)

    def publish(self, public: PublicEvent) -> None:
        """Tell the subscribers of `Published` of each event of this type."""
        self._public[public.event].append(public)

    def notice(self, notice: Notice) -> None:
        """Tell the subscribers of `Noticed` of the news that it makes of each event of its type."""
        self._notices[notice.event].append(notice)

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
        for public in self._public.get(type(event), ()):
            self.deliver(session, Published(public, event))
        for notice in self._notices.get(type(event), ()) if Noticed in self._subscribers else ():
            for news in notice.tell(session, event):
                self.deliver(session, Noticed(notice, news))

    def ask(self, session: "Session", action: str, subject: object) -> None:
        """Let every guard of the action refuse."""
        for guard in self._guards.get(action, ()):
            guard(session, subject)
