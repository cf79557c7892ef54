"""Marking: a grade is saved, released, and changed without losing what it was.

A grade is marked (its tutors see it) or released (its owner sees it too). Each change makes a new version and a row of history.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.accounts.queries import names
from lms.courses import completion
from lms.courses.models import Activity, Cohort
from lms.enrollment.queries import enrolment_of
from lms.grading import books, items, telling
from lms.grading.events import GradeReleased
from lms.grading.models import Grade, GradeChange, GradeItem, Submission
from lms.grading.points import check_points, plain
from lms.kernel import audit, clock, richtext
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Conflict, Invalid, NotFound, Refused
from lms.kernel.i18n import N_, format_number
from lms.kernel.permissions import Actor, require
from lms.kernel.text import tidy_lines

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Item: Any = GradeItem
_Person: Any = Person
_Cohort: Any = Cohort

MOST_FEEDBACK = 50_000


class OwnWork(Refused):
    """Nobody marks herself."""

    status = 403
    message = N_("This is your own work: somebody else has to mark it.")


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else saved while a marker was typing."""

    name: str
    at: datetime
    points: Decimal | None
    feedback: str
    status: str
    version: int


class GradeChanged(Conflict):
    """Somebody else saved this grade since it was read; nothing was overwritten. `now` is what is saved."""

    message = N_("{name} saved this grade while you were working on it. Nothing was overwritten; what you typed is still here.")

    def __init__(self, now: Meanwhile) -> None:
        super().__init__(self.message, name=now.name)
        self.now = now


def save_grade(session: Session, actor: Actor, submission_id: int, *, version: int, points: Decimal | None, feedback: str = "") -> Grade:
    """Save what a marker says about an attempt. A released grade stays released, and its owner is told once more.

    `version` is that of the grade that was read, 0 for none. Without points the work still waits. Saving what is there already changes
    nothing. Raises GradeChanged, Invalid, OwnWork, Forbidden, NotFound.
    """
    submission = session.one(Submission, submission_id)
    cohort = session.one(Cohort, submission.cohort_id)
    require(actor, "grading.grade", cohort.scope)
    if submission.status == "draft":
        raise NotFound()
    item = items.item_of_activity(session, submission.activity_id)
    return _save(session, actor, cohort, item, submission.person_id, submission_id, version, points, feedback)


def save_by_hand(
    session: Session,
    actor: Actor,
    cohort: Cohort,
    item_id: int,
    person_id: int,
    *,
    version: int,
    points: Decimal | None,
    feedback: str = "",
) -> Grade:
    """Save a grade in a column that is filled in by hand. Arguments and errors as of `save_grade`; NotByHand for another column."""
    require(actor, "grading.grade", cohort.scope)
    item = items.item_by_hand(session, cohort, item_id)
    enrolment = enrolment_of(session, cohort.id or 0, person_id)
    if enrolment is None or enrolment.status == "withdrawn":
        raise NotFound()
    return _save(session, actor, cohort, item, person_id, None, version, points, feedback)


def _save(
    session: Session,
    actor: Actor,
    cohort: Cohort,
    item: GradeItem,
    person_id: int,
    submission_id: int | None,
    version: int,
    points: Decimal | None,
    feedback: str,
) -> Grade:
    if actor.id == person_id:
        raise OwnWork()
    feedback = tidy_lines(feedback)
    if len(feedback) > MOST_FEEDBACK:
        raise Invalid({"feedback": N_("At most {most} characters.").format(most=format_number(MOST_FEEDBACK))})
    if points is not None:
        check_points(points, item.points)
    grade = _hold(session, item, person_id)
    if grade.version != version:
        raise GradeChanged(_meanwhile(session, grade))
    before = (grade.points, grade.feedback, grade.submission_id)
    if (points, feedback, submission_id) == before and version:
        return grade
    _check_change(actor, cohort, grade, points, feedback)
    grade.points, grade.feedback, grade.submission_id = points, feedback, submission_id
    grade.feedback_html = richtext.render(feedback)
    _note(session, actor, grade)
    audit.record(session, actor, "grade.saved", "grade", grade.id, {"points": plain(before[0])}, {"points": plain(points)})
    if grade.status == "released":
        grade.released_at = grade.graded_at
        _tell(session, cohort, item, grade, session.one(Person, person_id), is_new=False)
    return grade


def _hold(session: Session, item: GradeItem, person_id: int) -> Grade:
    """The grade's row, held against others; made with version 0 where it is missing: of many who begin at once, one gets through."""
    key: dict[str, Any] = {"grade_item_id": item.id, "person_id": person_id}
    session.insert_new(Grade, **key, version=0, graded_at=clock.now())
    mine = select(Grade).where(_Grade.grade_item_id == item.id, _Grade.person_id == person_id)
    held: Grade = session.scalars(mine.with_for_update().execution_options(populate_existing=True)).one()
    return held


