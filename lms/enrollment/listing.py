"""What the API shows of enrolments and applications, within what a person may see: one select for a page of them or for one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person, full_name
from lms.courses.models import Cohort
from lms.courses.seeing import own_or_reached
from lms.enrollment.models import Application, Enrolment
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Application: Any = Application
_Person: Any = Person
_Cohort: Any = Cohort


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """An enrolment; `person` and `cohort` are codes. The e-mail address is there for who may see people, and for the person."""

    id: int
    person: str
    name: str
    email: str | None
    cohort: str
    status: str
    method: str
    enrolled_at: datetime
    completed_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application; `person` and `cohort` are codes, and `note` are the words that came with the decision."""

    id: int
    code: str
    person: str
    name: str
    cohort: str
    status: str
    answer: str
    note: str
    submitted_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to: codes of a cohort and a person, and a state. Empty: all."""

    cohort: str = ""
    person: str = ""
    status: str = ""

    def conditions(self, table: Any) -> list[Any]:
        """The same for a statement that joins the cohort and the person."""
        pairs = ((_Cohort.code, self.cohort), (_Person.code, self.person), (table.status, self.status))
        return [column == value for column, value in pairs if value]


_ENROLMENTS: Any = (
    select(_Enrolment.id, _Person.code, _Person.given_name, _Person.family_name, _Person.email, _Person.id.label("person_id"),
           _Cohort.code.label("cohort"), _Enrolment.status, _Enrolment.method, _Enrolment.enrolled_at, _Enrolment.completed_at,
           _Enrolment.withdrawn_at)
    .join(Person, _Person.id == _Enrolment.person_id)
    .join(Cohort, _Cohort.id == _Enrolment.cohort_id)
)  # fmt: skip
_APPLICATIONS: Any = (
    select(_Application.id, _Application.code, _Person.code.label("person"), _Person.given_name, _Person.family_name,
           _Cohort.code.label("cohort"), _Application.status, _Application.answer, _Application.decision_note, _Application.submitted_at,
           _Application.decided_at)
    .join(Person, _Person.id == _Application.person_id)
    .join(Cohort, _Cohort.id == _Application.cohort_id)
)  # fmt: skip


def enrolments(session: ReadSession, me: Actor, wanted: Wanted = Wanted(), after: int = 0, limit: int = 50) -> list[EnrolmentRow]:
    """A person's own enrolments and those of cohorts whose trainees she may see, by id, beginning after `after`. One query."""
    conditions = [*own_or_reached(_Enrolment, me, "enrollment.view"), *wanted.conditions(_Enrolment), _Enrolment.id > after]
    rows = session.rows(_ENROLMENTS.where(*conditions).order_by(_Enrolment.id).limit(limit))
    return [_enrolment(row, me) for row in rows]


def enrolment(session: ReadSession, me: Actor, enrolment_id: int) -> EnrolmentRow:
    """One enrolment, which the caller has loaded for this person. One query."""
    return _enrolment(session.rows(_ENROLMENTS.where(_Enrolment.id == enrolment_id)).one(), me)


def _enrolment(row: Any, me: Actor) -> EnrolmentRow:
    shows_address = row.person_id == me.id or me.can("accounts.view_people")
    return EnrolmentRow(
        row.id, row.code, full_name(row.given_name, row.family_name), row.email if shows_address else None, row.cohort, row.status,
        row.method, row.enrolled_at, row.completed_at, row.withdrawn_at,
    )  # fmt: skip


def applications(session: ReadSession, me: Actor, wanted: Wanted = Wanted(), after: int = 0, limit: int = 50) -> list[ApplicationRow]:
    """A person's own applications and those that she may decide, by id, beginning after `after`. One query."""
    conditions = [*own_or_reached(_Application, me, "enrollment.select"), *wanted.conditions(_Application), _Application.id > after]
    rows = session.rows(_APPLICATIONS.where(*conditions).order_by(_Application.id).limit(limit))
    return [_application(row) for row in rows]


def application(session: ReadSession, application_id: int) -> ApplicationRow:
    """One application, which the caller has loaded for somebody who may see it. One query."""
    return _application(session.rows(_APPLICATIONS.where(_Application.id == application_id)).one())


def _application(row: Any) -> ApplicationRow:
    return ApplicationRow(
        row.id, row.code, row.person, full_name(row.given_name, row.family_name), row.cohort, row.status, row.answer, row.decision_note,
        row.submitted_at, row.decided_at,
    )  # fmt: skip
