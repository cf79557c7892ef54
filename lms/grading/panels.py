"""What this plugin adds to pages of others."""

from collections.abc import Sequence

from lms.courses.models import Cohort
from lms.courses.queries import CohortCard
from lms.grading import own_grades, queue
from lms.kernel.database import ReadSession
from lms.kernel.i18n import counted
from lms.kernel.permissions import Actor
from lms.plugin import CohortFigure, Panel


def learn_side(session: ReadSession, me: Actor, cohort: Cohort) -> Panel | None:
    """How a trainee stands in this cohort."""
    if me.id is None or not me.can("grading.submit", cohort.scope):
        return None
    found = own_grades.grades_of(session, me.id, cohort.id)
    return Panel("grading/panels/side.html", {"grades": found[0]}) if found else None


def staff_cohort(session: ReadSession, me: Actor, cohort: Cohort) -> Panel | None:
    """What waits to be marked in this cohort, and the way to its gradebook. One query."""
    if not me.can("grading.grade", cohort.scope):
        return None
    counts = queue.waiting(session, me, [cohort.id or 0])
    return Panel("grading/panels/staff_cohort.html", {"counts": counts, "cohort": cohort})


def cohort_figures(session: ReadSession, me: Actor, cohorts: Sequence[CohortCard]) -> dict[int, list[CohortFigure]]:
    """In lists of cohorts: how much work waits to be marked. One query."""
    waiting = queue.waiting_in(session, me, [cohort.id for cohort in cohorts])
    found = {}
    for cohort in cohorts:
        if number := waiting.get(cohort.id):
            text = counted("{n} piece of work to mark", "{n} pieces of work to mark", number)
            found[cohort.id] = [CohortFigure(text, f"/marking?cohort={cohort.code}", asks=True)]
    return found
