"""Who a job acts for: whoever asked for it, with the rights that she has now."""

from dataclasses import replace
from typing import Any

from lms.kernel.database import ReadSession
from lms.kernel.errors import Forbidden
from lms.kernel.permissions import SYSTEM, Actor, PermissionRegistry


def actor_of(plugins: Any, session: ReadSession, person_id: int | None) -> Actor:
    """The person as services see her; None is the system. Raises Forbidden for somebody who is gone."""
    if person_id is None:
        return SYSTEM
    registry = PermissionRegistry(plugins.collect("permissions"))
    for plugin in plugins:
        found: Actor | None = plugin.viewer(session, person_id) if plugin.viewer else None
        if found:
            return replace(found, registry=registry)
    raise Forbidden()
