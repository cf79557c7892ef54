"""Grades as tables: a trainee's own, and the gradebook of a cohort. A constant number of queries, however many people and columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from lms.accounts.models import Person
from lms.courses.models import Activity, Cohort, Module
from lms.enrollment.models import Enrolment
from lms.enrollment.queries import PRESENT
from lms.grading.gradebook import Score, final_total, running_total
from lms.grading.models import Grade, GradeChange, GradeItem, Submission
from lms.grading.points import plain
from lms.kernel import clock
from lms.kernel.database import ReadSession

# SQLModel types a column as its value; in a statement it is a column.
_Item: Any = GradeItem
_Grade: Any = Grade
_Change: Any = GradeChange
_Submission: Any = Submission
_Enrolment: Any = Enrolment
_Person: Any = Person
_Activity: Any = Activity
_Module: Any = Module
_Cohort: Any = Cohort

PAGE = 100
EVERYBODY = (*PRESENT, "suspended")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a gradebook. `counts` is false for an assignment that trainees do not see: nobody is missing there."""

    id: int
    cohort_id: int
    activity_id: int | None
    name: str
    points: Decimal
    pass_points: Decimal
    weight: Decimal
    required: bool
    counts: bool

    def score(self, points: Decimal | None) -> Score:
        """The column for one person, with the released points."""
        return Score(points, self.points, self.weight, self.required and self.counts)


@dataclass(frozen=True, slots=True)
class Change:
    """What a grade was at one version."""

    points: Decimal | None
    at: datetime
    status: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A column for one person: the released grade, or how far the work is."""

    column: Column
    state: str
    """ "released", "handed_in" or "missing"."""
    points: Decimal | None = None
    feedback_html: str = ""
    released_at: datetime | None = None
    history: tuple[Change, ...] = ()

    @property
    def has_passed(self) -> bool | None:
        """Whether the pass mark is reached; None where there is none, or no grade."""
        if self.points is None or not self.column.pass_points:
            return None
        return self.points >= self.column.pass_points


@dataclass(frozen=True, slots=True)
class CohortGrades:
    """The grades of one person in one cohort."""

    code: str
    title: str
    is_over: bool
    lines: list[Line]

    @property
    def running(self) -> Decimal | None:
        """The total of what has been graded."""
        return running_total(line.column.score(line.points) for line in self.lines)

    @property
    def final(self) -> Decimal | None:
        """The total where what is missing counts as zero."""
        return final_total(line.column.score(line.points) for line in self.lines)

    @property
    def graded(self) -> int:
        """How many grades can be seen."""
        return sum(line.points is not None for line in self.lines)


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


def columns_of(session: ReadSession, cohort_ids: Sequence[int]) -> list[Column]:
    """The columns of these cohorts in the order of their courses; those filled in by hand come last. One query."""
    rows: Any = session.execute(
        select(_Item.id, _Item.cohort_id, _Item.activity_id, _Item.name, _Item.points, _Item.pass_points, _Item.weight,
               func.coalesce(_Activity.required, True), func.coalesce(_Activity.published, True))
        .outerjoin(Activity, _Activity.id == _Item.activity_id)
        .outerjoin(Module, _Module.id == _Activity.module_id)
        .where(_Item.cohort_id.in_(list(cohort_ids)))
        .order_by(_Item.activity_id.is_(None), _Module.position, _Module.id, _Activity.position, _Activity.id, _Item.position, _Item.id)
    )  # fmt: skip
    return [Column(*row) for row in rows]


def grades_of(session: ReadSession, person_id: int, cohort_id: int | None = None) -> list[CohortGrades]:
    """What a person can see of her own grades, the newest cohort first. Four queries; two where she is nowhere enrolled."""
    mine = [_Enrolment.person_id == person_id, _Enrolment.status != "withdrawn", _Cohort.status != "draft"]
    cohorts: Any = session.execute(
        select(_Cohort.id, _Cohort.code, _Cohort.title, _Cohort.status, _Enrolment.status.label("enrolment"))
        .join(Enrolment, _Enrolment.cohort_id == _Cohort.id)
        .where(*mine, *([_Cohort.id == cohort_id] if cohort_id is not None else []))
        .order_by(_Cohort.starts_on.desc(), _Cohort.id.desc())
    ).all()
    columns = columns_of(session, [row.id for row in cohorts])
    if not columns:
        return []
    released = _released(session, person_id, [column.id for column in columns])
    handed_in = _handed_in(session, person_id, [row.id for row in cohorts])
    lines: dict[int, list[Line]] = {row.id: [] for row in cohorts}
    for column in columns:
        line = _line(column, released.get(column.id, []), handed_in)
        if column.counts or line.state != "missing":
            lines[column.cohort_id].append(line)
    return [
        CohortGrades(row.code, row.title, row.status == "closed" or row.enrolment in ("completed", "failed"), lines[row.id])
        for row in cohorts
        if lines[row.id]
    ]


def _released(session: ReadSession, person_id: int, item_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The released grades with the versions that could be seen, the first one first."""
    rows: Any = session.execute(
        select(_Grade.grade_item_id, _Grade.points.label("present"), _Grade.feedback_html, _Grade.released_at, _Change.points,
               _Change.changed_at, _Change.status)
        .join(GradeChange, and_(_Change.grade_id == _Grade.id, _Change.status == "released"))
        .where(_Grade.person_id == person_id, _Grade.status == "released", _Grade.grade_item_id.in_(list(item_ids)))
        .order_by(_Grade.id, _Change.version)
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.grade_item_id, []).append(row)
    return found


def _handed_in(session: ReadSession, person_id: int, cohort_ids: Sequence[int]) -> set[int]:
    latest = (_Submission.person_id == person_id, _Submission.cohort_id.in_(list(cohort_ids)), _Submission.latest)
    return set(session.scalars(select(_Submission.activity_id).where(*latest)))


def _line(column: Column, versions: list[Any], handed_in: set[int]) -> Line:
    if not versions:
        return Line(column, "handed_in" if column.activity_id in handed_in else "missing")
    last = versions[-1]
    history = tuple(Change(row.points, row.changed_at, row.status) for row in versions)
    return Line(column, "released", last.present, last.feedback_html, last.released_at, history)


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
        name = f"{row.given_name} {row.family_name}".strip()
        rows.append(Row(row.id, row.code, name, row.email or "", row.status, cells, running_total(scores), final_total(scores)))
    return Book(columns, rows, rows[-1].code if limit is not None and len(people) > limit else None)


def _trainees(session: ReadSession, cohort_id: int, statuses: Iterable[str], after: str, limit: int | None) -> list[Any]:
    conditions = [_Enrolment.cohort_id == cohort_id, _Enrolment.status.in_(list(statuses))]
    if after:
        seen: Any = aliased(Person)
        later = or_(_Person.search_text > seen.search_text, and_(_Person.search_text == seen.search_text, _Person.id > seen.id))
        conditions.append(select(1).where(seen.code == after, later).exists())
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
        name = f"{row.given_name} {row.family_name}".strip()
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
        found[person_id] = (*found.get(person_id, ()), Change(points, at, status, f"{given or ''} {family or ''}".strip()))
    return found