def _meanwhile(session: ReadSession, grade: Grade) -> Meanwhile:
    name = names(session, [grade.graded_by]).get(grade.graded_by, "") if grade.graded_by else ""
    return Meanwhile(name or str(N_("Somebody")), grade.graded_at, grade.points, grade.feedback, grade.status, grade.version)


def _check_change(actor: Actor, cohort: Cohort, grade: Grade, points: Decimal | None, feedback: str) -> None:
    if grade.status == "released":
        require(actor, "grading.release", cohort.scope)
        if points is None:
            raise Invalid({"points": N_("This grade is released: it needs points.")})
    if points is None and not feedback and grade.version == 0:
        raise Invalid({"points": N_("Please write points or feedback.")})


def _note(session: Session, actor: Actor, grade: Grade) -> None:
    """Make the next version and its row of history."""
    grade.version += 1
    grade.graded_by, grade.graded_at = actor.id, clock.now()
    session.flush()
    session.add(
        GradeChange(
            grade_id=grade.id or 0, version=grade.version, points=grade.points, feedback=grade.feedback, status=grade.status,
            changed_by=actor.id, changed_at=grade.graded_at,
        )
    )  # fmt: skip


def _tell(session: Session, cohort: Cohort, item: GradeItem, grade: Grade, person: Person, *, is_new: bool) -> None:
    """What follows when somebody can see a grade: completion, the mail, the event."""
    if item.activity_id is not None and grade.points is not None and grade.points >= item.pass_points:
        completion.record(session, grade.person_id, session.one(Activity, item.activity_id), "passed")
    telling.returned(session, cohort, item, grade, person, is_new=is_new)
    session.emit(GradeReleased(grade.id or 0, grade.person_id, item.cohort_id, item.activity_id, is_new))


def release(session: Session, actor: Actor, grade_ids: Collection[int]) -> int:
    """Let people see their grades, and tell them; answers how many.

    What is released already, or has no points yet, is passed over. Raises NotFound for an unknown grade, Forbidden where the actor may not
    release in one of the cohorts; then nothing is released.
    """
    known: Any = session.execute(
        select(_Grade.id, _Item, _Cohort)
        .join(GradeItem, _Item.id == _Grade.grade_item_id)
        .join(Cohort, _Cohort.id == _Item.cohort_id)
        .where(_Grade.id.in_(list(grade_ids)))
    ).all()
    if len(known) < len(set(grade_ids)):
        raise NotFound()
    places: dict[int, tuple[GradeItem, Cohort]] = {item.id: (item, cohort) for _id, item, cohort in known}
    for _item, cohort in places.values():
        require(actor, "grading.release", cohort.scope)
    waiting = _lock_marked(session, grade_ids)
    people = _people(session, [grade.person_id for grade in waiting])
    for grade in waiting:
        item, cohort = places[grade.grade_item_id]
        grade.status, grade.released_at = "released", clock.now()
        _note_release(session, actor, grade)
        _tell(session, cohort, item, grade, people[grade.person_id], is_new=True)
    return len(waiting)


def _lock_marked(session: Session, grade_ids: Iterable[int]) -> list[Grade]:
    """Those that can be released, held against others, in one order: of two who release at once one does, and nobody waits in a circle."""
    marked = select(Grade).where(_Grade.id.in_(list(grade_ids)), _Grade.status == "marked", _Grade.points.is_not(None))
    ordered = marked.order_by(_Grade.person_id, _Grade.id).with_for_update()
    return list(session.scalars(ordered.execution_options(populate_existing=True)))


def _people(session: ReadSession, person_ids: list[int]) -> dict[int, Person]:
    return {person.id: person for person in session.scalars(select(Person).where(_Person.id.in_(person_ids)))}


def _note_release(session: Session, actor: Actor, grade: Grade) -> None:
    marked_by, marked_at = grade.graded_by, grade.graded_at
    _note(session, actor, grade)
    grade.graded_by, grade.graded_at = marked_by, marked_at  # releasing is not marking
    session.flush()
    audit.record(session, actor, "grade.released", "grade", grade.id, None, {"points": plain(grade.points)})


def release_marked(session: Session, actor: Actor, cohort: Cohort, item_id: int | None = None) -> int:
    """Release everything that is marked in a cohort, or in one of its columns; answers how many.

    Left out are people who are suspended or have withdrawn, and marks of an attempt after which another one was handed in.
    Raises Forbidden, NotFound for a column of another cohort.
    """
    require(actor, "grading.release", cohort.scope)
    if item_id is not None:
        items.item_of_cohort(session, cohort, item_id)
    ready = books.ready_to_release(cohort.id or 0, _Grade.id)
    return release(session, actor, list(session.scalars(ready if item_id is None else ready.where(_Item.id == item_id))))
