"""Finding enrolments and applications, each for somebody who may: whatever loads an object authorises it."""

from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.courses import loading
from lms.courses.models import Cohort
from lms.enrollment.models import Application, Enrolment
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import NotFound
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Application: Any = Application
_Person: Any = Person


def load_public(session: ReadSession, me: Actor, code: str) -> Cohort:
    """A cohort that this person may look at. Raises NotFound."""
    cohort = loading.cohort_by_code(session, code)
    if cohort.status == "draft" and not loading.looks_after(me, cohort):
        raise NotFound()
    return cohort


def load_enrolment(session: ReadSession, me: Actor, enrolment_id: int, permission: str = "enrollment.view") -> Enrolment:
    """An enrolment: one's own, or one of a cohort where the permission holds. Raises NotFound, Forbidden."""
    enrolment = session.one(Enrolment, enrolment_id)
    _check(session, me, enrolment, permission)
    return enrolment


def load_application(session: ReadSession, me: Actor, code: str, permission: str = "enrollment.select") -> Application:
    """An application: one's own, or one to a cohort where the permission holds. Raises NotFound, Forbidden."""
    application: Application | None = session.scalars(select(Application).where(_Application.code == code)).first()
    if application is None:
        raise NotFound()
    _check(session, me, application, permission)
    return application


def _check(session: ReadSession, me: Actor, row: Enrolment | Application, permission: str) -> None:
    if me.id is None or row.person_id != me.id:
        loading.check(me, permission, session.one(Cohort, row.cohort_id).scope, *loading.MEMBERSHIPS)


def hold(session: Session, row: Enrolment | Application) -> None:
    """Hold a row against others until the transaction ends: after the person and the cohort, as every service here does."""
    session.execute(select(_Person.id).where(_Person.id == row.person_id).with_for_update(read=True, key_share=True))
    session.lock(Cohort, row.cohort_id)
    session.lock(type(row), row.id)
