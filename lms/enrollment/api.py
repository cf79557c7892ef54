"""The JSON API of enrolments and applications."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from lms.accounts import people
from lms.accounts.models import Person
from lms.accounts.queries import person_by_code
from lms.courses.loading import load_cohort
from lms.enrollment import applying, enrolling, listing, loading
from lms.enrollment.batches import Unknown
from lms.enrollment.listing import Wanted
from lms.kernel.api import API, Body, Id, Me, Page, Paging, Read, Router, Shown, Write, check_match, made, many, one
from lms.kernel.api_naming import named_by
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid
from lms.kernel.permissions import SIGNED_IN

api = Router(tag="Enrolments and applications")

EnrolmentStatus = Literal["active", "suspended", "completed", "failed", "withdrawn"]
ApplicationStatus = Literal["submitted", "shortlisted", "accepted", "waitlisted", "rejected", "withdrawn"]
Decision = Literal["shortlisted", "accepted", "waitlisted", "rejected", "withdrawn"]
InCohort = Annotated[str, Query(max_length=80, description="Code of a cohort.", examples=["COMM-2026-LA"])]
OfPerson = Annotated[str, Query(max_length=40, description="Code of a person.", examples=["K7Q2M9XH4D"])]


class Enrolment(Shown):
    """A person's place in a cohort."""

    id: Annotated[int, Field(examples=[1204])]
    person: Annotated[str, Field(description="Code of the person.", examples=["K7Q2M9XH4D"])]
    name: Annotated[str, Field(examples=["Rosa Quispe"])]
    email: Annotated[str | None, Field(description="For those who may see people, and for the person.", examples=["rosa@example.org"])]
    cohort: Annotated[str, Field(description="Code of the cohort.", examples=["COMM-2026-LA"])]
    status: EnrolmentStatus
    method: Annotated[str, Field(description="How the place was given: staff, self, application or import.", examples=["staff"])]
    enrolled_at: datetime
    completed_at: datetime | None
    withdrawn_at: datetime | None


class NewEnrolment(Body):
    """Whom to give a place, and in which cohort."""

    cohort: Annotated[str, Field(min_length=1, max_length=80, description="Code of the cohort.", examples=["COMM-2026-LA"])]
    person: Annotated[
        str | None,
        Field(min_length=1, max_length=254, examples=["rosa@example.org"],
              description="Code or e-mail address. Leave it out to take a place yourself, where the cohort lets people in by themselves."),
    ] = None  # fmt: skip


class EnrolmentChange(Body):
    """What became of an enrolment."""

    status: Annotated[EnrolmentStatus, Field(examples=["completed"])]


class Application(Shown):
    """A person's answer to the call of a cohort."""

    code: Annotated[str, Field(examples=["W3N8R5T2VB"])]
    person: Annotated[str, Field(description="Code of the person.", examples=["K7Q2M9XH4D"])]
    name: Annotated[str, Field(examples=["Rosa Quispe"])]
    cohort: Annotated[str, Field(description="Code of the cohort.", examples=["COMM-2026-LA"])]
    status: ApplicationStatus
    answer: Annotated[str, Field(examples=["I would share it with my team."])]
    note: Annotated[str, Field(description="Words that came with the decision.", examples=[""])]
    submitted_at: datetime
    decided_at: datetime | None


class NewApplication(Body):
    """An application of the person whose token is used."""

    cohort: Annotated[str, Field(min_length=1, max_length=80, description="Code of the cohort.", examples=["COMM-2026-LA"])]
    answer: Annotated[str, Field(max_length=applying.ANSWER_LENGTH, examples=["I would share it with my team."])] = ""


class ApplicationChange(Body):
    """What is decided about an application; `withdrawn` is for the applicant, too."""

    status: Annotated[Decision, Field(examples=["accepted"])]
    note: Annotated[
        str, Field(max_length=5_000, description="Goes into the mail about being accepted or rejected.", examples=["Welcome!"])
    ] = ""


@api.get("/enrolments", permission=SIGNED_IN, answers=Page[Enrolment])
def enrolments(
    request: Request,
    me: Me,
    session: Read,
    asked: Paging,
    cohort: InCohort = "",
    person: OfPerson = "",
    status: EnrolmentStatus | None = None,
) -> Response:
    """One's own enrolments, and those of cohorts whose trainees one may see."""
    rows = listing.enrolments(session, me, Wanted(cohort, person, status or ""), asked.after, asked.limit + 1)
    return many(request, Enrolment, asked, rows, lambda row: row.id, Enrolment.model_validate)


