"""Finding certificates, each for somebody who may: whatever loads one authorises it."""

from typing import Any

from sqlalchemy import select

from lms.certificates.models import Certificate
from lms.certificates.numbering import grouped
from lms.courses.models import Cohort
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate


def load_certificate(session: ReadSession, me: Actor, code: str) -> Certificate:
    """The certificate with this code: a valid one for its owner, any for staff of its cohort. Raises NotFound."""
    found = _by_code(session, code)
    is_staff = me.can("certificates.view", session.one(Cohort, found.cohort_id).scope)
    if is_staff or (me.id is not None and found.person_id == me.id and found.status == "valid"):
        return found
    raise NotFound()


def load_of_cohort(session: ReadSession, cohort: Cohort, code: str) -> Certificate:
    """A certificate of this cohort, whose caller has checked the permission there. Raises NotFound."""
    found = _by_code(session, code)
    if found.cohort_id != cohort.id:
        raise NotFound()
    return found


def _by_code(session: ReadSession, code: str) -> Certificate:
    known = select(Certificate).where(_Certificate.code == grouped(code), _Certificate.erased_at.is_(None))
    found: Certificate | None = session.scalars(known).first()
    if found is None:
        raise NotFound()
    return found
