"""What workers do for certificates. Every job may be repeated: what was issued, drawn or kept before is found again."""

import io
import tempfile
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from lms.certificates import exporting, filing, issuing
from lms.certificates.models import Certificate, CertificateExport
from lms.courses.models import Cohort
from lms.enrollment.enrolling import UnknownPerson
from lms.enrollment.models import Enrolment
from lms.kernel import clock, i18n
from lms.kernel.database import Origin
from lms.kernel.discarding import forget_files
from lms.kernel.i18n import _, format_size
from lms.kernel.jobs import JobRun
from lms.kernel.permissions import SYSTEM, Actor
from lms.kernel.storage import save_file

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate
_Export: Any = CertificateExport

KEPT = timedelta(days=7)
"""How long a ZIP stays: long enough to fetch it, too short to become an archive that nobody looks after."""


def issue(run: JobRun, *, enrolment_id: int, on: str) -> dict[str, Any]:
    """Issue the certificate of a trainee who has completed a cohort, and draw it. One that was revoked is not given again."""
    with run.database.transaction() as session:
        enrolment = session.get(Enrolment, enrolment_id)
        revoked = select(_Certificate.id).where(_Certificate.enrolment_id == enrolment_id, _Certificate.status == "revoked")
        if enrolment is None or enrolment.status != "completed" or session.scalar(revoked.limit(1)) is not None:
            return {"serial": None}
        try:
            certificate = issuing.issue(session, SYSTEM, enrolment_id, on=date.fromisoformat(on))
        except UnknownPerson:  # forgotten in the meantime
            return {"serial": None}
    filing.document_of(run.database, run.storage, certificate.id or 0)
    return {"serial": certificate.serial}


def draw(run: JobRun, *, certificate_id: int) -> None:
    """Draw the document of a certificate, unless it is there."""
    filing.document_of(run.database, run.storage, certificate_id)


def issue_cohort(run: JobRun, *, cohort_id: int, by: int | None, locale: str) -> dict[str, Any]:
    """Issue and draw what a cohort waits for, one certificate after the other. Who asked was allowed to when asking."""
    actor = Actor(id=by, name="", unlimited=True)
    with run.database.reading() as reading:
        waiting = issuing.waiting_ids(reading, cohort_id)
        code = reading.one(Cohort, cohort_id).code
    with i18n.using(locale):
        for number, enrolment_id in enumerate(waiting):
            run.progress(number, len(waiting), _("{done} of {total} certificates").format(done=number, total=len(waiting)))
            _issue_one(run, actor, enrolment_id)
        run.progress(len(waiting), len(waiting))
        return {"url": f"/staff/cohorts/{code}/certificates", "label": _("See the certificates"), "issued": len(waiting)}


def _issue_one(run: JobRun, actor: Actor, enrolment_id: int) -> None:
    try:
        with run.database.transaction(Origin(actor.id)) as session:
            certificate = issuing.issue(session, actor, enrolment_id)
    except (UnknownPerson, issuing.NotCompleted):  # forgotten, or taken back, in the meantime
        return
    filing.document_of(run.database, run.storage, certificate.id or 0)


def export(run: JobRun, *, cohort_id: int, by: int | None, locale: str) -> None:
    """Pack a cohort's certificates. The ZIP is kept in the transaction that ends the job: there is one, however often the job was begun."""

    def follow(done: int, total: int) -> None:
        run.progress(done, total, _("{done} of {total} certificates").format(done=done, total=total))

    with i18n.using(locale), tempfile.TemporaryFile() as packed:
        exporting.write_zip(run.database, run.storage, cohort_id, packed, follow)
        size = format_size(packed.seek(0, io.SEEK_END))
        packed.seek(0)
        with run.database.transaction(Origin(by)) as session:
            cohort = session.one(Cohort, cohort_id)
            url = f"/staff/cohorts/{cohort.code}/certificates/exports/{run.job_id}"
            run.finish(
                session, {"url": url, "label": _("Download the ZIP ({size})").format(size=size)}
            )  # first: who lost the job writes nothing
            name = _("Certificates {cohort}").format(cohort=cohort.code)
            file = save_file(session, run.storage, packed, f"{name}.zip", "application/zip", by)
            session.add(CertificateExport(job_id=run.job_id, cohort_id=cohort_id, file_id=file.id or 0, made_at=clock.now()))


def tidy_exports(run: JobRun) -> dict[str, Any]:
    """Forget the ZIPs that were made a while ago."""
    with run.database.transaction() as session:
        keys = exporting.forget(session, _Export.made_at < clock.now() - KEPT)
    forget_files(run, keys=keys)
    return {"forgotten": len(keys)}
