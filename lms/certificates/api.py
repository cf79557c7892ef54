"""The JSON API of certificates."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import Query, Request
from pydantic import ConfigDict, Field, model_validator
from starlette.responses import Response

from lms.certificates import issuing, listing, loading, requesting
from lms.certificates.listing import CertificateRow, WantedCertificates
from lms.courses.loading import MEMBERSHIPS, check, load_cohort
from lms.courses.models import Cohort
from lms.enrollment.models import Enrolment
from lms.kernel import api_jobs, jobs
from lms.kernel.api import API, Body, Here, Me, Page, Paging, Read, Router, Shown, Whole, Write, made, many, one
from lms.kernel.api_naming import named_by
from lms.kernel.database import Session
from lms.kernel.errors import Conflict, NotFound
from lms.kernel.i18n import N_
from lms.kernel.permissions import SIGNED_IN, Actor
from lms.kernel.storage import StoredFile, download

api = Router(tag="Certificates")
CertificateStatus = Literal["valid", "revoked", "replaced", "expired"]
LARGEST = 2**31 - 1


class UnderWay(Conflict):
    """Somebody else has certificates of the same cohort issued at this moment."""

    title = N_("Under way already")
    message = N_("Somebody else has just started this.")


class Certificate(Shown):
    """One issued document. What is printed on it is frozen."""

    code: Annotated[str, Field(description="The verification code: whoever has it can check the certificate.", examples=["K7Q2-M9XH-4DWT"])]
    serial: Annotated[str, Field(examples=["AULA-2026-000123"])]
    status: CertificateStatus
    kind: Annotated[str, Field(examples=["completion"])]
    enrolment: Annotated[int, Field(description="Id of the enrolment.", examples=[1204])]
    person: Annotated[str, Field(description="Code of the person.", examples=["K7Q2M9XH4D"])]
    name: Annotated[str, Field(description="As printed.", examples=["Rosa Quispe"])]
    cohort: Annotated[str, Field(description="Code of the cohort.", examples=["COMM-2026-LA"])]
    course: Annotated[str, Field(description="Its title, as printed.", examples=["Influencing policy with evidence"])]
    language: Annotated[str, Field(examples=["es"])]
    issued_on: date
    issued_at: datetime
    revoked_at: datetime | None
    replaced_by: Annotated[str | None, Field(description="Code of the certificate that replaces it.", examples=[None])]
    verify_url: Annotated[str, Field(examples=["https://campus.example.org/verify/K7Q2-M9XH-4DWT"])]
    file: Annotated[
        str | None, Field(description="Address of the PDF; null until it is drawn.", examples=["/api/v1/certificates/K7Q2-M9XH-4DWT/file"])
    ]


class NewCertificate(Body):
    """Whom to give a certificate: one enrolment, or everybody of a cohort who waits for one."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["enrolment"]}, {"required": ["cohort"]}]})
    enrolment: Annotated[Whole | None, Field(ge=1, le=LARGEST, description="Id of a completed enrolment.", examples=[1204])] = None
    cohort: Annotated[str | None, Field(min_length=1, max_length=80, description="Code of a cohort.", examples=[None])] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.enrolment is None) == (self.cohort is None):
            raise ValueError("Send either enrolment or cohort.")
        return self


@api.get("/certificates", permission=SIGNED_IN, answers=Page[Certificate])
def certificates(
    request: Request,
    me: Me,
    session: Read,
    asked: Paging,
    cohort: Annotated[str, Query(max_length=80, description="Code of a cohort.", examples=["COMM-2026-LA"])] = "",
    person: Annotated[str, Query(max_length=40, description="Code of a person.", examples=["K7Q2M9XH4D"])] = "",
    enrolment: Annotated[int | None, Query(ge=1, le=LARGEST, description="Id of an enrolment.", examples=[1204])] = None,
    status: CertificateStatus | None = None,
) -> Response:
    """One's own certificates, and those of cohorts where one may see the certificates of others."""
    wanted = WantedCertificates(cohort, person, enrolment, status or "")
    rows = listing.certificates(session, me, wanted, asked.after, asked.limit + 1)
    return many(request, Certificate, asked, rows, lambda row: row.id, _shown)


@api.get("/certificates/{code}", permission=SIGNED_IN, answers=Certificate)
def certificate(request: Request, code: str, me: Me, session: Read) -> Response:
    """A certificate."""
    return one(request, _shown(listing.certificate(session, me, code)))


def _shown(row: CertificateRow) -> Certificate:
    file = f"{API}/certificates/{row.code}/file" if row.is_drawn and row.status == "valid" else None
    names = Certificate.model_fields.keys() - {"file"}
    return Certificate.model_validate({**{name: getattr(row, name) for name in names}, "file": file})


@api.get("/certificates/{code}/file", permission=SIGNED_IN, media_type="application/pdf", response_class=Response)
def certificate_file(code: str, me: Me, session: Read, campus: Here) -> Response:
    """The document as a PDF: of a valid certificate for its owner, of any for staff."""
    found = loading.load_certificate(session, me, code)
    if found.file_id is None:
        raise NotFound(N_("This document is not drawn yet. Please come back in a minute."))
    return download(campus.storage, session.one(StoredFile, found.file_id))


_ACCEPTED = {
    "description": "The certificates of the cohort are being issued: the work, whose address is in Location.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
}


@api.post("/certificates", permission="certificates.issue", answers=Certificate, openapi_extra={"responses": {"202": _ACCEPTED}})
def issue(request: Request, new: NewCertificate, me: Me, session: Write) -> Response:
    """Issue a certificate: 201 with the one that is valid now. Or those that a cohort waits for: 202 with the work."""
    if new.cohort is not None:
        return _issue_all(request, session, me, new.cohort)
    enrolment_id = new.enrolment or 0
    with named_by("enrolment"):
        cohort_id = session.one(Enrolment, enrolment_id).cohort_id
        check(me, "certificates.issue", session.one(Cohort, cohort_id).scope, *MEMBERSHIPS)
    given = issuing.issue(session, me, enrolment_id)
    shown = _shown(listing.certificate(session, me, given.code))
    return made(request, shown, f"{API}/certificates/{given.code}")


def _issue_all(request: Request, session: Session, me: Actor, code: str) -> Response:
    with named_by("cohort"):
        cohort = load_cohort(session, me, code, "certificates.issue")
    job = jobs.status(session, requesting.request_issue(session, me, cohort))
    if job is None or not job.is_visible_to(me):
        raise UnderWay()
    shown = api_jobs.shown(job)
    return one(request, shown, 202, {"location": shown.url, "cache-control": "no-store"})
