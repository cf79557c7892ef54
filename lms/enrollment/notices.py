"""What is news to people about their places and applications."""

from collections.abc import Iterator

from lms.courses.models import Cohort
from lms.enrollment.events import ApplicationDecided, Enrolled, EnrolmentWithdrawn
from lms.enrollment.models import Application, Enrolment
from lms.kernel.database import Session
from lms.kernel.i18n import N_
from lms.kernel.notices import News, Notice


def _of_place(session: Session, happened: Enrolled) -> Iterator[News]:
    """A place that somebody else gave, also after an application: that it was accepted is the same news."""
    enrolment, cohort = session.one(Enrolment, happened.enrolment_id), session.one(Cohort, happened.cohort_id)
    if enrolment.method != "self" and cohort.is_running:
        key = f"{enrolment.id}:{enrolment.enrolled_at.isoformat()}"
        yield News(happened.person_id, key, f"/learn/{cohort.code}", {"cohort": cohort.title})


def _of_rejection(session: Session, happened: ApplicationDecided) -> Iterator[News]:
    application, cohort = session.one(Application, happened.application_id), session.one(Cohort, happened.cohort_id)
    if happened.status == "rejected" and application.decided_at:
        key = f"{application.id}:{application.decided_at.isoformat()}"
        yield News(happened.person_id, key, f"/apply/{cohort.code}", {"cohort": cohort.title})


def _of_loss(session: Session, happened: EnrolmentWithdrawn) -> Iterator[News]:
    enrolment, cohort = session.one(Enrolment, happened.enrolment_id), session.one(Cohort, happened.cohort_id)
    if session.origin.actor_id != happened.person_id and enrolment.withdrawn_at:
        key = f"{enrolment.id}:{enrolment.withdrawn_at.isoformat()}"
        yield News(happened.person_id, key, f"/cohorts/{cohort.code}", {"cohort": cohort.title})


NOTICES = (
    Notice("enrollment.place", Enrolled, N_("You have a place in “{cohort}”."), _of_place),
    Notice("enrollment.rejected", ApplicationDecided, N_("Your application to “{cohort}” was not accepted."), _of_rejection),
    Notice("enrollment.place_lost", EnrolmentWithdrawn, N_("You no longer have a place in “{cohort}”."), _of_loss),
)
