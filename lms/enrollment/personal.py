"""What enrolments and applications hold about a person: taken along, or forgotten while the counts stay."""

from typing import Any

from sqlalchemy import select, update

from lms.courses.models import Cohort
from lms.enrollment.models import OPEN_APPLICATION_STATES, Application, Enrolment
from lms.kernel.database import ReadSession, Session

# SQLModel types a column as its value; in a statement it is a column.
_Application: Any = Application
_Enrolment: Any = Enrolment
_Cohort: Any = Cohort


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """The person's enrolments and applications, with the answers."""
    enrolments = (_Enrolment.status, _Enrolment.method, _Enrolment.enrolled_at, _Enrolment.completed_at, _Enrolment.withdrawn_at)
    applications = (
        _Application.answer,
        _Application.status,
        _Application.submitted_at,
        _Application.decided_at,
        _Application.decision_note,
    )
    return {
        "enrolments": _rows(session, _Enrolment, enrolments, person_id),
        "applications": _rows(session, _Application, applications, person_id),
    }


def _rows(session: ReadSession, table: Any, columns: tuple[Any, ...], person_id: int) -> list[dict[str, Any]]:
    mine = select(_Cohort.code.label("cohort"), *columns).join(Cohort, _Cohort.id == table.cohort_id).where(table.person_id == person_id)
    return [dict(row._mapping) for row in session.execute(mine.order_by(table.id))]


def erase(session: Session, person_id: int) -> None:
    """Forget what the person wrote and what was written to her. Enrolments and decisions stay: past counts stand on them."""
    mine = _Application.person_id == person_id
    session.execute(update(Application).where(mine).values(answer="", decision_note=""))
    session.execute(update(Application).where(mine, _Application.status.in_(OPEN_APPLICATION_STATES)).values(status="withdrawn"))
