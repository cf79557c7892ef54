"""Cohorts as rooms where people meet: made by the service, with the words and files of their language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person, Region
from lms.courses import cohorts
from lms.courses.activity_types import Types
from lms.courses.models import Activity, Cohort
from lms.demo.attending import Task
from lms.demo.catalogue import MadeCourse
from lms.demo.plan import Delivery
from lms.grading.models import GradeItem
from lms.kernel.database import Session
from lms.kernel.permissions import SYSTEM

# SQLModel types a column as its value; in a statement it is a column.
_Region: Any = Region
_Activity: Any = Activity
_Item: Any = GradeItem


@dataclass(frozen=True, slots=True)
class Room:
    """A cohort with its activities, the columns of its gradebook by activity, and its tutors."""

    delivery: Delivery
    cohort: Cohort
    tasks: Sequence[Task]
    columns: Mapping[int, GradeItem]
    tutors: Sequence[Person]


def open_room(session: Session, types: Types, made: MadeCourse, delivery: Delivery, tutors: Sequence[Person], **values: Any) -> Room:
    """Make a cohort as staff would, with whatever else is said of it (seats, question, way in)."""
    regions = list(session.scalars(select(_Region.id).where(_Region.code.in_(delivery.regions))))
    title = f"{made.content.entries[delivery.language].title}, {delivery.name}"
    cohort = cohorts.create(
        session, SYSTEM, types, made.course, code=delivery.code, title=title, language=delivery.language, starts_on=delivery.starts_on,
        ends_on=delivery.ends_on, timezone=delivery.zone, regions=regions, tutors=[tutor.id or 0 for tutor in tutors],
        **{"status": "published", **values},
    )  # fmt: skip
    activities: list[Activity] = list(
        session.scalars(select(Activity).where(_Activity.cohort_id == cohort.id).order_by(_Activity.module_id, _Activity.position))
    )
    for activity in activities:
        # The cohort speaks one language: so does its worksheet.
        activity.file_id = made.files.get((activity.origin_id or 0, delivery.language), activity.file_id)
    session.flush()
    tasks = [Task(a.id or 0, made.parts[a.origin_id or 0], a.required, a.completion) for a in activities]
    columns = {item.activity_id: item for item in session.scalars(select(GradeItem).where(_Item.cohort_id == cohort.id))}
    return Room(delivery, cohort, tasks, columns, tutors)
