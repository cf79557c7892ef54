"""The marking queue: what waits for a tutor, across cohorts.

Only the latest attempt of a person counts. It waits while there are no points for this very attempt; then it is marked, and in the end
released. People who are suspended or have withdrawn are left out, and so is one's own work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from lms.accounts.models import Person, full_name
from lms.courses.models import Activity, Cohort
from lms.courses.queries import COHORTS_IN_REACH, cohorts_within, reach_values
from lms.enrollment.models import Enrolment
from lms.enrollment.queries import PRESENT
from lms.grading import deadlines
from lms.grading.models import Grade, GradeItem, Submission, SubmissionFile
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Submission: Any = Submission
_SubmissionFile: Any = SubmissionFile
_Item: Any = GradeItem
_Grade: Any = Grade
_Enrolment: Any = Enrolment
_Person: Any = Person
_Activity: Any = Activity
_Cohort: Any = Cohort

PAGE = 50
STATES = ("waiting", "marked", "released")
"""In the order of the queue: what waits comes first."""

_IS_MARKED = and_(_Grade.submission_id == _Submission.id, _Grade.points.is_not(None))
_rank: Any = case((_IS_MARKED, case((_Grade.status == "released", 2), else_=1)), else_=0).label("rank")


@dataclass(frozen=True, slots=True)
class QueueRow:
    """Work in the queue."""

    code: str
    person: str
    activity_id: int
    activity: str
    cohort_code: str
    cohort: str
    submitted_at: datetime
    due_at: datetime | None
    words: int
    files: int
    attempt: int
    state: str
    points: Decimal | None
    most: Decimal

    @property
    def late(self) -> str:
        """ "2 days late"; nothing for what is on time."""
        return deadlines.in_words(deadlines.late_by(self.submitted_at, self.due_at))


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the queue, how much there is in each state, and the cursor of the next page."""

    rows: list[QueueRow]
    counts: dict[str, int]
    after: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt stands among all of its assignment ("7 of 25"), and the code of what to mark next."""

    number: int
    total: int
    following: str | None


def _compared(*columns: Any) -> Any:
    """The work that can be in a queue, with its cohort and grade."""
    return (
        select(*columns)
        .select_from(Submission)
        .join(Cohort, _Cohort.id == _Submission.cohort_id)
        .join(Enrolment, and_(_Enrolment.cohort_id == _Submission.cohort_id, _Enrolment.person_id == _Submission.person_id))
        .join(GradeItem, _Item.activity_id == _Submission.activity_id)
        .outerjoin(Grade, and_(_Grade.grade_item_id == _Item.id, _Grade.person_id == _Submission.person_id))
        .where(_Submission.latest, _Enrolment.status.in_(PRESENT))
    )


def _joined(*columns: Any) -> Any:
    """The same, with what a line shows besides."""
    shown = _compared(*columns).join(Activity, _Activity.id == _Submission.activity_id)
    return shown.join(Person, _Person.id == _Submission.person_id)


def _within(me: Actor, permission: str = "grading.grade") -> list[Any]:
    return [cohorts_within(me.reach(permission)), _Submission.person_id != (me.id or 0)]


def queue(session: ReadSession, me: Actor, *, cohort: str = "", state: str = "", after: str = "", limit: int = PAGE) -> QueuePage:
    """What this person may mark: what waits first, and of that the oldest. Two queries.

    `cohort` is a code, `state` one of STATES; empty: all. `after` is the cursor of the page before.
    """
    reach, (seen, code) = me.reach("grading.grade"), _read_cursor(after)
    values = {**reach_values(reach), "me": me.id or 0, "cohort": cohort, "after": code, "limit": limit + 1}
    counts = _as_counts(session.rows(_counting(reach.everywhere, bool(cohort)), values))
    rows: Any = session.rows(_listing(reach.everywhere, bool(cohort), state if state in STATES else "", seen), values).all()
    shown = [_row(row) for row in rows[:limit]]
    return QueuePage(shown, counts, f"{STATES.index(shown[-1].state)}.{shown[-1].code}" if len(rows) > limit else None)


def _chosen(everywhere: bool, in_cohort: bool) -> list[Any]:
    conditions = [_Submission.person_id != bindparam("me")]
    if not everywhere:
        conditions.append(COHORTS_IN_REACH)
    return [*conditions, _Cohort.code == bindparam("cohort")] if in_cohort else conditions


# Each kind of question is put together once: that costs more than asking it.


@cache
def _counting(everywhere: bool, in_cohort: bool) -> Any:
    return _compared(_rank, func.count()).where(*_chosen(everywhere, in_cohort)).group_by(_rank)


@cache
def _listing(everywhere: bool, in_cohort: bool, state: str, seen: int | None) -> Any:
    conditions = _chosen(everywhere, in_cohort) + ([_rank == STATES.index(state)] if state else [])
    if seen is not None:
        conditions.append(_later(seen))
    # First which, then what: sorting must not carry everything that a line shows.
    order = (_rank, _Submission.submitted_at, _Submission.id)
    chosen = _compared(_Submission.id).where(*conditions).order_by(*order).limit(bindparam("limit", type_=Integer())).subquery()
    return _joined(*_COLUMNS).join(chosen, chosen.c.id == _Submission.id).order_by(*order)


@cache
def _cohorts(everywhere: bool) -> Any:
    statement = _compared(_Cohort.code, _Cohort.title, _Cohort.starts_on).where(*_chosen(everywhere, False)).distinct()
    return statement.order_by(_Cohort.starts_on.desc(), _Cohort.code)


def _as_counts(counted: Any) -> dict[str, int]:
    return dict.fromkeys(STATES, 0) | {STATES[rank]: number for rank, number in counted}


_FILES = select(func.count()).where(_SubmissionFile.submission_id == _Submission.id).correlate(Submission).scalar_subquery()
_COLUMNS = (
    _Submission.code, _Person.given_name, _Person.family_name, _Activity.id, _Activity.title, _Cohort.code, _Cohort.title,
    _Submission.submitted_at, _Activity.due_at, _Submission.words, _FILES, _Submission.attempt, _rank, _Grade.points, _Item.points,
)  # fmt: skip


def _row(row: Any) -> QueueRow:
    code, given, family, activity_id, activity, cohort_code, cohort, submitted_at, due_at, words, files, attempt, rank, points, most = row
    return QueueRow(
        code, full_name(given, family), activity_id, activity, cohort_code, cohort, submitted_at, due_at, words, files, attempt,
        STATES[rank], points if rank else None, most,
    )  # fmt: skip


def _read_cursor(after: str) -> tuple[int | None, str]:
    """The state and the code of "0.CODE": that attempt while it waited, whatever became of it since. None for no cursor of ours."""
    written, _sep, code = after.partition(".")
    return (int(written), code) if code and written in ("0", "1", "2") else (None, "")


def _later(rank: int) -> Any:
    """The condition of coming after the attempt of the cursor."""
    seen: Any = aliased(Submission)
    at, number = (select(column).where(seen.code == bindparam("after")).scalar_subquery() for column in (seen.submitted_at, seen.id))
    same = or_(_Submission.submitted_at > at, and_(_Submission.submitted_at == at, _Submission.id > number))
    return or_(_rank > rank, and_(_rank == rank, same))


def cohorts(session: ReadSession, me: Actor) -> list[tuple[str, str]]:
    """The cohorts whose work this person may mark, as far as there is any: code and title. One query."""
    reach = me.reach("grading.grade")
    rows: Any = session.rows(_cohorts(reach.everywhere), {**reach_values(reach), "me": me.id or 0})
    return [(code, f"{title} · {code}") for code, title, _starts in rows]


def cohort_in_reach(me: Actor, code: str) -> Any:
    """The statement for the cohort with this code, where this person may mark in it."""
    return select(Cohort).where(_Cohort.code == code, cohorts_within(me.reach("grading.grade")))


def place_of(session: ReadSession, me: Actor, activity_id: int, code: str, cohort: str = "") -> Place | None:
    """Where the attempt stands among the latest ones of its assignment, however many of those are marked by now.

    What follows is the next one that waits there, else the oldest that waits in the queue. None for an attempt that is not in the queue.
    At most two queries.
    """
    line: Any = session.rows(
        _compared(_Submission.code, _rank)
        .where(*_within(me), _Submission.activity_id == activity_id)
        .order_by(_Submission.submitted_at, _Submission.id)
    ).all()
    number = next((place for place, row in enumerate(line) if row.code == code), None)
    if number is None:
        return None
    following = next((row.code for row in [*line[number + 1 :], *line[:number]] if row[1] == 0), None)
    return Place(number + 1, len(line), following or _oldest(session, me, code, cohort))


def _oldest(session: ReadSession, me: Actor, code: str, cohort: str) -> str | None:
    conditions = [*_within(me), _Submission.code != code, _rank == 0, *([_Cohort.code == cohort] if cohort else [])]
    oldest = _compared(_Submission.code).where(*conditions).order_by(_Submission.submitted_at, _Submission.id).limit(1)
    found: str | None = session.scalar(oldest)
    return found


def waiting_in(session: ReadSession, me: Actor, cohort_ids: Sequence[int]) -> dict[int, int]:
    """How much waits for this person in each of these cohorts, where something does. One query."""
    of_cohort = _Submission.cohort_id
    conditions = (*_within(me), of_cohort.in_(list(cohort_ids)), _rank == 0)
    rows: Any = session.rows(_compared(of_cohort, func.count()).where(*conditions).group_by(of_cohort))
    return dict(rows.all())


def waiting(session: ReadSession, me: Actor, cohort_ids: Sequence[int]) -> dict[str, int]:
    """How much there is in each state in these cohorts. One query."""
    conditions = (_Submission.cohort_id.in_(list(cohort_ids)), _Submission.person_id != (me.id or 0))
    return _as_counts(session.rows(_compared(_rank, func.count()).where(*conditions).group_by(_rank)))
