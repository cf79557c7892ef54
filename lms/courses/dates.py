"""What courses tell calendars: due dates and cut-offs, when modules open, the first and the last day."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.types import Integer

from lms.courses.learning import is_done
from lms.courses.models import Activity, Cohort, Module, Progress
from lms.kernel import clock, i18n
from lms.kernel.database import ReadSession, UtcDateTime
from lms.kernel.dates import Dated
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_Cohort: Any = Cohort
_Module: Any = Module
_Progress: Any = Progress

_COHORTS: Any = bindparam("cohorts", expanding=True)
_SINCE, _UNTIL = (bindparam(name, type_=UtcDateTime()) for name in ("since", "until"))


def _within(column: Any) -> Any:
    return and_(column >= _SINCE, column < _UNTIL)


# Built once: putting a statement together costs more than running it.
_OF_COHORTS: Any = (
    select(_Cohort.id, _Cohort.code, _Cohort.title, _Cohort.status, _Cohort.timezone, _Cohort.starts_on, _Cohort.ends_on, _Cohort.version)
    .where(_Cohort.id.in_(_COHORTS), _Cohort.status != "draft")
    .order_by(_Cohort.id)
)
_OF_MODULES: Any = (
    select(_Module.cohort_id, _Module.id, _Module.title, _Module.opens_at, _Module.version)
    .where(_Module.cohort_id.in_(_COHORTS), _within(_Module.opens_at))
    .order_by(_Module.id)
)
_OF_ACTIVITIES: Any = (
    select(_Activity.cohort_id, _Activity.id, _Activity.title, _Activity.due_at, _Activity.cutoff_at, _Activity.version,
           _Activity.completion, _Progress.viewed_at, _Progress.completed_at)
    .outerjoin(Progress, and_(_Progress.activity_id == _Activity.id, _Progress.person_id == bindparam("person_id", type_=Integer())))
    .where(_Activity.cohort_id.in_(_COHORTS), _Activity.published, or_(_within(_Activity.due_at), _within(_Activity.cutoff_at)))
    .order_by(_Activity.id)
)  # fmt: skip


def dates_of(session: ReadSession, me: Actor, since: datetime, until: datetime) -> list[Dated]:
    """What has a date in the cohorts that this person learns in or teaches. Three queries; none for somebody without a cohort."""
    learning = me.reach("courses.learn").cohorts
    mine = sorted(learning | me.reach("courses.adapt").cohorts)
    if not mine:
        return []
    values = {"cohorts": mine, "person_id": me.id, "since": since, "until": until}
    cohorts: dict[int, Any] = {row.id: row for row in session.rows(_OF_COHORTS, values)}
    found = [entry for cohort in cohorts.values() for entry in _days(cohort)]
    for row in session.rows(_OF_MODULES, values):
        found += _opening(cohorts.get(row.cohort_id), row)
    for row in session.rows(_OF_ACTIVITIES, values):
        found += _deadlines(cohorts.get(row.cohort_id), row, row.cohort_id in learning)
    return [entry for entry in found if _is_within(entry.starts, since, until)]


def _is_within(starts: datetime | date, since: datetime, until: datetime) -> bool:
    if isinstance(starts, datetime):
        return since <= starts < until
    return since.date() <= starts < until.date()


def _days(cohort: Any) -> Iterator[Dated]:
    for name, kind, day in (("first", N_("First day"), cohort.starts_on), ("last", N_("Last day"), cohort.ends_on)):
        if day:
            url = f"/learn/{cohort.code}"
            yield Dated(f"cohort-{cohort.id}-{name}", kind, cohort.title, day, url, cohort.title, version=cohort.version)


def _opening(cohort: Any, module: Any) -> Iterator[Dated]:
    # One that opens on the first day is what the first day says already.
    if cohort and module.opens_at.astimezone(i18n.zone_of(cohort.timezone)).date() != cohort.starts_on:
        url = f"/learn/{cohort.code}"
        version = module.version + cohort.version  # moving the cohort moves its modules
        yield Dated(f"module-{module.id}", N_("Opens"), module.title, module.opens_at, url, cohort.title, version=version)


def _deadlines(cohort: Any, activity: Any, is_learning: bool) -> Iterator[Dated]:
    if not cohort:
        return
    state = "" if not is_learning else "done" if is_done(activity) else "todo" if cohort.status == "published" else ""
    where, about, version = f"/learn/{cohort.code}/{activity.id}", cohort.title, activity.version + cohort.version
    if activity.due_at:
        yield Dated(f"activity-{activity.id}-due", N_("Due"), activity.title, activity.due_at, where, about, None, state, version)
    if activity.cutoff_at and activity.cutoff_at != activity.due_at:
        # Nothing more can be done after it: then it is not late, but over.
        left = "" if state == "todo" and activity.cutoff_at < clock.now() else state
        yield Dated(f"activity-{activity.id}-cutoff", N_("Cut-off"), activity.title, activity.cutoff_at, where, about, None, left, version)
