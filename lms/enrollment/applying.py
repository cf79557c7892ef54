"""Applications: an answer to a cohort's question, which staff accept or reject."""

from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.courses.models import Cohort
from lms.enrollment import enrolling, entering, telling
from lms.enrollment.enrolling import AlreadyEnrolled
from lms.enrollment.events import ApplicationDecided, ApplicationSubmitted
from lms.enrollment.models import Application, Enrolment
from lms.kernel import audit, clock
from lms.kernel.database import Session
from lms.kernel.errors import Invalid, NotFound, Refused, SignInNeeded
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, require
from lms.kernel.text import random_code, tidy_lines

# SQLModel types a column as its value; in a statement it is a column.
_Application: Any = Application
_Enrolment: Any = Enrolment

MOVES: dict[str, tuple[str, ...]] = {
    "submitted": ("shortlisted", "waitlisted", "accepted", "rejected", "withdrawn"),
    "shortlisted": ("waitlisted", "accepted", "rejected", "withdrawn"),
    "waitlisted": ("shortlisted", "accepted", "rejected", "withdrawn"),
    "rejected": ("accepted",),  # a place has become free after all
    "accepted": (),
    "withdrawn": (),
}
ANSWER_LENGTH = 10_000
"""Characters."""


class AlreadyApplied(Refused):
    """There is an application of this person already."""

    message = N_("We have your application to this cohort already.")


class AlreadyDecided(Refused):
    """Somebody was faster, or the applicant has withdrawn."""

    message = N_("This application has been decided or withdrawn in the meantime.")


def apply(session: Session, actor: Actor, cohort: Cohort, answer: str) -> Application:
    """Apply to a cohort that asks for it; who had withdrawn may apply again. Every place being taken is no reason not to.

    Raises SignInNeeded, NotOffered, OpensLater, HasEnded, Invalid, AlreadyEnrolled, AlreadyApplied.
    """
    if actor.id is None:
        raise SignInNeeded()
    entering.check(actor, cohort, "application")
    answer = _checked(cohort, answer)
    person = enrolling.hold_person(session, actor.id)
    cohort_id = cohort.id or 0
    _check_not_enrolled(session, cohort_id, actor.id)
    application = _submit(session, cohort_id, actor.id, answer)
    telling.received(session, cohort, person, answer)
    session.emit(ApplicationSubmitted(application.id or 0, actor.id, cohort_id))
    return application


def _checked(cohort: Cohort, answer: str) -> str:
    answer = tidy_lines(answer)
    if cohort.question and not answer:
        raise Invalid({"answer": N_("Please write an answer: it is what staff choose by.")})
    if len(answer) > ANSWER_LENGTH:
        raise Invalid({"answer": N_("At most {max_length} characters.").format(max_length=ANSWER_LENGTH)})
    return answer


def _check_not_enrolled(session: Session, cohort_id: int, person_id: int) -> None:
    mine = (_Enrolment.cohort_id == cohort_id, _Enrolment.person_id == person_id, _Enrolment.status != "withdrawn")
    if session.scalar(select(_Enrolment.id).where(*mine)) is not None:
        raise AlreadyEnrolled()


def _submit(session: Session, cohort_id: int, person_id: int, answer: str) -> Application:
    key = {"cohort_id": cohort_id, "person_id": person_id}
    fresh = {"answer": answer, "status": "submitted", "submitted_at": clock.now(), "decision_note": ""}
    is_new = session.insert_new(Application, code=random_code(), **key, **fresh)
    mine = select(Application).where(_Application.cohort_id == cohort_id, _Application.person_id == person_id)
    application: Application = session.scalars(mine.with_for_update().execution_options(populate_existing=True)).one()
    if is_new:
        return application
    # An accepted one of somebody without a place: the place was given up since.
    if application.status not in ("withdrawn", "accepted"):
        raise AlreadyApplied()
    for name, value in fresh.items():
        setattr(application, name, value)
    application.decided_at = application.decided_by = None
    session.flush()
    return application


def withdraw_application(session: Session, actor: Actor, application_id: int) -> Application:
    """Take an application back that waits: one's own, or anybody's with enrollment.select. Raises NotFound, Forbidden, AlreadyDecided."""
    known = session.one(Application, application_id)
    cohort = session.lock(Cohort, known.cohort_id)
    if actor.id != known.person_id:
        require(actor, "enrollment.select", cohort.scope)
    application = session.lock(Application, application_id)
    _move(session, actor, application, "withdrawn")
    return application


def accept(session: Session, actor: Actor, application_id: int, note: str = "") -> Enrolment:
    """Accept an application and give the applicant a place, with a mail that holds the note.

    Raises NotFound, Forbidden, AlreadyDecided, AlreadyEnrolled, NoPlaceLeft; a guard of `enrollment.enrol` may refuse.
    """
    known = session.one(Application, application_id)
    require(actor, "enrollment.select", session.one(Cohort, known.cohort_id).scope)
    person = enrolling.hold_person(session, known.person_id)
    cohort = session.lock(Cohort, known.cohort_id)
    application = session.lock(Application, application_id)
    _decide(session, actor, application, "accepted", note)
    enrolment = enrolling.seat(session, actor, cohort, known.person_id, "application")
    telling.accepted(session, cohort, person, application.decision_note)
    return enrolment


def reject(session: Session, actor: Actor, application_id: int, note: str = "") -> Application:
    """Reject an application, with a mail that holds the note. Raises NotFound, Forbidden, AlreadyDecided."""
    known = session.one(Application, application_id)
    # The cohort first, as everywhere: a second update of a row asks for its cohort, too late for one order of locks.
    cohort = session.lock(Cohort, known.cohort_id)
    require(actor, "enrollment.select", cohort.scope)
    application = session.lock(Application, application_id)
    _decide(session, actor, application, "rejected", note)
    if person := session.get(Person, application.person_id):
        telling.rejected(session, cohort, person, application.decision_note)
    return application


def sort(session: Session, actor: Actor, application_id: int, status: str) -> Application:
    """Put an application that waits on the shortlist or the waiting list: it still waits, and nobody is told.

    Raises NotFound, Forbidden, AlreadyDecided.
    """
    known = session.one(Application, application_id)
    cohort = session.lock(Cohort, known.cohort_id)
    require(actor, "enrollment.select", cohort.scope)
    application = session.lock(Application, application_id)
    if status not in ("shortlisted", "waitlisted"):
        raise AlreadyDecided()
    _move(session, actor, application, status)
    return application


def of_cohort(session: Session, cohort: Cohort, application_id: int) -> Application:
    """An application to exactly this cohort. Raises NotFound."""
    application = session.one(Application, application_id)
    if application.cohort_id != cohort.id:
        raise NotFound()
    return application


def _decide(session: Session, actor: Actor, application: Application, status: str, note: str) -> None:
    _move(session, actor, application, status, decided_at=clock.now(), decided_by=actor.id, decision_note=note.strip())
    session.emit(ApplicationDecided(application.id or 0, application.person_id, application.cohort_id, status))


def _move(session: Session, actor: Actor, application: Application, status: str, **decision: Any) -> None:
    before = application.status
    if status not in MOVES[before]:
        raise AlreadyDecided()
    for name, value in {"status": status, **decision}.items():
        setattr(application, name, value)
    session.flush()
    # Neither answer nor note: the log cannot be altered, and both must go when the person is erased.
    audit.record(session, actor, f"application.{status}", "application", application.id, {"status": before}, {"status": status})
