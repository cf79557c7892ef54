"""What enrolments tell calendars: when the calls close that a person has applied to."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from lms.courses.models import Cohort
from lms.enrollment.models import OPEN_APPLICATION_STATES, Application
from lms.kernel.database import ReadSession, UtcDateTime
from lms.kernel.dates import Dated
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Application: Any = Application
_Cohort: Any = Cohort

# Built once: putting a statement together costs more than running it.
_CLOSINGS: Any = (
    select(_Cohort.id, _Cohort.code, _Cohort.title, _Cohort.enrol_until, _Cohort.version)
    .join(Application, _Application.cohort_id == _Cohort.id)
    .where(
        _Application.person_id == bindparam("person_id"),
        _Application.status.in_(OPEN_APPLICATION_STATES),
        _Cohort.status == "published",
        _Cohort.enrol_until >= bindparam("since", type_=UtcDateTime()),
        _Cohort.enrol_until < bindparam("until", type_=UtcDateTime()),
    )
    .order_by(_Cohort.id)
)


def dates_of(session: ReadSession, me: Actor, since: datetime, until: datetime) -> list[Dated]:
    """The calls whose decision this person waits for. One query."""
    rows: Any = session.rows(_CLOSINGS, {"person_id": me.id, "since": since, "until": until})
    return [
        Dated(f"call-{row.id}", N_("Applications close"), row.title, row.enrol_until, f"/apply/{row.code}", row.title, version=row.version)
        for row in rows
    ]
