"""Getting in by oneself: whether a cohort takes people now, and why not."""

from datetime import datetime

from lms.courses.models import Cohort
from lms.courses.queries import calling
from lms.enrollment.queries import Standing
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_, format_datetime
from lms.kernel.permissions import Actor


class NotOffered(Refused):
    """The cohort does not take people this way."""

    message = N_("This cohort fills its places in another way. Please ask the programme staff.")


class OpensLater(Refused):
    """The cohort takes people from a later moment on."""

    message = N_("This opens on {date}.")

    def __init__(self, opens_at: datetime | None, zone: str) -> None:
        super().__init__(date=format_datetime(opens_at, zone))


class HasEnded(Refused):
    """The cohort takes nobody any more."""

    message = N_("Enrolment in this cohort has closed.")


def check(actor: Actor, cohort: Cohort, method: str) -> None:
    """Raise where nobody gets into the cohort by this method now: NotOffered, OpensLater, HasEnded."""
    if cohort.enrolment_method != method or cohort.status != "published":
        raise NotOffered()
    state = calling(cohort)
    if state == "ended":
        raise HasEnded()
    if state == "soon":
        raise OpensLater(cohort.enrol_from, actor.timezone)


def way_in(cohort: Cohort, standing: Standing, left: int | None) -> str:
    """What a person who looks at a cohort can do, as one word for the screens.

    The state of the own enrolment (active, suspended, completed, failed); waiting or rejected, of the own application; else enrol, apply,
    staff (they give the places), soon, full, ended, or draft.
    """
    if standing.has_place:
        return standing.enrolment
    if standing.is_waiting:
        return "waiting"
    if standing.application == "rejected":
        return "rejected"
    if cohort.status != "published":
        return "draft" if cohort.status == "draft" else "ended"
    state = calling(cohort)
    if state != "open":
        return state
    if cohort.enrolment_method == "application":
        return "apply"
    return "full" if left == 0 else "enrol"
