"""What screens show of enrolments and applications: constant numbers of selects into frozen rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from lms.accounts.models import Organisation, Person, full_name
from lms.courses.models import Cohort
from lms.courses.queries import cohorts_within
from lms.courses.seeing import in_cohorts
from lms.enrollment.models import OPEN_APPLICATION_STATES, Application, Enrolment
from lms.kernel.database import ReadSession
from lms.kernel.lists import after_row, with_words
from lms.kernel.permissions import Reach
from lms.kernel.text import fold

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Application: Any = Application
_Person: Any = Person
_Organisation: Any = Organisation
_Cohort: Any = Cohort

PAGE = 50
CANDIDATES = 20
PRESENT = ("active", "completed", "failed")
"""Whom lists show when nothing else is asked: who is suspended or has withdrawn is left out."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands towards a cohort; empty states where there is nothing."""

    enrolment_id: int | None = None
    enrolment: str = ""
    application_id: int | None = None
    application: str = ""

    @property
    def has_place(self) -> bool:
        """Whether a place is taken by this person."""
        return self.enrolment not in ("", "withdrawn")

    @property
    def is_waiting(self) -> bool:
        """Whether an application waits for a decision."""
        return self.application in OPEN_APPLICATION_STATES


@dataclass(frozen=True, slots=True)
class Counts:
    """How many enrolments and applications of a cohort are in each state."""

    enrolments: dict[str, int]
    applications: dict[str, int]

    @property
    def taken(self) -> int:
        """Places that are taken."""
        return sum(number for state, number in self.enrolments.items() if state != "withdrawn")

    @property
    def present(self) -> int:
        """Those whom lists show when nothing else is asked."""
        return sum(self.enrolments.get(state, 0) for state in PRESENT)

    @property
    def waiting(self) -> int:
        """Applications that wait for a decision."""
        return sum(self.applications.get(state, 0) for state in OPEN_APPLICATION_STATES)

    @property
    def everybody(self) -> int:
        """All enrolments, whatever their state."""
        return sum(self.enrolments.values())


@dataclass(frozen=True, slots=True)
class Trainee:
    """A line of the list of trainees."""

    id: int
    person_id: int
    code: str
    name: str
    email: str
    country_code: str | None
    organisation: str
    status: str
    method: str
    enrolled_at: datetime
    completed_at: datetime | None
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Applicant:
    """An application as the board shows it."""

    id: int
    code: str
    person_code: str
    name: str
    country_code: str | None
    organisation: str
    organisation_type: str
    answer: str
    status: str
    submitted_at: datetime
    decided_at: datetime | None
    decision_note: str
    is_erased: bool

    @property
    def is_decidable(self) -> bool:
        """Whether staff may still accept this applicant."""
        return self.status in (*OPEN_APPLICATION_STATES, "rejected") and not self.is_erased


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom staff may enrol; `status` is that of an enrolment in the cohort, if there is one."""

    code: str
    name: str
    email: str
    country_code: str | None
    organisation: str
    status: str


@dataclass(frozen=True, slots=True)
class Board:
    """A cohort with applications that wait."""

    code: str
    title: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Participation:
    """An enrolment or an application with its cohort, as the person's own list shows it."""

    id: int
    cohort_code: str
    cohort_title: str
    starts_on: date | None
    ends_on: date | None
    cohort_status: str
    status: str
    at: datetime


def enrolment_of(session: ReadSession, cohort_id: int, person_id: int) -> Enrolment | None:
    """The person's enrolment in the cohort, whatever its state."""
    found: Enrolment | None = session.scalars(
        select(Enrolment).where(_Enrolment.cohort_id == cohort_id, _Enrolment.person_id == person_id)
    ).first()
    return found


