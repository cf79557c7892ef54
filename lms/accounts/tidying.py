"""Forgetting what has ended: sign-ins and links that open nothing any more, and counts of tries long ago."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.engine import CursorResult

from lms.accounts.models import OneTimeToken
from lms.kernel import clock
from lms.kernel.jobs import JobRun
from lms.kernel.sessions import RateLimit, SignIn

# SQLModel types a column as its value; in a statement it is a column.
_SignIn: Any = SignIn
_OneTimeToken: Any = OneTimeToken
_RateLimit: Any = RateLimit

KEPT = timedelta(days=30)
"""How long a link is remembered after its end: staff can tell a person that it was used."""
COUNTED = timedelta(days=1)
"""Longer than any window in which tries are counted."""


def tidy(run: JobRun) -> dict[str, Any]:
    """The job: delete what has ended. Where and when people signed in is theirs, and is kept no longer than it serves them."""
    now = clock.now()
    with run.database.transaction() as session:
        ended: dict[str, CursorResult[Any]] = {
            "sign_ins": session.execute(delete(SignIn).where(_SignIn.expires_at < now)),  # type: ignore[dict-item]  # what a DELETE answers
            "links": session.execute(delete(OneTimeToken).where(_OneTimeToken.expires_at < now - KEPT)),  # type: ignore[dict-item]
            "tries": session.execute(delete(RateLimit).where(_RateLimit.started_at < now - COUNTED)),  # type: ignore[dict-item]
        }
        return {name: result.rowcount for name, result in ended.items()}
