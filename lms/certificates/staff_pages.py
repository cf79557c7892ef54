"""Pages of staff: the certificates of a cohort."""

from typing import Any

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from lms.accounts.models import Programme
from lms.certificates import issuing, loading, queries, requesting
from lms.certificates.gathering import language_for
from lms.certificates.models import CertificateExport
from lms.certificates.titles import BADGES, STATUS_TITLES
from lms.courses.cohorts import tutor_ids
from lms.courses.loading import load_cohort
from lms.courses.models import Cohort, Course
from lms.courses.queries import region_ids
from lms.kernel import jobs
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.i18n import _
from lms.kernel.permissions import Actor
from lms.kernel.storage import StoredFile, download
from lms.kernel.web import Form, Here, Id, Me, Read, Router, Write, page, redirect, redisplay

pages = Router()
_Export: Any = CertificateExport


@pages.get("/staff/cohorts/{code}/certificates", permission="certificates.view")
def certificates_page(request: Request, code: str, me: Me, session: Read, after: str = "") -> Response:
    """Who completed the cohort, and the state of each certificate."""
    cohort = load_cohort(session, me, code, "certificates.view")
    return page(request, "certificates/cohort.html", **_context(session, me, cohort, after))


def _context(session: ReadSession, me: Actor, cohort: Cohort, after: str = "") -> dict[str, Any]:
    lines, following = queries.cohort_lines(session, cohort.id or 0, after)
    base = f"/staff/cohorts/{cohort.code}/certificates"
    return {
        "cohort": cohort, "base": base, "lines": lines, "counts": queries.counts(session, cohort.id or 0), "titles": STATUS_TITLES,
        "badges": BADGES, "next_url": f"{base}?after={following}" if following else None,
        "may_issue": me.can("certificates.issue", cohort.scope), "may_revoke": me.can("certificates.revoke", cohort.scope),
    }  # fmt: skip


@pages.get("/staff/cohorts/{code}/certificates/issue", permission="certificates.issue")
def preview_page(request: Request, code: str, me: Me, session: Read, after: str = "") -> Response:
    """Who would get a certificate now, in what name, and what will be missing on it."""
    cohort = load_cohort(session, me, code, "certificates.issue")
    lines, following = queries.cohort_lines(session, cohort.id or 0, after, only_waiting=True)
    base = f"/staff/cohorts/{cohort.code}/certificates"
    programme = session.one(Programme, cohort.programme_id)
    return page(
        request, "certificates/preview.html", cohort=cohort, base=base, lines=lines, counts=queries.counts(session, cohort.id or 0),
        missing=_missing(session, cohort, programme), languages={line.enrolment_id: language_for(line.language, cohort) for line in lines},
        may_edit=me.can("accounts.edit_programme", cohort.scope), next_url=f"{base}/issue?after={following}" if following else None,
    )  # fmt: skip


def _missing(session: ReadSession, cohort: Cohort, programme: Programme) -> list[str]:
    """What the certificates of this cohort cannot say, in words."""
    there = {
        _("the programme's signatory"): programme.signatory,
        _("the dates of the cohort"): cohort.starts_on and cohort.ends_on,
        _("the hours of the course"): session.one(Course, cohort.course_id).hours,
        _("the region"): region_ids(session, cohort.id or 0),
        _("the tutors"): tutor_ids(session, cohort.id or 0),
        _("a logo"): programme.logo_file_id,
    }
    return [words for words, value in there.items() if not value]


@pages.post("/staff/cohorts/{code}/certificates/issue", permission="certificates.issue")
def issue(request: Request, code: str, me: Me, session: Write) -> Response:
    """Start issuing to everybody who waits."""
    cohort = load_cohort(session, me, code, "certificates.issue")
    return _follow(request, session, me, cohort, requesting.request_issue(session, me, cohort))


@pages.post("/staff/cohorts/{code}/certificates/export", permission="certificates.view")
def export(request: Request, code: str, me: Me, session: Write) -> Response:
    """Start packing a ZIP."""
    cohort = load_cohort(session, me, code, "certificates.view")
    return _follow(request, session, me, cohort, requesting.request_export(session, me, cohort))


def _follow(request: Request, session: ReadSession, me: Actor, cohort: Cohort, job_id: int) -> Response:
    job = jobs.status(session, job_id)
    if job and job.is_visible_to(me):
        return redirect(request, f"/jobs/{job_id}")
    return redirect(request, f"/staff/cohorts/{cohort.code}/certificates", _("Somebody else has just started this."), "wait")


@pages.get("/staff/cohorts/{code}/certificates/exports/{job_id}", permission="certificates.view")
def exported_file(code: str, job_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """A ZIP that was packed, for the person who asked for it, while she looks after the cohort."""
    cohort = load_cohort(session, me, code, "certificates.view")
    jobs.status_for(session, me, job_id)
    mine = select(_Export.file_id).where(_Export.job_id == job_id, _Export.cohort_id == cohort.id)
    file = session.get(StoredFile, session.scalar(mine) or 0)
    if file is None:
        raise NotFound(_("This ZIP is not kept any more. Please pack a new one."))
    return download(campus.storage, file)


@pages.post("/staff/cohorts/{code}/certificates/{certificate}/revoke", permission="certificates.revoke")
def revoke(request: Request, code: str, certificate: str, me: Me, session: Write, form: Form) -> Response:
    """Withdraw a certificate, with a reason."""
    cohort = load_cohort(session, me, code, "certificates.revoke")
    serial = loading.load_of_cohort(session, cohort, certificate).serial
    with redisplay(request, "certificates/cohort.html", form, **_context(session, me, cohort)):
        issuing.revoke(session, me, serial, form.get("reason"))
    return redirect(request, f"/staff/cohorts/{code}/certificates", _("The certificate is revoked: whoever checks it is told so."))


@pages.post("/staff/cohorts/{code}/certificates/{certificate}/reissue", permission="certificates.issue")
def reissue(request: Request, code: str, certificate: str, me: Me, session: Write) -> Response:
    """Replace a certificate by a new one with the present name."""
    cohort = load_cohort(session, me, code, "certificates.issue")
    new = issuing.reissue(session, me, loading.load_of_cohort(session, cohort, certificate).serial)
    message = _("The new certificate has the number {serial}; the old one says that it was replaced.").format(serial=new.serial)
    return redirect(request, f"/staff/cohorts/{code}/certificates", message)


@pages.post("/staff/cohorts/{code}/certificates/{enrolment_id}/issue", permission="certificates.issue")
def issue_one(request: Request, code: str, enrolment_id: Id, me: Me, session: Write) -> Response:
    """Issue one certificate: also to somebody whose earlier one was withdrawn."""
    cohort = load_cohort(session, me, code, "certificates.issue")
    issuing.check_enrolment(session, cohort, enrolment_id)
    certificate = issuing.issue(session, me, enrolment_id)
    message = _("Issued with the number {serial}; the document is being drawn.").format(serial=certificate.serial)
    return redirect(request, f"/staff/cohorts/{code}/certificates", message)
