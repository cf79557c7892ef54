"""What the API shows of certificates, within what a person may see: one select for a page of them or for one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from lms.accounts.models import Person
from lms.certificates.models import Certificate
from lms.certificates.numbering import grouped
from lms.courses.models import Cohort
from lms.courses.seeing import own_or_reached
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate
_Person: Any = Person
_Cohort: Any = Cohort
_Next: Any = aliased(Certificate)


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate; `person` and `cohort` are codes, `name` and `course` are what is printed, `replaced_by` is the code of another."""

    id: int
    code: str
    serial: str
    status: str
    kind: str
    enrolment: int
    person: str
    name: str
    cohort: str
    course: str
    language: str
    issued_on: date
    issued_at: datetime
    revoked_at: datetime | None
    replaced_by: str | None
    verify_url: str
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class WantedCertificates:
    """What a list is narrowed to: codes of a cohort and a person, an enrolment, a state. Empty: all."""

    cohort: str = ""
    person: str = ""
    enrolment: int | None = None
    status: str = ""

    def conditions(self) -> list[Any]:
        """The same for a statement."""
        pairs = (
            (_Cohort.code, self.cohort or None), (_Person.code, self.person or None), (_Certificate.enrolment_id, self.enrolment),
            (_Certificate.status, self.status or None),
        )  # fmt: skip
        return [column == value for column, value in pairs if value is not None]


# A certificate of somebody who was forgotten still counts, but shows nothing any more.
_CERTIFICATES: Any = (
    select(_Certificate.id, _Certificate.code, _Certificate.serial, _Certificate.status, _Certificate.kind, _Certificate.enrolment_id,
           _Person.code.label("person"), _Certificate.snapshot, _Cohort.code.label("cohort"), _Certificate.language,
           _Certificate.issued_on, _Certificate.issued_at, _Certificate.revoked_at, _Next.code.label("replaced_by"),
           _Certificate.file_id.is_not(None).label("is_drawn"))
    .join(Person, _Person.id == _Certificate.person_id)
    .join(Cohort, _Cohort.id == _Certificate.cohort_id)
    .outerjoin(_Next, _Next.id == _Certificate.replaced_by_id)
    .where(_Certificate.erased_at.is_(None))
)  # fmt: skip


def certificates(
    session: ReadSession, me: Actor, wanted: WantedCertificates = WantedCertificates(), after: int = 0, limit: int = 50
) -> list[CertificateRow]:
    """A person's own certificates and those that she may see as staff, by id, beginning after `after`. One query."""
    chosen = _CERTIFICATES.where(*own_or_reached(_Certificate, me, "certificates.view"), *wanted.conditions(), _Certificate.id > after)
    return [_row(row) for row in session.rows(chosen.order_by(_Certificate.id).limit(limit))]


def certificate(session: ReadSession, me: Actor, code: str) -> CertificateRow:
    """One's own certificate in whatever state, or one that one may see as staff. One query. Raises NotFound."""
    seen = own_or_reached(_Certificate, me, "certificates.view")
    row = session.rows(_CERTIFICATES.where(*seen, _Certificate.code == grouped(code))).first()
    if row is None:
        raise NotFound()
    return _row(row)


def _row(row: Any) -> CertificateRow:
    return CertificateRow(
        row.id, row.code, row.serial, row.status, row.kind, row.enrolment_id, row.person, row.snapshot["name"], row.cohort,
        row.snapshot["course"], row.language, row.issued_on, row.issued_at, row.revoked_at, row.replaced_by, row.snapshot["verify_url"],
        bool(row.is_drawn),
    )  # fmt: skip
