"""When the modules of a cohort open and its activities are due: relative days of a course as instants on the cohort's clocks."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms.courses.models import Activity, Cohort, Module
from lms.kernel.database import ReadSession, Session

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_Module: Any = Module

LAST_MINUTE = time(23, 59)


def local(day: date, at: time, zone: str) -> datetime:
    """The instant at which the clocks of a zone show this."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def deadline(cohort: Cohort, day: int | None) -> datetime | None:
    """The last minute of a course's day (day 1 = start) in the cohort's zone."""
    if day is None or cohort.starts_on is None:
        return None
    return local(cohort.starts_on + timedelta(days=day - 1), LAST_MINUTE, cohort.timezone)


def opening(cohort: Cohort, week: int) -> datetime | None:
    """When a module opens: week by week (week 0 is the first) or all at the start."""
    if cohort.starts_on is None:
        return None
    return local(cohort.starts_on + timedelta(weeks=week if cohort.weekly else 0), time(0), cohort.timezone)


def open_modules(session: Session, cohort: Cohort) -> None:
    """Let every module of the cohort open when the cohort's first day and rhythm say so."""
    for week, module in enumerate(_modules(session, cohort)):
        module.opens_at = opening(cohort, week)


def set_deadlines(session: Session, cohort: Cohort) -> None:
    """Give the activities that have no dates yet those of the course, counted from the cohort's first day."""
    origins = select(_Activity.origin_id).where(_Activity.cohort_id == cohort.id)
    days: Any = session.execute(select(_Activity.id, _Activity.due_day, _Activity.cutoff_day).where(_Activity.id.in_(origins)))
    known = {row.id: (row.due_day, row.cutoff_day) for row in days}
    for activity in _activities(session, cohort):
        if activity.due_at is None and activity.cutoff_at is None and activity.origin_id in known:
            activity.due_at, activity.cutoff_at = (deadline(cohort, day) for day in known[activity.origin_id])


def move(session: Session, cohort: Cohort, by: timedelta, from_zone: str) -> None:
    """Move openings and deadlines by some days, keeping the time of day on the cohort's clocks; `from_zone` is where they were before."""
    for module in _modules(session, cohort):
        module.opens_at = _moved(module.opens_at, by, from_zone, cohort.timezone)
    for activity in _activities(session, cohort):
        due, cutoff = (_moved(at, by, from_zone, cohort.timezone) for at in (activity.due_at, activity.cutoff_at))
        # An hour that the clocks skip may put a cut-off before the due date.
        activity.due_at, activity.cutoff_at = due, max(cutoff, due) if cutoff and due else cutoff


def _moved(at: datetime | None, by: timedelta, from_zone: str, to_zone: str) -> datetime | None:
    """The same time of day on the clocks of the zone, whatever summer time does in between."""
    if at is None:
        return None
    there = at.astimezone(ZoneInfo(from_zone))
    return local((there + by).date(), there.time(), to_zone)


def _modules(session: ReadSession, cohort: Cohort) -> Sequence[Module]:
    return list(session.scalars(select(Module).where(_Module.cohort_id == cohort.id).order_by(_Module.position, _Module.id)))


def _activities(session: ReadSession, cohort: Cohort) -> Sequence[Activity]:
    return list(session.scalars(select(Activity).where(_Activity.cohort_id == cohort.id)))