def trainee_ids(session: ReadSession, cohort_id: int, statuses: Sequence[str] = ("active", "completed")) -> list[int]:
    """The people enrolled in a cohort in one of these states. A role alone, given by hand, makes nobody a trainee."""
    chosen = select(_Enrolment.person_id).where(_Enrolment.cohort_id == cohort_id, _Enrolment.status.in_(list(statuses)))
    return list(session.scalars(chosen.order_by(_Enrolment.person_id)))


def standing(session: ReadSession, cohort_id: int, person_id: int | None) -> Standing:
    """How this person stands towards the cohort. One query; none for a visitor."""
    if person_id is None:
        return Standing()
    row: Any = session.rows(
        select(_Enrolment.id, _Enrolment.status, _Application.id, _Application.status)
        .select_from(Person)
        .outerjoin(Enrolment, and_(_Enrolment.person_id == _Person.id, _Enrolment.cohort_id == cohort_id))
        .outerjoin(Application, and_(_Application.person_id == _Person.id, _Application.cohort_id == cohort_id))
        .where(_Person.id == person_id)
    ).first()
    return Standing(row[0], row[1] or "", row[2], row[3] or "") if row else Standing()


def counts(session: ReadSession, cohort_id: int) -> Counts:
    """How many there are in each state. Two queries."""
    return Counts(_by_status(session, _Enrolment, cohort_id), _by_status(session, _Application, cohort_id))


def _by_status(session: ReadSession, table: Any, cohort_id: int) -> dict[str, int]:
    rows: Any = session.rows(select(table.status, func.count()).where(table.cohort_id == cohort_id).group_by(table.status))
    return dict(rows.all())


def counts_of(session: ReadSession, cohort_ids: Sequence[int], reach: Reach) -> dict[int, Counts]:
    """The same for each of these cohorts that lies within reach. Two queries."""
    found = {cohort_id: Counts({}, {}) for cohort_id in cohort_ids}
    for table, name in ((_Enrolment, "enrolments"), (_Application, "applications")):
        within = in_cohorts(table.cohort_id, reach)
        conditions = [table.cohort_id.in_(list(cohort_ids)), *([] if within is None else [within])]
        rows: Any = session.rows(
            select(table.cohort_id, table.status, func.count()).where(*conditions).group_by(table.cohort_id, table.status)
        )
        for cohort_id, status, number in rows:
            getattr(found[cohort_id], name)[status] = number
    return found


def trainees(
    session: ReadSession, cohort_id: int, search: str = "", statuses: Sequence[str] = PRESENT, after: str = "", limit: int = PAGE
) -> tuple[list[Trainee], str | None]:
    """The trainees of a cohort by family name, and the cursor of the next page. One query."""
    conditions = [_Enrolment.cohort_id == cohort_id, _Enrolment.status.in_(list(statuses)), *with_words(_Person.search_text, search)]
    if after:
        conditions.append(after_row(Person, after, _Person.search_text))
    rows: Any = session.rows(
        select(_Enrolment.id, _Person.id, _Person.code, _Person.given_name, _Person.family_name, _Person.email, _Person.country_code,
               _Organisation.name, _Enrolment.status, _Enrolment.method, _Enrolment.enrolled_at, _Enrolment.completed_at,
               _Person.erased_at.is_not(None))
        .join(Person, _Person.id == _Enrolment.person_id)
        .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
        .where(*conditions)
        .order_by(_Person.search_text, _Person.id)
        .limit(limit + 1)
    ).all()  # fmt: skip
    shown = [
        Trainee(r[0], r[1], r[2], full_name(r.given_name, r.family_name), r.email or "", r.country_code, r.name or "", *r[8:])
        for r in rows[:limit]
    ]
    return shown, shown[-1].code if len(rows) > limit else None


