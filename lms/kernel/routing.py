"""Finding the route of a request by the first part of its path, instead of trying some two hundred one after the other."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class Signpost(BaseRoute):
    """Stands before all routes and leads to the one that answers; whatever it does not know is left to the routes behind it.

    Routes are tried in the order in which they were added, as they would be without it.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.by_start: dict[str, list[BaseRoute]] = {}
        starts = [_start(getattr(route, "path", "")) for route in routes]
        for start in filter(None, {*starts, "/"}):
            self.by_start[start] = [route for route, own in zip(routes, starts, strict=True) if own in (start, None)]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The whole match of the first route that answers."""
        if scope["type"] == "http":
            for route in self.by_start.get(_start(scope["path"]) or "/", ()):
                match, found = route.matches(scope)
                if match == Match.FULL:
                    return match, {**found, "signposted": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the route that was found."""
        route: BaseRoute = scope["signposted"]
        await route.handle(scope, receive, send)


def _start(path: str) -> str | None:
    """The first part of a path, two of an API's; None where it is not fixed."""
    parts = path.split("/", 4)
    start = "/".join(parts[1:4]) if parts[1:2] == ["api"] else "".join(parts[1:2]) or "/"
    return None if "{" in start else start
