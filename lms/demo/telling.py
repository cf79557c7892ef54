"""The news that the demo's people find: what came back to them lately. What happened years ago is news to nobody."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from lms.demo.rooms import Room
from lms.grading.events import GradeReleased
from lms.grading.models import Grade
from lms.grading.notices import NOTICES
from lms.kernel.database import Session
from lms.notifications import keeping

RECENT = timedelta(days=14)


def tell(session: Session, room: Room, grades: Iterable[Grade], now: datetime) -> None:
    """Keep the news that the services would have kept when they released these grades."""
    activities = {column.id: activity_id for activity_id, column in room.columns.items()}
    for grade in grades:
        if grade.released_at and grade.released_at > now - RECENT:
            released = GradeReleased(grade.id or 0, grade.person_id, room.cohort.id or 0, activities[grade.grade_item_id])
            for notice in NOTICES:
                for news in notice.tell(session, released):
                    keeping.keep(session, notice.name, news, grade.released_at)
