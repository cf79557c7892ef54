"""The gradebook of a cohort, and its columns one by one. A constant number of queries, however many people and columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select

from lms.accounts.models import Person, full_name
from lms.enrollment.models import Enrolment
from lms.enrollment.queries import PRESENT
from lms.grading.columns import Change, Column, columns_of
from lms.grading.gradebook import final_total, running_total
from lms.grading.models import Grade, GradeChange, GradeItem, Submission
from lms.grading.points import plain
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.lists import after_row

# SQLModel types a column as its value; in a statement it is a column.
_Item: Any = GradeItem
_Grade: Any = Grade
_Change: Any = GradeChange
_Submission: Any = Submission
_Enrolment: Any = Enrolment
_Person: Any = Person

PAGE = 100
EVERYBODY = (*PRESENT, "suspended")


@dataclass(frozen=True, slots=True)
class Cell:
    """A person's grade in one column of the gradebook, and the work behind it."""

    points: Decimal | None = None
    status: str = ""
    """ "marked", "released" or nothing."""
    submission: str = ""
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A person in the gradebook."""

    person_id: int
    code: str
    name: str
    email: str
    status: str
    cells: list[Cell]
    running: Decimal | None
    final: Decimal | None


@dataclass(frozen=True, slots=True)
class Book:
    """A page of a gradebook; `after` is the cursor of the next one."""

    columns: list[Column]
    rows: list[Row]
    after: str | None


def gradebook(
    session: ReadSession, cohort_id: int, *, statuses: Sequence[str] = PRESENT, after: str = "", limit: int | None = PAGE
) -> Book:
    """The trainees of a cohort by family name, with their grades. Four queries.

    Totals count released grades only, as the trainees see them. `limit` None: everybody.
    """
    columns = columns_of(session, [cohort_id])
    people = _trainees(session, cohort_id, statuses, after, limit)
    shown = people if limit is None else people[:limit]
    ids = [row.id for row in shown]
    grades = {(g.grade_item_id, g.person_id): g for g in _grades(session, [c.id for c in columns], ids)}
    work = {(s.activity_id, s.person_id): s for s in _latest(session, cohort_id, ids)}
    rows = []
    for row in shown:
        cells = [_cell(grades.get((c.id, row.id)), work.get((c.activity_id, row.id))) for c in columns]
        scores = [c.score(cell.points if cell.status == "released" else None) for c, cell in zip(columns, cells, strict=True)]
        name = full_name(row.given_name, row.family_name)
        rows.append(Row(row.id, row.code, name, row.email or "", row.status, cells, running_total(scores), final_total(scores)))
    return Book(columns, rows, rows[-1].code if limit is not None and len(people) > limit else None)


def _trainees(session: ReadSession, cohort_id: int, statuses: Iterable[str], after: str, limit: int | None) -> list[Any]:
    conditions = [_Enrolment.cohort_id == cohort_id, _Enrolment.status.in_(list(statuses))]
    if after:
        conditions.append(after_row(Person, after, _Person.search_text))
    statement: Any = (
        select(_Person.id, _Person.code, _Person.given_name, _Person.family_name, _Person.email, _Enrolment.status)
        .join(Enrolment, _Enrolment.person_id == _Person.id)
        .where(*conditions)
        .order_by(_Person.search_text, _Person.id)
    )
    return list(session.execute(statement if limit is None else statement.limit(limit + 1)).all())


def _grades(session: ReadSession, item_ids: Sequence[int], person_ids: Sequence[int]) -> Any:
    chosen = (_Grade.grade_item_id.in_(list(item_ids)), _Grade.person_id.in_(list(person_ids)))
    return session.execute(
        select(_Grade.grade_item_id, _Grade.person_id, _Grade.points, _Grade.status, _Grade.submission_id).where(*chosen)
    )


def _latest(session: ReadSession, cohort_id: int, person_ids: Sequence[int]) -> Any:
    chosen = (_Submission.cohort_id == cohort_id, _Submission.latest, _Submission.person_id.in_(list(person_ids)))
    return session.execute(select(_Submission.id, _Submission.activity_id, _Submission.person_id, _Submission.code).where(*chosen))


def _cell(grade: Any, work: Any) -> Cell:
    points, status = (grade.points, grade.status) if grade and grade.points is not None else (None, "")
    waits = work is not None and (points is None or grade.submission_id != work.id)
    return Cell(points, status, work.code if work else "", waits)


@dataclass(frozen=True, slots=True)
class HandRow:
    """A person's grade in a column that is filled in by hand."""

    person_id: int
    code: str
    name: str
    points: Decimal | None
    feedback: str
    version: int
    status: str

    @property
    def typed(self) -> str:
        """The points as the field shows them."""
        return plain(self.points)


def sheet(session: ReadSession, cohort_id: int, item_id: int, after: str = "", limit: int = PAGE) -> tuple[list[HandRow], str | None]:
    """The trainees of a cohort with their grades in one column, and the cursor of the next page. Two queries."""
    people = _trainees(session, cohort_id, PRESENT, after, limit)
    ids = [row.id for row in people[:limit]]
    chosen = select(Grade).where(_Grade.grade_item_id == item_id, _Grade.person_id.in_(ids))
    grades: dict[int, Grade] = {grade.person_id: grade for grade in session.scalars(chosen)}
    none = Grade(grade_item_id=item_id, person_id=0, version=0, status="", graded_at=clock.now())
    rows = []
    for row in people[:limit]:
        grade = grades.get(row.id, none)
        name = full_name(row.given_name, row.family_name)
        rows.append(HandRow(row.id, row.code, name, grade.points, grade.feedback, grade.version, grade.status))
    return rows, rows[-1].code if len(people) > limit else None


def ready_to_release(cohort_id: int, *columns: Any) -> Any:
    """The statement for the grades of a cohort that wait to be released.

    Left out are people who are suspended or have withdrawn, and marks of an attempt after which another one was handed in.
    """
    return (
        select(*columns)
        .select_from(Grade)
        .join(GradeItem, _Item.id == _Grade.grade_item_id)
        .join(Enrolment, and_(_Enrolment.cohort_id == _Item.cohort_id, _Enrolment.person_id == _Grade.person_id))
        .outerjoin(Submission, _Submission.id == _Grade.submission_id)
        .where(_Item.cohort_id == cohort_id, _Enrolment.status.in_(PRESENT), _Grade.status == "marked", _Grade.points.is_not(None))
        .where(or_(_Item.activity_id.is_(None), _Submission.latest))
    )


def ready_counts(session: ReadSession, cohort_id: int) -> dict[int, int]:
    """How many grades of each column wait to be released. One query."""
    rows: Any = session.execute(ready_to_release(cohort_id, _Item.id, func.count()).group_by(_Item.id))
    return dict(rows.all())


def history_of(session: ReadSession, item_id: int, person_ids: Sequence[int]) -> dict[int, tuple[Change, ...]]:
    """Every version of the grades in a column, by person, the newest first, with who made it. One query."""
    rows: Any = session.execute(
        select(_Grade.person_id, _Change.points, _Change.changed_at, _Change.status, _Person.given_name, _Person.family_name)
        .join(GradeChange, _Change.grade_id == _Grade.id)
        .outerjoin(Person, _Person.id == _Change.changed_by)
        .where(_Grade.grade_item_id == item_id, _Grade.person_id.in_(list(person_ids)))
        .order_by(_Grade.person_id, _Change.version.desc())
    )
    found: dict[int, tuple[Change, ...]] = {}
    for person_id, points, at, status, given, family in rows:
        found[person_id] = (*found.get(person_id, ()), Change(points, at, status, full_name(given, family)))
    return found
