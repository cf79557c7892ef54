"""Who a job acts for: whoever asked for it, with the rights that she has now."""

from typing import Any

from lms.kernel.database import ReadSession
from lms.kernel.errors import Forbidden
from lms.kernel.permissions import SYSTEM, Actor


def actor_of(plugins: Any, session: ReadSession, person_id: int | None) -> Actor:
    """The person as services see her; None is the system. Raises Forbidden for somebody who is gone."""
    if person_id is None:
        return SYSTEM
    found: Actor | None = plugins.viewer(session, person_id)
    if found is None:
        raise Forbidden()
    return found
