"""The columns of a gradebook: one for each assignment of the cohort, and those that tutors add and fill in by hand."""

import re
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from lms.courses.models import Activity, Cohort
from lms.grading.models import Assignment, Grade, GradeItem
from lms.grading.points import MOST, check_points
from lms.kernel import audit
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, NotFound, Refused
from lms.kernel.i18n import N_, format_number
from lms.kernel.permissions import Actor, require
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Item: Any = GradeItem
_Grade: Any = Grade

NAME_LENGTH = 120


class ItemInUse(Refused):
    """Grades hang on it."""

    message = N_("There are grades in this column, and they are kept. Give it the weight 0 instead: then it does not count.")


class NotByHand(Refused):
    """The column belongs to an assignment."""

    message = N_("This column belongs to an assignment: change it where the assignment is edited.")


def item_of_activity(session: ReadSession, activity_id: int) -> GradeItem:
    """The column of an assignment of a cohort. Raises NotFound."""
    found: GradeItem | None = session.scalars(select(GradeItem).where(_Item.activity_id == activity_id)).first()
    if found is None:
        raise NotFound()
    return found


def item_of_cohort(session: ReadSession, cohort: Cohort, item_id: int) -> GradeItem:
    """A column of this cohort. Raises NotFound, also for a column of another one."""
    found = session.get(GradeItem, item_id)
    if found is None or found.cohort_id != cohort.id:
        raise NotFound()
    return found


def item_by_hand(session: ReadSession, cohort: Cohort, item_id: int) -> GradeItem:
    """A column of this cohort that is filled in by hand. Raises NotFound, NotByHand."""
    item = item_of_cohort(session, cohort, item_id)
    if item.activity_id is not None:
        raise NotByHand()
    return item


def keep_item(session: Session, activity: Activity, assignment: Assignment) -> GradeItem | None:
    """Make or update the column of an assignment; in a course there is none. Raises Invalid where a grade would exceed the points."""
    if activity.cohort_id is None:
        return None
    item: GradeItem | None = session.scalars(select(GradeItem).where(_Item.activity_id == activity.id)).first()
    if item is None:
        item = GradeItem(cohort_id=activity.cohort_id, activity_id=activity.id, name="", points=assignment.points)
    else:
        _refuse_less_than_given(session, item, assignment.points)
    item.name = _free_name(session, item, activity.title)
    item.points, item.pass_points, item.weight = assignment.points, assignment.pass_points, assignment.weight
    return session.add(item)


def add_item(session: Session, actor: Actor, cohort: Cohort, *, name: str, points: Decimal, weight: Decimal = Decimal(1)) -> GradeItem:
    """Add a column to be filled in by hand, at the end. Raises Invalid, Forbidden."""
    require(actor, "grading.grade", cohort.scope)
    session.lock(Cohort, cohort.id)
    last = session.scalar(select(func.max(_Item.position)).where(_Item.cohort_id == cohort.id))
    item = GradeItem(cohort_id=cohort.id or 0, name="", points=points, position=0 if last is None else last + 1)
    _set(session, item, name, points, weight)
    audit.record(session, actor, "grade_item.created", "grade_item", item.id, None, _shown(item))
    return item


def save_item(session: Session, actor: Actor, cohort: Cohort, item_id: int, *, name: str, points: Decimal, weight: Decimal) -> GradeItem:
    """Change a column that is filled in by hand. Raises Invalid, Forbidden, NotByHand, NotFound."""
    item = _by_hand(session, actor, cohort, item_id)
    before = _shown(item)
    _refuse_less_than_given(session, item, points)
    _set(session, item, name, points, weight)
    if _shown(item) != before:
        audit.record(session, actor, "grade_item.changed", "grade_item", item.id, before, _shown(item))
    return item


def delete_item(session: Session, actor: Actor, cohort: Cohort, item_id: int) -> None:
    """Delete a column that is filled in by hand, while it is empty. Raises ItemInUse, Forbidden, NotByHand, NotFound."""
    item = _by_hand(session, actor, cohort, item_id)
    if session.scalar(select(_Grade.id).where(_Grade.grade_item_id == item.id).limit(1)) is not None:
        raise ItemInUse()
    audit.record(session, actor, "grade_item.deleted", "grade_item", item.id, _shown(item), None)
    session.delete(item)


def _by_hand(session: Session, actor: Actor, cohort: Cohort, item_id: int) -> GradeItem:
    require(actor, "grading.grade", cohort.scope)
    session.lock(Cohort, cohort.id)
    return item_by_hand(session, cohort, item_id)


def _set(session: Session, item: GradeItem, name: str, points: Decimal, weight: Decimal) -> None:
    name = tidy(name)
    if not name or len(name) > NAME_LENGTH:
        raise Invalid({"name": N_("Please write a name of at most {length} characters.").format(length=NAME_LENGTH)})
    if _is_taken(session, item, name):
        raise Invalid({"name": N_("Another column of this cohort has this name.")})
    if points <= 0:
        raise Invalid({"points": N_("More than 0.")})
    item.name, item.points, item.weight = name, check_points(points, MOST), check_points(weight, MOST, "weight")
    session.add(item)


def _is_taken(session: ReadSession, item: GradeItem, name: str) -> bool:
    same = select(_Item.id).where(_Item.cohort_id == item.cohort_id, _Item.name == name, _Item.id != (item.id or 0)).limit(1)
    return session.scalar(same) is not None


def _free_name(session: ReadSession, item: GradeItem, title: str) -> str:
    """The activity's title; with a number where another column is called the same."""
    if re.fullmatch(rf"{re.escape(title)}( \(\d+\))?", item.name):
        return item.name
    name, number = title, 1
    while _is_taken(session, item, name):
        number += 1
        name = f"{title} ({number})"
    return name


def _refuse_less_than_given(session: ReadSession, item: GradeItem, points: Decimal) -> None:
    highest: Decimal | None = session.scalar(select(func.max(_Grade.points)).where(_Grade.grade_item_id == item.id))
    if highest is not None and points < highest:
        sentence = N_("Somebody has {points} points already: it cannot be less.").format(points=format_number(highest))
        raise Invalid({"points": sentence})


def _shown(item: GradeItem) -> dict[str, Any]:
    return {"name": item.name, "points": item.points, "weight": item.weight}


def grade_of(session: ReadSession, item: GradeItem, person_id: int) -> Grade | None:
    """The person's grade in a column, if there is one."""
    found: Grade | None = session.scalars(select(Grade).where(_Grade.grade_item_id == item.id, _Grade.person_id == person_id)).first()
    return found
