"""Cohorts: made from a course, dated, given regions and tutors, published and closed."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from lms.accounts import roles
from lms.accounts.models import Region
from lms.courses import copying
from lms.courses.activity_types import Types
from lms.courses.events import CohortChanged, CohortCreated
from lms.courses.models import Activity, Cohort, CohortRegion, Course, Module
from lms.kernel import audit
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, RoleGrant, require
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Cohort: Any = Cohort
_CohortRegion: Any = CohortRegion
_Region: Any = Region
_RoleGrant: Any = RoleGrant
_Module: Any = Module
_Activity: Any = Activity

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
EDITABLE = ("title", "language", "timezone", "starts_on", "ends_on", "seats", "enrolment_method", "enrol_from", "enrol_until", "question",
            "weekly")  # fmt: skip
MOVES = {"draft": ("published",), "published": ("draft", "closed"), "closed": ("published",)}


class WrongMove(Refused):
    """The state does not lead there."""

    message = N_("This cannot be done in its present state. Please reload the page.")


class CourseIsDraft(Refused):
    """A cohort shows its course to everybody."""

    message = N_("Publish the course first: its page belongs to the cohort's.")


def create(
    session: Session,
    actor: Actor,
    types: Types,
    course: Course,
    *,
    code: str,
    title: str = "",
    language: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    seats: int | None = None,
    status: str = "draft",
    enrolment_method: str = "staff",
    timezone: str = "UTC",
    regions: Iterable[int] = (),
    tutors: Iterable[int] = (),
    question: str = "",
    enrol_from: datetime | None = None,
    enrol_until: datetime | None = None,
    weekly: bool = True,
) -> Cohort:
    """Make a cohort with its own copy of the course. Raises Invalid, Forbidden."""
    require(actor, "courses.run", course.scope)
    cohort = Cohort(
        code=free_code(session, Cohort, code), course_id=course.id or 0, programme_id=course.programme_id,
        title=tidy(title) or course.title, language=language or course.language, timezone=timezone, starts_on=starts_on, ends_on=ends_on,
        seats=seats, status=status,
        enrolment_method=enrolment_method, enrol_from=enrol_from, enrol_until=enrol_until, question=question.strip(), weekly=weekly,
    )  # fmt: skip
    check_values(cohort)
    session.add(cohort)
    _set_regions(session, cohort, regions)
    copying.copy_to_cohort(session, types, cohort)
    audit.record(session, actor, "cohort.created", "cohort", cohort.id, None, {"code": cohort.code, "course": course.code})
    for person_id in tutors:
        roles.give(session, actor, person_id, "tutor", "cohort", cohort.id or 0)
    session.emit(CohortCreated(cohort.id or 0, cohort.course_id))
    return cohort


def free_code(session: ReadSession, model: type[Cohort] | type[Course], code: str) -> str:
    """The code where it can be part of an address and nobody has it. Raises Invalid."""
    code = code.strip()
    if not CODE.fullmatch(code):
        raise Invalid({"code": N_("Letters, digits, dots and hyphens, at most 40, for example POLI-2026-LA.")})
    column: Any = model.code
    if session.scalar(select(column).where(column == code)):
        raise Invalid({"code": N_("This code is taken.")})
    return code


def check_values(cohort: Cohort) -> None:
    """Raise Invalid for values that contradict each other."""
    errors = {}
    if cohort.starts_on and cohort.ends_on and cohort.ends_on < cohort.starts_on:
        errors["ends_on"] = N_("The end comes before the start.")
    if cohort.enrol_from and cohort.enrol_until and cohort.enrol_until < cohort.enrol_from:
        errors["enrol_until"] = N_("The end comes before the start.")
    if cohort.seats is not None and cohort.seats < 0:
        errors["seats"] = N_("At least 0, or nothing for as many as come.")
    if errors:
        raise Invalid(errors)


def save(
    session: Session,
    actor: Actor,
    cohort_id: int,
    values: dict[str, Any],
    *,
    regions: Iterable[int] | None = None,
    move_dates: bool = False,
) -> Cohort:
    """Change a cohort. `move_dates`: openings and deadlines move with the first day. Raises Invalid, Forbidden; a guard may refuse."""
    cohort = session.lock(Cohort, cohort_id)
    require(actor, "courses.run", cohort.scope)
    session.guard("courses.save_cohort", (cohort, values))
    before = {name: getattr(cohort, name) for name in EDITABLE}
    for name in EDITABLE:
        if name in values:
            setattr(cohort, name, values[name])
    check_values(cohort)
    if regions is not None:
        _set_regions(session, cohort, regions)
    if move_dates and before["starts_on"] and cohort.starts_on:
        _move_dates(session, cohort, cohort.starts_on - before["starts_on"])
    session.flush()
    after = {name: getattr(cohort, name) for name in EDITABLE if getattr(cohort, name) != before[name]}
    if after:
        audit.record(session, actor, "cohort.changed", "cohort", cohort.id, {name: before[name] for name in after}, after)
        session.emit(CohortChanged(cohort_id, frozenset(after)))
    return cohort


def set_status(session: Session, actor: Actor, cohort_id: int, status: str) -> Cohort:
    """Publish, close, reopen or take back a cohort. Raises WrongMove, CourseIsDraft, Forbidden."""
    cohort = session.lock(Cohort, cohort_id)
    require(actor, "courses.run", cohort.scope)
    if status not in MOVES[cohort.status]:
        raise WrongMove()
    if status == "published" and session.one(Course, cohort.course_id).status == "draft":
        raise CourseIsDraft()
    before, cohort.status = cohort.status, status
    session.flush()
    audit.record(session, actor, "cohort.status", "cohort", cohort.id, {"status": before}, {"status": status})
    return cohort


def add_tutor(session: Session, actor: Actor, cohort: Cohort, person_id: int) -> bool:
    """Make a person tutor of this cohort; answers whether that is new. Raises Forbidden, NotFound."""
    require(actor, "courses.run", cohort.scope)
    return roles.give(session, actor, person_id, "tutor", "cohort", cohort.id or 0)


def remove_tutor(session: Session, actor: Actor, cohort: Cohort, person_id: int) -> bool:
    """Let a tutor go; answers whether there was one. Raises Forbidden."""
    require(actor, "courses.run", cohort.scope)
    return roles.take(session, actor, person_id, "tutor", "cohort", cohort.id or 0)


def tutor_ids(session: ReadSession, cohort_id: int) -> list[int]:
    """The people who are tutors of exactly this cohort, first come first."""
    held = (_RoleGrant.role == "tutor", _RoleGrant.scope_kind == "cohort", _RoleGrant.scope_id == cohort_id)
    return list(session.scalars(select(_RoleGrant.person_id).where(*held).order_by(_RoleGrant.id)))


def _set_regions(session: Session, cohort: Cohort, regions: Iterable[int]) -> None:
    wanted = set(regions)
    known = set(session.scalars(select(_Region.id).where(_Region.id.in_(wanted))))
    if wanted - known:
        raise Invalid({"regions": N_("Please choose one of the options.")})
    session.execute(delete(CohortRegion).where(_CohortRegion.cohort_id == cohort.id))
    session.add_all([CohortRegion(cohort_id=cohort.id or 0, region_id=region_id) for region_id in sorted(wanted)])


def _move_dates(session: Session, cohort: Cohort, by: timedelta) -> None:
    modules: list[Module] = list(session.scalars(select(Module).where(_Module.cohort_id == cohort.id)))
    activities: list[Activity] = list(session.scalars(select(Activity).where(_Activity.cohort_id == cohort.id)))
    for module in modules:
        module.opens_at = _moved(module.opens_at, by, cohort.timezone)
    for activity in activities:
        activity.due_at, activity.cutoff_at = (_moved(at, by, cohort.timezone) for at in (activity.due_at, activity.cutoff_at))


def _moved(at: datetime | None, by: timedelta, zone: str) -> datetime | None:
    """The same time of day on the clocks of the zone, whatever summer time does in between."""
    if at is None:
        return None
    there = at.astimezone(ZoneInfo(zone))
    return copying.local((there + by).date(), there.time(), zone)
