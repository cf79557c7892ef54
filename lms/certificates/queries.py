"""What screens show of certificates: constant numbers of selects into frozen rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from lms.accounts.models import Person, full_name
from lms.certificates.issuing import is_waiting
from lms.certificates.models import Certificate
from lms.courses.models import Cohort
from lms.courses.queries import cohorts_within
from lms.enrollment.models import Enrolment
from lms.kernel.database import ReadSession
from lms.kernel.lists import after_row
from lms.kernel.permissions import Reach
from lms.kernel.storage import StoredFile

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate
_Enrolment: Any = Enrolment
_Person: Any = Person
_Cohort: Any = Cohort
_StoredFile: Any = StoredFile

PAGE = 50


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate in a list."""

    id: int
    code: str
    serial: str
    status: str
    course: str
    cohort_code: str
    issued_on: date
    weight: int
    """Bytes of its document; 0: it is not drawn yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """A trainee of a cohort in the list of certificates, with the newest certificate, if there is one."""

    enrolment_id: int
    person_code: str
    name: str
    language: str
    has_email: bool
    enrolment_status: str
    code: str | None
    serial: str | None
    status: str | None
    issued_on: date | None
    weight: int
    """Bytes of its document; 0: it is not drawn yet."""
    printed_name: str
    reason: str

    @property
    def has_other_name(self) -> bool:
        """Whether a valid certificate bears another name than the person has now."""
        return self.status == "valid" and self.printed_name != self.name


@dataclass(frozen=True, slots=True)
class Counts:
    """How a cohort stands: trainees who completed it, certificates that are valid, those still to be drawn, and who waits for one."""

    completed: int
    valid: int
    undrawn: int
    waiting: int


_weight: Any = func.coalesce(_StoredFile.size, 0).label("weight")
_ISSUED: Any = (
    select(
        _Certificate.id, _Certificate.code, _Certificate.serial, _Certificate.status, _Certificate.snapshot, _Certificate.issued_on, _weight
    )
    .outerjoin(StoredFile, _StoredFile.id == _Certificate.file_id)
    .where(_Certificate.erased_at.is_(None))
)  # fmt: skip


def _issued(rows: Any) -> list[Issued]:
    return [Issued(r.id, r.code, r.serial, r.status, r.snapshot["course"], r.snapshot["cohort_code"], r.issued_on, r.weight) for r in rows]


def own(session: ReadSession, person_id: int, before: int = 0, limit: int = PAGE) -> tuple[list[Issued], int | None]:
    """The certificates of a person, newest first, and the cursor of the next page."""
    mine: Select[Any] = _ISSUED.where(_Certificate.person_id == person_id)
    if before:
        mine = mine.where(_Certificate.id < before)
    rows: Any = session.rows(mine.order_by(_Certificate.id.desc()).limit(limit + 1)).all()
    return _issued(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None


_RECENT: Any = (
    _ISSUED.where(
        _Certificate.person_id == bindparam("person_id"), _Certificate.status == "valid", _Certificate.issued_on >= bindparam("since")
    )
    .order_by(_Certificate.id.desc())
    .limit(3)
)


def recent(session: ReadSession, person_id: int, since: date) -> list[Issued]:
    """The three newest valid certificates that a person was given since a day, newest first."""
    return _issued(session.rows(_RECENT, {"person_id": person_id, "since": since}))


def of_person(session: ReadSession, person_id: int, reach: Reach, limit: int = 20) -> list[Issued]:
    """The certificates of a person in those cohorts where a permission holds, newest first."""
    theirs = _ISSUED.join(Cohort, _Cohort.id == _Certificate.cohort_id).where(_Certificate.person_id == person_id, cohorts_within(reach))
    return _issued(session.rows(theirs.order_by(_Certificate.id.desc()).limit(limit)))


def counts(session: ReadSession, cohort_id: int) -> Counts:
    """How the cohort stands. Two queries."""
    completed = func.count(case((_Enrolment.status == "completed", 1)))
    waiting = func.count(case((and_(is_waiting(), _Person.erased_at.is_(None)), 1)))
    trainees: Any = session.rows(
        select(completed, waiting).join(Person, _Person.id == _Enrolment.person_id).where(_Enrolment.cohort_id == cohort_id)
    ).one()
    undrawn = func.count(case((and_(_Certificate.file_id.is_(None), _Certificate.erased_at.is_(None)), 1)))
    valid = (_Certificate.cohort_id == cohort_id, _Certificate.status == "valid")
    given: Any = session.rows(select(func.count(), undrawn).select_from(Certificate).where(*valid)).one()
    return Counts(trainees[0], given[0], given[1], trainees[1])


def cohort_lines(
    session: ReadSession, cohort_id: int, after: str = "", limit: int = PAGE, *, only_waiting: bool = False
) -> tuple[list[Line], str | None]:
    """The trainees of a cohort who completed it or have a certificate, by name, and the cursor of the next page. One query."""
    other: Any = aliased(Certificate)
    newest = select(func.max(other.id)).where(other.enrolment_id == _Enrolment.id).scalar_subquery()
    wanted = is_waiting() if only_waiting else or_(_Enrolment.status == "completed", _Certificate.id.is_not(None))
    conditions: list[Any] = [_Enrolment.cohort_id == cohort_id, _Person.erased_at.is_(None), wanted]
    if after:
        conditions.append(after_row(Person, after, _Person.search_text))
    chosen = (
        select(
            _Enrolment.id.label("enrolment_id"), _Person.code.label("person_code"), _Person.given_name, _Person.family_name,
            _Person.certificate_name, _Person.language, _Person.email, _Enrolment.status.label("enrolment_status"), _Certificate.code,
            _Certificate.serial, _Certificate.status, _Certificate.issued_on, _Certificate.snapshot, _Certificate.reason,
            _weight,
        )
        .join(Person, _Person.id == _Enrolment.person_id)
        .outerjoin(Certificate, _Certificate.id == newest)
        .outerjoin(StoredFile, _StoredFile.id == _Certificate.file_id)
        .where(*conditions)
        .order_by(_Person.search_text, _Person.id)
        .limit(limit + 1)
    )  # fmt: skip
    rows: Any = session.rows(chosen).all()
    return [_line(row) for row in rows[:limit]], rows[limit - 1].person_code if len(rows) > limit else None


def _line(row: Any) -> Line:
    snapshot: Mapping[str, Any] = row.snapshot or {}
    return Line(
        enrolment_id=row.enrolment_id, person_code=row.person_code, language=row.language, has_email=bool(row.email),
        name=row.certificate_name or full_name(row.given_name, row.family_name), enrolment_status=row.enrolment_status, code=row.code,
        serial=row.serial, status=row.status, issued_on=row.issued_on, weight=row.weight,
        printed_name=snapshot.get("name", ""), reason=row.reason or "",
    )  # fmt: skip
