"""What certificates add to the pages of other plugins."""

from datetime import timedelta

from lms.accounts.models import Person
from lms.certificates import queries
from lms.certificates.titles import BADGES, STATUS_TITLES
from lms.courses.models import Cohort
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor
from lms.plugin import Panel

NEW = timedelta(days=60)


def of_cohort(session: ReadSession, me: Actor, cohort: Cohort) -> Panel | None:
    """How many certificates a cohort has, for its staff."""
    if not me.can("certificates.view", cohort.scope):
        return None
    return Panel("certificates/cohort_panel.html", {"cohort": cohort, "counts": queries.counts(session, cohort.id or 0)})


def of_today(session: ReadSession, me: Actor, _subject: object) -> Panel | None:
    """The certificates that a trainee was given lately."""
    found = queries.recent(session, me.id or 0, clock.today() - NEW)
    return Panel("certificates/today_panel.html", {"certificates": found}) if found else None


def of_person(session: ReadSession, me: Actor, person: Person) -> Panel | None:
    """The certificates of a person, as far as staff look after the cohorts."""
    found = queries.of_person(session, person.id or 0, me.reach("certificates.view"))
    context = {"certificates": found, "titles": STATUS_TITLES, "badges": BADGES}
    return Panel("certificates/person_panel.html", context) if found else None