@api.get("/enrolments/{enrolment_id}", permission=SIGNED_IN, answers=Enrolment)
def enrolment(request: Request, enrolment_id: Id, me: Me, session: Read) -> Response:
    """An enrolment."""
    loading.load_enrolment(session, me, enrolment_id)
    return one(request, Enrolment.model_validate(listing.enrolment(session, me, enrolment_id)))


@api.post("/enrolments", permission=SIGNED_IN, answers=Enrolment)
def enrol(request: Request, new: NewEnrolment, me: Me, session: Write) -> Response:
    """Give a person a place in a cohort, or take one."""
    with named_by("cohort"):
        cohort = loading.load_public(session, me, new.cohort)
        if new.person is not None:
            cohort = load_cohort(session, me, new.cohort, "enrollment.enrol")
    if new.person is None:
        row = enrolling.enrol_self(session, me, cohort)
    else:
        row = enrolling.enrol(session, me, cohort, _person(session, new.person).id or 0)
    return made(request, Enrolment.model_validate(listing.enrolment(session, me, row.id or 0)), f"{API}/enrolments/{row.id}")


def _person(session: ReadSession, named: str) -> Person:
    if "@" not in named:
        with named_by("person"):
            return person_by_code(session, named)
    found = people.find_by_email(session, named)
    if found is None:
        raise Invalid({"person": Unknown.message})
    return found


@api.patch("/enrolments/{enrolment_id}", permission=SIGNED_IN, answers=Enrolment)
def change_enrolment(request: Request, enrolment_id: Id, change: EnrolmentChange, me: Me, session: Write) -> Response:
    """Suspend, reactivate, complete, fail or withdraw an enrolment; a trainee may withdraw her own."""
    row = loading.load_enrolment(session, me, enrolment_id)
    loading.hold(session, row)
    check_match(request, Enrolment.model_validate(listing.enrolment(session, me, enrolment_id)))
    if change.status == "withdrawn":
        enrolling.withdraw(session, me, enrolment_id)
    else:
        enrolling.set_status(session, me, enrolment_id, change.status)
    return one(request, Enrolment.model_validate(listing.enrolment(session, me, enrolment_id)))


@api.get("/applications", permission=SIGNED_IN, answers=Page[Application])
def applications(
    request: Request,
    me: Me,
    session: Read,
    asked: Paging,
    cohort: InCohort = "",
    person: OfPerson = "",
    status: ApplicationStatus | None = None,
) -> Response:
    """One's own applications, and those that one may decide about."""
    rows = listing.applications(session, me, Wanted(cohort, person, status or ""), asked.after, asked.limit + 1)
    return many(request, Application, asked, rows, lambda row: row.id, Application.model_validate)


@api.get("/applications/{code}", permission=SIGNED_IN, answers=Application)
def application(request: Request, code: str, me: Me, session: Read) -> Response:
    """An application."""
    row = loading.load_application(session, me, code)
    return one(request, Application.model_validate(listing.application(session, row.id or 0)))


@api.post("/applications", permission=SIGNED_IN, answers=Application)
def apply(request: Request, new: NewApplication, me: Me, session: Write) -> Response:
    """Apply to a cohort, for oneself."""
    with named_by("cohort"):
        cohort = loading.load_public(session, me, new.cohort)
    row = applying.apply(session, me, cohort, new.answer)
    return made(request, Application.model_validate(listing.application(session, row.id or 0)), f"{API}/applications/{row.code}")


@api.patch("/applications/{code}", permission=SIGNED_IN, answers=Application)
def decide(request: Request, code: str, change: ApplicationChange, me: Me, session: Write) -> Response:
    """Shortlist, accept, put on the waiting list or reject an application; or withdraw one's own."""
    row = loading.load_application(session, me, code)
    loading.hold(session, row)
    application_id = row.id or 0
    check_match(request, Application.model_validate(listing.application(session, application_id)))
    if change.status == "accepted":
        applying.accept(session, me, application_id, change.note)
    elif change.status == "rejected":
        applying.reject(session, me, application_id, change.note)
    elif change.status == "withdrawn":
        applying.withdraw_application(session, me, application_id)
    else:
        applying.sort(session, me, application_id, change.status)
    return one(request, Application.model_validate(listing.application(session, application_id)))
