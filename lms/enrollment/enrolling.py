"""Enrolments: giving a place, taking it back, and how a trainee stands.

Locks are taken in one order, so that nobody waits in a circle: the person, the cohort, then the person's application and enrolment.
"""

from typing import Any

from sqlalchemy import select, update

from lms.accounts import roles
from lms.accounts.models import Person
from lms.courses.completion import progress
from lms.courses.events import CohortCompleted
from lms.courses.models import Cohort
from lms.enrollment import entering, places, telling
from lms.enrollment.events import ApplicationDecided, Enrolled, EnrolmentCompleted, EnrolmentWithdrawn
from lms.enrollment.models import OPEN_APPLICATION_STATES, Application, Enrolment
from lms.enrollment.places import PlaceWanted
from lms.enrollment.queries import enrolment_of
from lms.kernel import audit, clock
from lms.kernel.database import Session
from lms.kernel.errors import NotFound, Refused, SignInNeeded, WrongMove
from lms.kernel.i18n import N_
from lms.kernel.permissions import SYSTEM, Actor, require

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Application: Any = Application
_Person: Any = Person
_Cohort: Any = Cohort

# Withdrawing and coming back change the places, and have functions of their own.
MOVES: dict[str, tuple[str, ...]] = {
    "active": ("suspended", "completed", "failed"),
    "suspended": ("active", "failed"),
    "completed": ("active",),
    "failed": ("active", "completed"),
    "withdrawn": (),
}
LEARNING = ("active", "completed", "failed")
"""States in which a trainee holds the role: also later, to read again."""


class AlreadyEnrolled(Refused):
    """The person has a place in this cohort."""

    message = N_("Already enrolled in this cohort.")


class UnknownPerson(NotFound):
    """There is no such person, or not any more."""

    message = N_("There is no such person.")


class NotWithdrawable(Refused):
    """Only an enrolment that is under way can be given up by the trainee."""

    message = N_("This place cannot be given back here. Please write to the programme staff.")


def enrol(session: Session, actor: Actor, cohort: Cohort, person_id: int, *, method: str = "staff") -> Enrolment:
    """Give a person a place, whatever the cohort's dates: staff also write down what was.

    Raises Forbidden, UnknownPerson, AlreadyEnrolled, NoPlaceLeft; a guard may refuse.
    """
    require(actor, "enrollment.enrol", cohort.scope)
    person = hold_person(session, person_id)
    held = session.lock(Cohort, cohort.id)
    enrolment = seat(session, actor, held, person_id, method)
    telling.enrolled(session, held, person)
    return enrolment


def enrol_self(session: Session, actor: Actor, cohort: Cohort) -> Enrolment:
    """Take a place in a cohort that lets people in by themselves.

    Raises SignInNeeded, NotOffered, OpensLater, HasEnded, AlreadyEnrolled, NoPlaceLeft; a guard may refuse.
    """
    if actor.id is None:
        raise SignInNeeded()
    person = hold_person(session, actor.id)
    held = session.lock(Cohort, cohort.id)
    entering.check(actor, held, "self")
    enrolment = seat(session, actor, held, actor.id, "self")
    telling.enrolled(session, held, person)
    return enrolment


def hold_person(session: Session, person_id: int) -> Person:
    """The person, who cannot be erased until the transaction ends. Raises UnknownPerson."""
    mine = select(Person).where(_Person.id == person_id, _Person.erased_at.is_(None))
    # KEY SHARE: others may change the profile, or enrol the same person elsewhere, at the same moment.
    person: Person | None = session.scalars(mine.with_for_update(read=True, key_share=True)).first()
    if person is None:
        raise UnknownPerson()
    return person


def seat(session: Session, actor: Actor, cohort: Cohort, person_id: int, method: str) -> Enrolment:
    """Give a place in a cohort whose row is held; who had withdrawn keeps the row and gets a new place.

    Checks no permission: the callers do. Raises AlreadyEnrolled, NoPlaceLeft; a guard may refuse.
    """
    cohort_id, now = cohort.id or 0, clock.now()
    enrolment = _find(session, cohort_id, person_id)
    if enrolment and enrolment.status != "withdrawn":
        raise AlreadyEnrolled()
    session.guard("enrollment.enrol", PlaceWanted(cohort, person_id, method))
    place = places.free_number(session, cohort)
    if enrolment is None:
        enrolment = Enrolment(cohort_id=cohort_id, person_id=person_id, method=method, place=place, enrolled_at=now)
    else:
        enrolment.status, enrolment.method, enrolment.place, enrolment.enrolled_at = "active", method, place, now
        enrolment.completed_at = enrolment.withdrawn_at = None
    session.add(enrolment)
    _settle_application(session, actor, cohort_id, person_id)
    roles.give(session, actor, person_id, "trainee", "cohort", cohort_id)
    audit.record(session, actor, "enrolment.made", "enrolment", enrolment.id, None, {"person": person_id, "method": method})
    session.emit(Enrolled(enrolment.id or 0, person_id, cohort_id))
    return enrolment


def _find(session: Session, cohort_id: int, person_id: int) -> Enrolment | None:
    mine = select(Enrolment).where(_Enrolment.cohort_id == cohort_id, _Enrolment.person_id == person_id)
    found: Enrolment | None = session.scalars(mine.with_for_update().execution_options(populate_existing=True)).first()
    return found


