"""Cohorts: made from a course, dated, given regions and tutors, published and closed."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from lms.accounts import roles
from lms.accounts.models import Region
from lms.accounts.queries import names
from lms.courses import codes, copying, dating
from lms.courses.activity_types import Types
from lms.courses.events import CohortChanged, CohortCreated
from lms.courses.models import Cohort, CohortRegion, Course
from lms.kernel import audit
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Conflict, Invalid, Refused, WrongMove
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, RoleGrant, require
from lms.kernel.text import fold, tidy

# SQLModel types a column as its value; in a statement it is a column.
_Cohort: Any = Cohort
_CohortRegion: Any = CohortRegion
_Region: Any = Region
_RoleGrant: Any = RoleGrant

EDITABLE = ("title", "language", "timezone", "starts_on", "ends_on", "seats", "enrolment_method", "enrol_from", "enrol_until", "question",
            "weekly")  # fmt: skip
MOVES = {"draft": ("published",), "published": ("draft", "closed"), "closed": ("published",)}


class CourseIsDraft(Refused):
    """A cohort shows its course to everybody."""

    message = N_("Publish the course first: whoever sees the cohort also sees the course.")


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
        code=codes.free_code(session, Cohort, code), course_id=course.id or 0, programme_id=course.programme_id,
        title=tidy(title) or course.title, language=language or course.language, timezone=timezone, starts_on=starts_on, ends_on=ends_on,
        seats=seats, status=status,
        enrolment_method=enrolment_method, enrol_from=enrol_from, enrol_until=enrol_until, question=question.strip(), weekly=weekly,
    )  # fmt: skip
    check_values(cohort)
    _index(cohort, course)
    codes.add(session, cohort)
    _set_regions(session, cohort, regions)
    copying.copy_to_cohort(session, types, cohort)
    audit.record(session, actor, "cohort.created", "cohort", cohort.id, None, {"code": cohort.code, "course": course.code})
    for person_id in tutors:
        roles.give(session, actor, person_id, "tutor", "cohort", cohort.id or 0)
    session.emit(CohortCreated(cohort.id or 0, cohort.course_id))
    return cohort


def check_values(cohort: Cohort) -> None:
    """Raise Invalid for values that contradict each other."""
    errors = {}
    if not cohort.title:
        errors["title"] = N_("Please fill this in.")
    if cohort.starts_on and cohort.ends_on and cohort.ends_on < cohort.starts_on:
        errors["ends_on"] = N_("The end comes before the start.")
    if cohort.enrol_from and cohort.enrol_until and cohort.enrol_until < cohort.enrol_from:
        errors["enrol_until"] = N_("The end comes before the start.")
    if cohort.seats is not None and cohort.seats < 0:
        errors["seats"] = N_("0 or more; empty means no limit.")
    if errors:
        raise Invalid(errors)


def save(
    session: Session,
    actor: Actor,
    cohort_id: int,
    values: dict[str, Any],
    *,
    version: int | None = None,
    regions: Iterable[int] | None = None,
    move_dates: bool = False,
) -> Cohort:
    """Change a cohort. `version` is the one that was read: Conflict where somebody saved since; without it nothing is compared.

    `move_dates`: openings and deadlines move with the first day and the zone. Raises Invalid, Forbidden, Conflict; a guard may refuse.
    """
    cohort = session.lock(Cohort, cohort_id)
    require(actor, "courses.run", cohort.scope)
    if version is not None and cohort.version != version:
        raise Conflict()
    session.guard("courses.save_cohort", (cohort, values))
    before = {name: getattr(cohort, name) for name in EDITABLE}
    for name in EDITABLE:
        if name in values:
            setattr(cohort, name, values[name])
    cohort.title, cohort.question = tidy(cohort.title), cohort.question.strip()
    check_values(cohort)
    if regions is not None:
        _set_regions(session, cohort, regions)
    _date(session, cohort, before, move_dates)
    _index(cohort, session.one(Course, cohort.course_id))
    cohort.version += 1
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


def tutors(session: ReadSession, cohort_id: int) -> dict[int, str]:
    """The names of the tutors of exactly this cohort by their ids, first come first. Two queries."""
    ids = tutor_ids(session, cohort_id)
    named = names(session, ids)
    return {person_id: named[person_id] for person_id in ids if person_id in named}


def _date(session: Session, cohort: Cohort, before: dict[str, Any], move_dates: bool) -> None:
    """Keep the dates inside in step with those of the cohort."""
    if cohort.starts_on is None:
        return
    if before["starts_on"] is None:
        dating.open_modules(session, cohort)
        dating.set_deadlines(session, cohort)
        return
    if move_dates:
        dating.move(session, cohort, cohort.starts_on - before["starts_on"], before["timezone"])
    if cohort.weekly != before["weekly"]:
        dating.open_modules(session, cohort)


def _index(cohort: Cohort, course: Course) -> None:
    cohort.search_text = fold(f"{cohort.code} {cohort.title} {course.code}")


def _set_regions(session: Session, cohort: Cohort, regions: Iterable[int]) -> None:
    wanted = set(regions)
    known = set(session.scalars(select(_Region.id).where(_Region.id.in_(wanted))))
    if wanted - known:
        raise Invalid({"regions": N_("Please choose one of the options.")})
    session.execute(delete(CohortRegion).where(_CohortRegion.cohort_id == cohort.id))
    session.add_all([CohortRegion(cohort_id=cohort.id or 0, region_id=region_id) for region_id in sorted(wanted)])