def applicants(
    session: ReadSession, cohort_id: int, statuses: Sequence[str], after: str = "", limit: int = PAGE
) -> tuple[list[Applicant], str | None]:
    """The applications to a cohort, first come first, and the cursor of the next page. One query."""
    conditions = [_Application.cohort_id == cohort_id, _Application.status.in_(list(statuses))]
    if after:
        conditions.append(after_row(Application, after, _Application.submitted_at, cohort_id=cohort_id))
    rows: Any = session.rows(
        select(_Application.id, _Application.code, _Person.code, _Person.given_name, _Person.family_name, _Person.country_code,
               _Organisation.name, _Organisation.type, _Application.answer, _Application.status, _Application.submitted_at,
               _Application.decided_at, _Application.decision_note, _Person.erased_at.is_not(None))
        .join(Person, _Person.id == _Application.person_id)
        .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
        .where(*conditions)
        .order_by(_Application.submitted_at, _Application.id)
        .limit(limit + 1)
    ).all()  # fmt: skip
    shown = [
        Applicant(r[0], r[1], r[2], full_name(r.given_name, r.family_name), r.country_code, r.name or "", r.type or "", *r[8:])
        for r in rows[:limit]
    ]
    return shown, shown[-1].code if len(rows) > limit else None


def candidates(session: ReadSession, cohort_id: int, search: str, code: str = "", limit: int = CANDIDATES) -> tuple[list[Candidate], bool]:
    """People whose name or address holds the words, or the one with this code, with how they stand in the cohort, and whether there are
    more. One query."""
    if not fold(search) and not code:
        return [], False
    rows: Any = session.rows(
        select(_Person.code, _Person.given_name, _Person.family_name, _Person.email, _Person.country_code, _Organisation.name,
               _Enrolment.status)
        .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
        .outerjoin(Enrolment, and_(_Enrolment.person_id == _Person.id, _Enrolment.cohort_id == cohort_id))
        .where(_Person.erased_at.is_(None), *with_words(_Person.search_text, search), *([_Person.code == code] if code else []))
        .order_by(_Person.search_text, _Person.id)
        .limit(limit + 1)
    ).all()  # fmt: skip
    shown = [
        Candidate(r.code, full_name(r.given_name, r.family_name), r.email or "", r.country_code, r.name or "", r.status or "")
        for r in rows[:limit]
    ]
    return shown, len(rows) > limit


def waiting_boards(session: ReadSession, reach: Reach) -> list[Board]:
    """The cohorts within reach where applications wait, those that wait longest first. One query."""
    rows: Any = session.rows(
        select(_Cohort.code, _Cohort.title, func.count())
        .join(Application, _Application.cohort_id == _Cohort.id)
        .where(_Application.status.in_(OPEN_APPLICATION_STATES), cohorts_within(reach))
        .group_by(_Cohort.id, _Cohort.code, _Cohort.title)
        .order_by(func.min(_Application.submitted_at))
        .limit(PAGE)
    )
    return [Board(*row) for row in rows]


def participations(session: ReadSession, person_id: int, reach: Reach | None = None) -> list[Participation]:
    """The person's enrolments, newest first; with a reach, those of the cohorts within it. One query."""
    return _of_person(session, _Enrolment, _Enrolment.enrolled_at, person_id, reach)


def applications_of(session: ReadSession, person_id: int, reach: Reach | None = None) -> list[Participation]:
    """The person's applications, newest first; with a reach, those to the cohorts within it. One query."""
    return _of_person(session, _Application, _Application.submitted_at, person_id, reach)


@cache
def _participations(table: Any, at: Any) -> Any:
    return (
        select(table.id, _Cohort.code, _Cohort.title, _Cohort.starts_on, _Cohort.ends_on, _Cohort.status, table.status, at)
        .join(Cohort, _Cohort.id == table.cohort_id)
        .where(table.person_id == bindparam("person_id"))
        .order_by(at.desc(), table.id.desc())
    )


def _of_person(session: ReadSession, table: Any, at: Any, person_id: int, reach: Reach | None) -> list[Participation]:
    statement = _participations(table, at)
    rows: Any = session.rows(statement if reach is None else statement.where(cohorts_within(reach)), {"person_id": person_id})
    return [Participation(*row) for row in rows]
