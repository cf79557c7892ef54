"""Issuing certificates, replacing and revoking them.

Locks are taken in one order, so that nobody waits in a circle: the person, the enrolment, the certificate, the series of serials.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms.accounts.models import Person, Programme
from lms.certificates import gathering, numbering
from lms.certificates.events import CertificateIssued, CertificateRevoked
from lms.certificates.models import Certificate
from lms.courses.models import Cohort
from lms.enrollment.enrolling import hold_person
from lms.enrollment.events import EnrolmentCompleted
from lms.enrollment.models import Enrolment
from lms.kernel import audit, clock, jobs
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, require
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate
_Enrolment: Any = Enrolment

LONGEST_REASON = 500


class NotCompleted(Refused):
    """Only who has completed the cohort as a trainee gets a certificate."""

    message = N_("A certificate is for somebody who has completed the cohort.")


class NotValid(Refused):
    """The certificate was revoked or replaced before."""

    message = N_("This certificate is not valid any more.")


def issue(session: Session, actor: Actor, enrolment_id: int, *, on: date | None = None) -> Certificate:
    """Give the trainee of a completed enrolment a certificate, dated `on` (today); the valid one where there is one.

    Its document is drawn by a job. Raises NotFound, UnknownPerson, Forbidden, NotCompleted.
    """
    held = _hold(session, actor, enrolment_id)
    return valid_one(session, enrolment_id) or _make(session, actor, held, on)


def issue_for_cohort(session: Session, actor: Actor, cohort: Cohort) -> list[Certificate]:
    """Issue every certificate that a cohort waits for, in this transaction. Raises Forbidden."""
    require(actor, "certificates.issue", cohort.scope)
    ids = waiting_ids(session, cohort.id or 0)
    all_held = [_hold(session, actor, enrolment_id) for enrolment_id in ids]
    return [valid_one(session, held.enrolment.id or 0) or _make(session, actor, held) for held in all_held]


def waiting_ids(session: ReadSession, cohort_id: int) -> list[int]:
    """The completed enrolments without a certificate. One that was revoked is not given again by the way."""
    return list(session.scalars(select(_Enrolment.id).where(_Enrolment.cohort_id == cohort_id, is_waiting()).order_by(_Enrolment.id)))


def is_waiting() -> Any:
    """The condition that an enrolment is completed and has neither a valid certificate nor a revoked one."""
    given = select(_Certificate.id).where(_Certificate.enrolment_id == _Enrolment.id, _Certificate.status.in_(("valid", "revoked")))
    return (_Enrolment.status == "completed") & ~given.correlate(Enrolment).exists()


@dataclass(frozen=True, slots=True)
class _Held:
    """A person and her enrolment, held until the transaction ends, and its cohort."""

    person: Person
    enrolment: Enrolment
    cohort: Cohort


def _hold(session: Session, actor: Actor, enrolment_id: int) -> _Held:
    known = session.one(Enrolment, enrolment_id)
    cohort = session.one(Cohort, known.cohort_id)
    require(actor, "certificates.issue", cohort.scope)
    person = hold_person(session, known.person_id)
    session.flush()  # before the row is read again
    return _Held(person, session.lock(Enrolment, enrolment_id), cohort)


def valid_one(session: ReadSession, enrolment_id: int) -> Certificate | None:
    """The valid certificate of an enrolment."""
    mine = select(Certificate).where(_Certificate.enrolment_id == enrolment_id, _Certificate.status == "valid")
    found: Certificate | None = session.scalars(mine.execution_options(populate_existing=True)).first()
    return found


def _make(session: Session, actor: Actor, held: _Held, on: date | None = None) -> Certificate:
    enrolment, cohort = held.enrolment, held.cohort
    if enrolment.status != "completed":
        raise NotCompleted()
    day = on or clock.now().astimezone(ZoneInfo(cohort.timezone)).date()
    programme = session.one(Programme, cohort.programme_id)
    code = numbering.free_code(session)
    serial = numbering.next_serial(session, programme, day.year)
    snapshot = gathering.gather(session, held.person, cohort, programme, serial, code, day)
    certificate = Certificate(
        serial=serial, code=code, enrolment_id=enrolment.id or 0, person_id=enrolment.person_id, cohort_id=enrolment.cohort_id,
        language=snapshot.language, snapshot=snapshot.as_json(), issued_on=day, issued_at=clock.now(), issued_by=actor.id,
    )  # fmt: skip
    session.add(certificate)
    audit.record(session, actor, "certificate.issued", "certificate", serial, None, {"enrolment": enrolment.id})
    ask_to_draw(session, certificate)
    session.emit(CertificateIssued(certificate.id or 0, enrolment.person_id, enrolment.cohort_id))
    return certificate


def ask_to_draw(session: Session, certificate: Certificate) -> None:
    """Have the document drawn by a job, unless one is about to."""
    jobs.enqueue(session, "certificates.draw", {"certificate_id": certificate.id}, dedupe=f"certificates.draw:{certificate.id}")


def issue_on_completion(session: Session, happened: EnrolmentCompleted) -> None:
    """Told when a trainee has completed a cohort: a job issues the certificate, dated today.

    A job, because whoever completes an enrolment holds its row: waiting there for the series of serials could close a circle of waiting.
    """
    day = clock.now().astimezone(ZoneInfo(session.one(Cohort, happened.cohort_id).timezone)).date()
    arguments = {"enrolment_id": happened.enrolment_id, "on": day.isoformat()}
    jobs.enqueue(session, "certificates.issue", arguments, dedupe=f"certificates.issue:{happened.enrolment_id}")


def reissue(session: Session, actor: Actor, serial: str) -> Certificate:
    """Replace a valid certificate by a new one, which says what is known today (a corrected name). Raises NotFound, Forbidden, NotValid."""
    known = by_serial(session, serial)
    held = _hold(session, actor, known.enrolment_id)
    old = session.lock(Certificate, known.id)
    if old.status != "valid":
        raise NotValid()
    old.status = "replaced"
    session.flush()
    new = _make(session, actor, held)
    old.replaced_by_id = new.id
    audit.record(
        session, actor, "certificate.replaced", "certificate", serial, {"status": "valid"}, {"status": "replaced", "by": new.serial}
    )
    return new


def revoke(session: Session, actor: Actor, serial: str, reason: str) -> Certificate:
    """Withdraw a certificate; who checks it learns that it is withdrawn, not why. Raises NotFound, Forbidden, NotValid, Invalid."""
    certificate = session.lock(Certificate, by_serial(session, serial).id)
    require(actor, "certificates.revoke", session.one(Cohort, certificate.cohort_id).scope)
    if certificate.status != "valid":
        raise NotValid()
    why = tidy(reason)
    if not why or len(why) > LONGEST_REASON:
        raise Invalid({"reason": N_("Please say why, in one or two sentences.")})
    certificate.status, certificate.revoked_at, certificate.reason = "revoked", clock.now(), why
    audit.record(session, actor, "certificate.revoked", "certificate", serial, {"status": "valid"}, {"status": "revoked"})
    session.emit(CertificateRevoked(certificate.id or 0, certificate.person_id, certificate.cohort_id))
    return certificate


def check_enrolment(session: ReadSession, cohort: Cohort, enrolment_id: int) -> None:
    """Raise NotFound for an enrolment of another cohort."""
    if session.one(Enrolment, enrolment_id).cohort_id != cohort.id:
        raise NotFound()


def by_serial(session: ReadSession, serial: str) -> Certificate:
    """The certificate with this serial, as people type it. Raises NotFound."""
    found: Sequence[Certificate] = session.scalars(select(Certificate).where(_Certificate.serial == serial.strip().upper())).all()
    if not found:
        raise NotFound(N_("There is no certificate with this serial number."))
    return found[0]
