"""What this plugin adds to pages of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from lms.courses.models import Cohort
from lms.courses.queries import CohortCard
from lms.grading import own_grades, queue
from lms.grading.models import Grade, GradeItem
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.i18n import counted
from lms.kernel.permissions import Actor
from lms.plugin import CohortFigure, Panel

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Item: Any = GradeItem
_Cohort: Any = Cohort

RECENT = timedelta(days=14)
MOST = 5


@dataclass(frozen=True, slots=True)
class News:
    """A grade that came back not long ago."""

    title: str
    cohort: str
    cohort_code: str
    activity_id: int | None
    points: Decimal | None
    most: Decimal
    released_at: datetime
    feedback_html: str


_NEWS: Any = (
    select(
        _Item.name, _Cohort.title, _Cohort.code, _Item.activity_id, _Grade.points, _Item.points, _Grade.released_at, _Grade.feedback_html
    )
    .join(GradeItem, _Item.id == _Grade.grade_item_id)
    .join(Cohort, _Cohort.id == _Item.cohort_id)
    .where(_Grade.person_id == bindparam("person_id"), _Grade.status == "released", _Grade.released_at >= bindparam("since"))
    .order_by(_Grade.released_at.desc(), _Grade.id.desc())
    .limit(MOST)
)  # fmt: skip


def today(session: ReadSession, me: Actor, subject: Any) -> Panel | None:
    """What came back to a trainee in the last two weeks. One query."""
    rows: Any = session.rows(_NEWS, {"person_id": me.id, "since": clock.now() - RECENT})
    news = [News(*row) for row in rows]
    return Panel("grading/panels/today.html", {"news": news}) if news else None


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
