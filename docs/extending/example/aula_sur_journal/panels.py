"""What the journal adds to pages of others."""

from aula_sur_journal import queries
from lms.courses.models import Cohort
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor
from lms.plugin import Panel


def side(session: ReadSession, me: Actor, cohort: Cohort) -> Panel | None:
    """Beside a cohort, for a trainee who has written something."""
    written, _shared = queries.counts(session, cohort.id or 0, me.id)
    return Panel("journal/side.html", {"written": written}) if written else None


def desk(session: ReadSession, me: Actor, cohort: Cohort) -> Panel | None:
    """On staff's page of a cohort. The slot's permission may be held elsewhere: here it counts."""
    if not me.can("journal.read", cohort.scope):
        return None
    written, shared = queries.counts(session, cohort.id or 0)
    return Panel("journal/desk.html", {"cohort": cohort, "written": written, "shared": shared})
