"""Mails about places and applications, each in the reader's language."""

from contextlib import suppress
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Account, Person
from lms.courses.models import Cohort
from lms.kernel import clock, mail
from lms.kernel.database import Session
from lms.kernel.errors import Invalid

# SQLModel types a column as its value; in a statement it is a column.
_Account: Any = Account


def enrolled(session: Session, cohort: Cohort, person: Person) -> None:
    """Tell somebody of the place. Nothing is said of cohorts that nobody can see yet, or that are over: those are put in afterwards."""
    if cohort.is_running:
        _send(session, "enrolled", cohort, person, **_entry(session, person))


def received(session: Session, cohort: Cohort, person: Person, answer: str) -> None:
    """Confirm an application."""
    _send(session, "received", cohort, person, answer=answer)


def accepted(session: Session, cohort: Cohort, person: Person, note: str) -> None:
    """Tell an applicant of the place."""
    _send(session, "accepted", cohort, person, note=note, **_entry(session, person))


def rejected(session: Session, cohort: Cohort, person: Person, note: str) -> None:
    """Tell an applicant that there is no place."""
    _send(session, "rejected", cohort, person, note=note)


def _entry(session: Session, person: Person) -> dict[str, Any]:
    known = select(_Account.person_id).where(_Account.person_id == person.id, _Account.password_hash.is_not(None))
    return {"has_password": session.scalar(known) is not None, "today": clock.today()}


def _send(session: Session, template: str, cohort: Cohort, person: Person, **context: Any) -> None:
    if not person.email:
        return
    # An address that mail cannot be sent to must not cost the person the place.
    with suppress(Invalid):
        mail.send(session, person.email, f"enrollment/mail/{template}", person.language, reader=person.name, cohort=cohort, **context)
