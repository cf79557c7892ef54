"""Asking for work on all certificates of a cohort, which a job does."""

from lms.courses.models import Cohort
from lms.kernel import audit, i18n, jobs
from lms.kernel.database import Session
from lms.kernel.i18n import _
from lms.kernel.permissions import Actor, require


def request_issue(session: Session, actor: Actor, cohort: Cohort) -> int:
    """Have every certificate issued and drawn that the cohort waits for. Answers the job: one at a time for a cohort. Raises Forbidden."""
    require(actor, "certificates.issue", cohort.scope)
    title = _("Issuing certificates: {cohort}").format(cohort=cohort.title)
    return _request(session, actor, cohort, "certificates.issue_cohort", title, f"certificates.issue_cohort:{cohort.id}")


def request_export(session: Session, actor: Actor, cohort: Cohort) -> int:
    """Have the valid certificates of the cohort packed into a ZIP. Answers the job: one at a time for a person. Raises Forbidden."""
    require(actor, "certificates.view", cohort.scope)
    audit.record(session, actor, "certificates.exported", "cohort", cohort.id)
    title = _("Certificates as a ZIP: {cohort}").format(cohort=cohort.title)
    return _request(session, actor, cohort, "certificates.export", title, f"certificates.export:{cohort.id}:{actor.id}")


def _request(session: Session, actor: Actor, cohort: Cohort, name: str, title: str, dedupe: str) -> int:
    arguments = {"cohort_id": cohort.id, "by": actor.id, "locale": i18n.locale()}
    return jobs.enqueue(session, name, arguments, by=actor.id, title=title, dedupe=dedupe)
