"""What is news to people about their work."""

from collections.abc import Iterator

from lms.courses.models import Cohort
from lms.grading.events import GradeReleased
from lms.grading.models import Grade, GradeItem
from lms.kernel.database import Session
from lms.kernel.i18n import N_
from lms.kernel.notices import News, Notice


def _of_grade(session: Session, happened: GradeReleased) -> Iterator[News]:
    grade = session.one(Grade, happened.grade_id)
    item, cohort = session.one(GradeItem, grade.grade_item_id), session.one(Cohort, happened.cohort_id)
    url = f"/learn/{cohort.code}/{happened.activity_id}#returned" if happened.activity_id else "/grades"
    facts: dict[str, str | float] = {
        "title": item.name,
        "cohort": cohort.title,
        "points": float(grade.points or 0),
        "most": float(item.points),
    }
    yield News(happened.person_id, f"{grade.id}:{grade.version}", url, facts)


def _of_new_grade(session: Session, happened: GradeReleased) -> Iterator[News]:
    return _of_grade(session, happened) if happened.is_new else iter(())


def _of_changed_grade(session: Session, happened: GradeReleased) -> Iterator[News]:
    return iter(()) if happened.is_new else _of_grade(session, happened)


NOTICES = (
    Notice("grading.returned", GradeReleased, N_("Your work for “{title}” is marked: {points} of {most} points."), _of_new_grade),
    Notice("grading.changed", GradeReleased, N_("Your grade for “{title}” has changed: {points} of {most} points."), _of_changed_grade),
)
