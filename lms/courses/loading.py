"""Finding courses, cohorts and their parts, each for somebody who may: whatever loads an object authorises it."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from lms.courses.models import Activity, Cohort, Course, Module
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.errors import Forbidden, NotFound
from lms.kernel.i18n import N_, format_datetime
from lms.kernel.permissions import Actor, Scope

# SQLModel types a column as its value; in a statement it is a column.
_Course: Any = Course
_Cohort: Any = Cohort

_COURSE: Any = select(Course).where(_Course.code == bindparam("code"))
_COHORT: Any = select(Cohort).where(_Cohort.code == bindparam("code"))

MEMBERSHIPS = ("courses.learn", "courses.adapt", "courses.run")


def course_by_code(session: ReadSession, code: str) -> Course:
    """The course with this code. Raises NotFound."""
    found: Course | None = session.scalars(_COURSE, {"code": code}).first()
    if found is None:
        raise NotFound()
    return found


def cohort_by_code(session: ReadSession, code: str) -> Cohort:
    """The cohort with this code. Raises NotFound."""
    found: Cohort | None = session.scalars(_COHORT, {"code": code}).first()
    if found is None:
        raise NotFound()
    return found


def load_course(session: ReadSession, me: Actor, code: str, permission: str) -> Course:
    """The course, for staff who hold the permission there. Raises NotFound, Forbidden."""
    course = course_by_code(session, code)
    check(me, permission, course.scope, "courses.view_drafts")
    return course


def load_cohort(session: ReadSession, me: Actor, code: str, permission: str) -> Cohort:
    """The cohort, for somebody who holds the permission there. Raises NotFound, Forbidden."""
    cohort = cohort_by_code(session, code)
    check(me, permission, cohort.scope, *MEMBERSHIPS)
    return cohort


def load_module(session: ReadSession, me: Actor, module_id: int) -> Module:
    """A module that this person may change. Raises NotFound, Forbidden."""
    module = session.one(Module, module_id)
    owner = owner_of(session, module)
    check(me, editing_permission(owner), owner.scope, *MEMBERSHIPS)
    return module


def load_activity(session: ReadSession, me: Actor, activity_id: int) -> Activity:
    """An activity that this person may change. Raises NotFound, Forbidden."""
    activity = session.one(Activity, activity_id)
    owner = owner_of(session, activity)
    check(me, editing_permission(owner), owner.scope, *MEMBERSHIPS)
    return activity


def owner_of(session: ReadSession, part: Module | Activity) -> Course | Cohort:
    """The cohort whose copy the part belongs to, else its course."""
    return session.one(Cohort, part.cohort_id) if part.cohort_id else session.one(Course, part.course_id)


def editing_permission(owner: Course | Cohort) -> str:
    """What is needed to change the content of this course or cohort."""
    return "courses.edit" if isinstance(owner, Course) else "courses.adapt"


def check(me: Actor, permission: str, scope: Scope, *memberships: str) -> None:
    """Raise Forbidden for a member of the place without the permission, NotFound for a stranger."""
    if me.can(permission, scope):
        return
    if any(me.can(name, scope) for name in memberships):
        raise Forbidden()
    raise NotFound()


def load_learning(session: ReadSession, me: Actor, code: str) -> Cohort:
    """A cohort that this person learns in or looks after. Raises NotFound."""
    cohort = cohort_by_code(session, code)
    if looks_after(me, cohort) or (cohort.status != "draft" and me.can("courses.learn", cohort.scope)):
        return cohort
    raise NotFound()


def looks_after(me: Actor, cohort: Cohort) -> bool:
    """Whether the person sees everything in this cohort, also what is not open yet."""
    return me.can("courses.adapt", cohort.scope) or me.can("courses.run", cohort.scope)


def is_trainee(me: Actor, cohort: Cohort) -> bool:
    """Whether what the person does in this cohort counts as learning."""
    return me.id is not None and not me.unlimited and me.can("courses.learn", cohort.scope)


def load_open_activity(session: ReadSession, me: Actor, cohort: Cohort, activity_id: int) -> Activity:
    """An activity of this cohort that is open to the person. Raises NotFound, NotOpenYet."""
    activity = session.get(Activity, activity_id)
    if activity is None or activity.cohort_id != cohort.id:
        raise NotFound()
    if looks_after(me, cohort):
        return activity
    if not activity.published:
        raise NotFound()
    module = session.one(Module, activity.module_id)
    if module.opens_at and module.opens_at > clock.now():
        raise NotOpenYet(module.opens_at, me.timezone)
    return activity


class NotOpenYet(Forbidden):
    """The module has not opened."""

    title = N_("Not open yet")
    message = N_("This module opens on {date}.")

    def __init__(self, opens_at: datetime, zone: str) -> None:
        super().__init__(self.message, date=format_datetime(opens_at, zone))
