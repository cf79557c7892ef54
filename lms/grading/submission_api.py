"""The JSON API of work: what was handed in, its files, and its grade."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import File, Query, Request, UploadFile
from pydantic import Field
from starlette.responses import Response

from lms.grading import attachments, grade_listing, listing, loading, marking, submitting
from lms.grading.forms import MAX_NUMBER
from lms.grading.grade_api import AssignmentId, Grade, GradeForm, InCohort, OfPerson, score_of
from lms.grading.listing import SubmissionRow, WantedWork
from lms.grading.models import Submission as Attempt
from lms.kernel.api import (
    API,
    Body,
    Here,
    Id,
    Me,
    Outdated,
    Page,
    Paging,
    Read,
    Router,
    Shown,
    Write,
    check_match,
    made,
    many,
    one,
    renamed,
)
from lms.kernel.api_naming import named_by
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.i18n import N_
from lms.kernel.permissions import SIGNED_IN, Actor
from lms.kernel.storage import download

api = Router(tag="Work and grades")
SubmissionStatus = Literal["draft", "submitted", "reopened"]


class WorkFile(Shown):
    """A file of an attempt."""

    id: Annotated[int, Field(examples=[88])]
    name: Annotated[str, Field(examples=["map.pdf"])]
    size: Annotated[int, Field(description="Bytes.", examples=[48213])]
    sha256: Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    url: Annotated[str, Field(examples=["/api/v1/submissions/P4T7Z2MB9K/files/88"])]


class SubmissionLine(Shown):
    """An attempt at an assignment, without its text."""

    code: Annotated[str, Field(examples=["P4T7Z2MB9K"])]
    assignment: Annotated[int, Field(description="Id of the assignment.", examples=[412])]
    title: Annotated[str, Field(description="Title of the assignment.", examples=["Map of actors"])]
    cohort: Annotated[str, Field(description="Code of the cohort.", examples=["COMM-2026-LA"])]
    person: Annotated[str, Field(description="Code of the person.", examples=["K7Q2M9XH4D"])]
    attempt: Annotated[int, Field(description="1 for the first.", examples=[1])]
    latest: Annotated[bool, Field(description="Whether it is what gets marked: the last one handed in.", examples=[True])]
    status: SubmissionStatus
    words: Annotated[int, Field(examples=[320])]
    version: Annotated[int, Field(description="Counts on with everything that is saved, over all attempts of the person.", examples=[2])]
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    grade_version: Annotated[
        int | None,
        Field(description="For those who mark here: what to send as `version` with a grade; 0 where there is none yet.", examples=[0]),
    ]
    files: list[WorkFile]


class Submission(SubmissionLine):
    """An attempt at an assignment."""

    text: Annotated[str, Field(examples=["Six actors and what moves them."])]


@api.get("/submissions", permission=SIGNED_IN, answers=Page[SubmissionLine])
def submissions(
    request: Request,
    me: Me,
    session: Read,
    asked: Paging,
    cohort: InCohort = "",
    person: OfPerson = "",
    assignment: AssignmentId = None,
    status: SubmissionStatus | None = None,
    latest: Annotated[bool | None, Query(description="Only the attempts that count, or only the others.")] = None,
) -> Response:
    """One's own work, and what was handed in where one may see the gradebook. Texts are at each one's own address."""
    wanted = WantedWork(cohort, person, assignment, status or "", latest)
    rows = listing.submissions(session, me, wanted, asked.after, asked.limit + 1)
    return many(request, SubmissionLine, asked, rows, lambda row: row.id, lambda row: SubmissionLine.model_validate(_fields(row)))


@api.get("/submissions/{code}", permission=SIGNED_IN, answers=Submission)
def submission(request: Request, code: str, me: Me, session: Read) -> Response:
    """An attempt with its text."""
    found = loading.load_readable(session, me, code)
    return one(request, _shown(session, me, found))


def _shown(session: ReadSession, me: Actor, attempt: Attempt) -> Submission:
    row = listing.submission(session, me, attempt.id or 0)
    return Submission.model_validate({**_fields(row), "text": row.text or ""})


def _fields(row: SubmissionRow) -> dict[str, object]:
    base = f"{API}/submissions/{row.code}/files"
    files = [WorkFile(id=f.id, name=f.name, size=f.size, sha256=f.sha256, url=f"{base}/{f.id}") for f in row.files]
    names = SubmissionLine.model_fields.keys() - {"files"}
    return {**{name: getattr(row, name) for name in names}, "files": files}


class Work(Body):
    """What is handed in: a part of the body for each field, and one for each file."""

    assignment: Annotated[int, Field(ge=1, le=MAX_NUMBER, description="Id of the assignment.", examples=[412])]
    text: Annotated[str, Field(max_length=submitting.MOST_CHARACTERS, description="Plain text.", examples=["Six actors."])] = ""
    version: Annotated[
        int | None,
        Field(
            ge=0, le=MAX_NUMBER, description="That of the last attempt or draft that you read, 0 for none: 409 where it is not the last."
        ),
    ] = None
    files: Annotated[list[UploadFile], Field(description="As many, as large and of the kinds that the assignment says.")] = []


@api.post("/submissions", permission="grading.submit", answers=Submission, also=(503,))
def hand_in(request: Request, me: Me, session: Write, campus: Here, sent: Annotated[Work, File()]) -> Response:
    """Hand in work, with a receipt by mail. It holds exactly what is sent: a draft of this person is replaced by it.

    What was handed in last, sent once more, is the same attempt.
    """
    with named_by("assignment"):
        activity = loading.load_assignment(session, me, sent.assignment)
        _cohort, settings = submitting.may_hand_in(session, me, activity)
    kept = attachments.keep(session, campus.storage, me, settings, [file for file in sent.files if file.filename], 0)
    row = submitting.hand_in(session, me, activity, sent.text, kept, keep=(), version=sent.version)
    return made(request, _shown(session, me, row), f"{API}/submissions/{row.code}")


@api.get("/submissions/{code}/files/{file_id}", permission=SIGNED_IN, media_type="*/*", response_class=Response)
def submission_file(code: str, file_id: Id, me: Me, session: Read, campus: Here) -> Response:
    """A file of an attempt, always as a download."""
    attempt = loading.load_readable(session, me, code)
    return download(campus.storage, attachments.one_of(session, attempt.id or 0, file_id))


@api.get("/submissions/{code}/grade", permission=SIGNED_IN, answers=Grade)
def grade_of_submission(request: Request, code: str, me: Me, session: Read) -> Response:
    """The grade that this very attempt was given. Its author sees it when it is released."""
    attempt = loading.load_readable(session, me, code)
    row = grade_listing.grade_of_work(session, me, attempt)
    if row is None:
        raise NotFound(N_("This attempt has no grade yet."))
    return one(request, Grade.model_validate(row))


@api.put("/submissions/{code}/grade", permission="grading.grade", answers=Grade)
def grade_submission(request: Request, code: str, given: GradeForm, me: Me, session: Write) -> Response:
    """Mark an attempt. A grade that is released stays so, and its owner is told of the change."""
    attempt, _cohort = loading.load_marking(session, me, code)
    version = _version_read(request, session, me, attempt, given)
    with renamed(points="score"):
        marking.save_grade(session, me, attempt.id or 0, version=version, points=score_of(given), feedback=given.feedback)
    row = grade_listing.grade_of_work(session, me, attempt)
    return one(request, Grade.model_validate(row))


def _version_read(request: Request, session: ReadSession, me: Actor, attempt: Attempt, given: GradeForm) -> int:
    """What the marker has read: said by the body, or by If-Match with the tag of the grade. The service compares it once more."""
    version = given.version
    if "if-match" in request.headers:
        row = grade_listing.grade_of_work(session, me, attempt)
        if row is None:
            raise Outdated()
        check_match(request, Grade.model_validate(row))
        version = row.version if version is None else version
    if version is None:
        raise Invalid({"version": N_("Say which version of the grade you read, 0 for none; or send its ETag as If-Match.")})
    return version