def _settle_application(session: Session, actor: Actor, cohort_id: int, person_id: int) -> None:
    """An application that still waits is accepted by the place itself, however that was given."""
    waiting = (_Application.cohort_id == cohort_id, _Application.person_id == person_id, _Application.status.in_(OPEN_APPLICATION_STATES))
    settled = (
        update(Application)
        .where(*waiting)
        .values(status="accepted", decided_at=clock.now(), decided_by=actor.id)
        .returning(_Application.id)
    )
    for application_id in list(session.scalars(settled)):
        session.emit(ApplicationDecided(application_id, person_id, cohort_id, "accepted"))


def withdraw(session: Session, actor: Actor, enrolment_id: int) -> Enrolment:
    """Give the place back: one's own while the cohort runs, or anybody's with enrollment.enrol. The role goes with it.

    Raises NotFound, Forbidden, WrongMove, NotWithdrawable.
    """
    known = session.one(Enrolment, enrolment_id)
    cohort = session.lock(Cohort, known.cohort_id)
    is_staff = actor.can("enrollment.enrol", cohort.scope)
    if actor.id != known.person_id:
        require(actor, "enrollment.enrol", cohort.scope)
    enrolment = session.lock(Enrolment, enrolment_id)
    if not is_staff:
        _check_own(cohort, enrolment)
    if enrolment.status not in ("active", "suspended", "failed"):
        raise WrongMove()
    before, enrolment.status, enrolment.place, enrolment.withdrawn_at = enrolment.status, "withdrawn", None, clock.now()
    session.flush()
    roles.take(session, actor, enrolment.person_id, "trainee", "cohort", enrolment.cohort_id)
    audit.record(session, actor, "enrolment.withdrawn", "enrolment", enrolment_id, {"status": before}, {"status": "withdrawn"})
    session.emit(EnrolmentWithdrawn(enrolment_id, enrolment.person_id, enrolment.cohort_id))
    return enrolment


def _check_own(cohort: Cohort, enrolment: Enrolment) -> None:
    # Who is suspended must not come back in by leaving and enrolling again.
    if enrolment.status != "active" or not cohort.is_running:
        raise NotWithdrawable()


def set_status(session: Session, actor: Actor, enrolment_id: int, status: str) -> Enrolment:
    """Suspend, reactivate, complete, fail or withdraw an enrolment. Raises NotFound, Forbidden, WrongMove; a guard may refuse."""
    known = _require_staff(session, actor, enrolment_id)
    if status == "withdrawn":
        return withdraw(session, actor, enrolment_id)
    enrolment = _hold(session, known.cohort_id, known.person_id)
    was_suspended = enrolment.status == "suspended"
    _move(session, actor, enrolment, status)
    if was_suspended and status == "active":
        _count_what_was_done(session, enrolment)
    return enrolment


def _count_what_was_done(session: Session, enrolment: Enrolment) -> None:
    """Work that was marked during a suspension counts when that ends."""
    done, total = progress(session, enrolment.person_id, [enrolment.cohort_id])[enrolment.cohort_id]
    if done == total > 0:
        _move(session, SYSTEM, enrolment, "completed")


def complete(session: Session, actor: Actor, enrolment_id: int) -> Enrolment:
    """Note that the cohort is completed; a second time changes nothing. Raises NotFound, Forbidden, WrongMove; a guard may refuse."""
    known = _require_staff(session, actor, enrolment_id)
    enrolment = _hold(session, known.cohort_id, known.person_id)
    if enrolment.status != "completed":
        _move(session, actor, enrolment, "completed")
    return enrolment


def complete_cohort(session: Session, happened: CohortCompleted) -> None:
    """Told when a person has done everything in a cohort: an active enrolment is completed."""
    if enrolment_of(session, happened.cohort_id, happened.person_id) is None:
        return  # a role given by hand
    enrolment = _hold(session, happened.cohort_id, happened.person_id)
    if enrolment.status == "active":
        _move(session, SYSTEM, enrolment, "completed")


def _require_staff(session: Session, actor: Actor, enrolment_id: int) -> Enrolment:
    known = session.one(Enrolment, enrolment_id)
    require(actor, "enrollment.enrol", session.one(Cohort, known.cohort_id).scope)
    return known


def _hold(session: Session, cohort_id: int, person_id: int) -> Enrolment:
    """The enrolment, held to change its state. Its place stays, so trainees who complete a cohort at once need not wait for each other."""
    # KEY SHARE: only whoever gives or frees places waits; and what subscribers insert for the cohort cannot be stopped by them any more.
    session.execute(select(_Cohort.id).where(_Cohort.id == cohort_id).with_for_update(read=True, key_share=True))
    enrolment = _find(session, cohort_id, person_id)
    if enrolment is None:
        raise NotFound()
    return enrolment


def _move(session: Session, actor: Actor, enrolment: Enrolment, status: str) -> None:
    before = enrolment.status
    if status not in MOVES[before]:
        raise WrongMove()
    session.guard("enrollment.set_status", (enrolment, status))
    enrolment.status = status
    enrolment.completed_at = clock.now() if status == "completed" else None
    session.flush()
    turn = roles.give if status in LEARNING else roles.take
    turn(session, actor, enrolment.person_id, "trainee", "cohort", enrolment.cohort_id)
    audit.record(session, actor, "enrolment.status", "enrolment", enrolment.id, {"status": before}, {"status": status})
    if status == "completed":
        session.emit(EnrolmentCompleted(enrolment.id or 0, enrolment.person_id, enrolment.cohort_id))
