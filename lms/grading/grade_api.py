"""The JSON API of assignments and grades."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from lms.grading import assignment_listing, grade_listing
from lms.grading.forms import MAX_NUMBER
from lms.grading.grade_listing import WantedGrades
from lms.grading.marking import MOST_FEEDBACK
from lms.kernel.api import Body, Id, Me, Page, Paging, Read, Router, Shown, Whole, many, one
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_
from lms.kernel.permissions import SIGNED_IN

api = Router(tag="Work and grades")

GradeStatus = Literal["marked", "released"]
InCohort = Annotated[str, Query(max_length=80, description="Code of a cohort.", examples=["COMM-2026-LA"])]
OfPerson = Annotated[str, Query(max_length=40, description="Code of a person.", examples=["K7Q2M9XH4D"])]
AssignmentId = Annotated[int | None, Query(ge=1, le=MAX_NUMBER, description="Id of an assignment.", examples=[412])]


class Assignment(Shown):
    """What a cohort is asked to hand in."""

    id: Annotated[int, Field(examples=[412])]
    cohort: Annotated[str, Field(description="Code of the cohort.", examples=["COMM-2026-LA"])]
    title: Annotated[str, Field(examples=["Map of actors"])]
    instructions: Annotated[str, Field(description="Markdown.", examples=["Draw who decides, and who is heard."])]
    max_score: Annotated[float, Field(examples=[20])]
    pass_score: Annotated[float, Field(description="0: there is no pass mark.", examples=[12])]
    weight: Annotated[float, Field(description="How much it counts in the total.", examples=[1])]
    required: Annotated[bool, Field(description="Whether the cohort is complete only when this is.", examples=[True])]
    published: Annotated[bool, Field(description="Whether trainees see it.", examples=[True])]
    opens_at: datetime | None
    due_at: datetime | None
    cutoff_at: Annotated[datetime | None, Field(description="Nothing is taken later.")]
    allow_text: Annotated[bool, Field(examples=[True])]
    max_files: Annotated[int, Field(examples=[3])]
    max_file_mb: Annotated[int, Field(examples=[10])]
    file_types: Annotated[list[str], Field(description="Endings of the names of files that are taken.", examples=[["pdf", "docx"]])]


class Grade(Shown):
    """What a person got in a column of a gradebook."""

    id: Annotated[int, Field(examples=[3051])]
    person: Annotated[str, Field(description="Code of the person.", examples=["K7Q2M9XH4D"])]
    cohort: Annotated[str, Field(description="Code of the cohort.", examples=["COMM-2026-LA"])]
    item: Annotated[str, Field(description="Name of the column.", examples=["Map of actors"])]
    assignment: Annotated[int | None, Field(description="Id of the assignment; null for a column filled in by hand.", examples=[412])]
    submission: Annotated[str | None, Field(description="Code of the attempt that was marked.", examples=["P4T7Z2MB9K"])]
    score: Annotated[float | None, Field(description="Null while there is feedback alone.", examples=[16.5])]
    max_score: Annotated[float, Field(examples=[20])]
    pass_score: Annotated[float, Field(description="0: there is no pass mark.", examples=[12])]
    feedback: Annotated[str, Field(description="Markdown.", examples=["Well drawn; who is missing?"])]
    status: Annotated[GradeStatus, Field(description="Its owner sees it when it is released.")]
    version: Annotated[int, Field(description="To be sent back with a change.", examples=[1])]
    graded_at: datetime
    released_at: datetime | None


class GradeForm(Body):
    """What a marker says about an attempt."""

    score: Annotated[
        Decimal | None, Field(ge=0, description="Between 0 and the most of the assignment; null: feedback alone.", examples=[16.5])
    ] = None
    feedback: Annotated[str, Field(max_length=MOST_FEEDBACK, description="Markdown.", examples=["Well drawn; who is missing?"])] = ""
    version: Annotated[
        Whole | None,
        Field(ge=0, le=MAX_NUMBER, description="Of the grade that was read, 0 for none: 409 where somebody saved it since. Not needed with "
              "If-Match.", examples=[0]),
    ] = None  # fmt: skip
    levels: Annotated[
        dict[str, Any] | None, Field(description="Levels of a rubric, for assignments that have one; others refuse them.", examples=[None])
    ] = None


def score_of(given: GradeForm) -> Decimal | None:
    """The score that was given. Raises Invalid for levels of a rubric: no assignment has one."""
    if given.levels is not None:
        raise Invalid({"levels": N_("This assignment has no rubric: send a score.")})
    return given.score


@api.get("/assignments", permission=SIGNED_IN, answers=Page[Assignment])
def assignments(request: Request, me: Me, session: Read, asked: Paging, cohort: InCohort = "") -> Response:
    """What one can open as a trainee, and everything in cohorts that one looks after."""
    rows = assignment_listing.assignments(session, me, cohort, asked.after, asked.limit + 1)
    return many(request, Assignment, asked, rows, lambda row: row.id, Assignment.model_validate)


@api.get("/assignments/{assignment_id}", permission=SIGNED_IN, answers=Assignment)
def assignment(request: Request, assignment_id: Id, me: Me, session: Read) -> Response:
    """An assignment."""
    return one(request, Assignment.model_validate(assignment_listing.assignment(session, me, assignment_id)))


@api.get("/grades", permission=SIGNED_IN, answers=Page[Grade])
def grades(
    request: Request,
    me: Me,
    session: Read,
    asked: Paging,
    cohort: InCohort = "",
    person: OfPerson = "",
    assignment: AssignmentId = None,
    item: Annotated[str, Query(max_length=200, description="Name of a column.", examples=["Map of actors"])] = "",
    status: GradeStatus | None = None,
) -> Response:
    """One's own grades that are released, and all grades where one may see the gradebook."""
    rows = grade_listing.grades(session, me, WantedGrades(cohort, person, assignment, item, status or ""), asked.after, asked.limit + 1)
    return many(request, Grade, asked, rows, lambda row: row.id, Grade.model_validate)


@api.get("/grades/{grade_id}", permission=SIGNED_IN, answers=Grade)
def grade(request: Request, grade_id: Id, me: Me, session: Read) -> Response:
    """A grade."""
    return one(request, Grade.model_validate(grade_listing.grade(session, me, grade_id)))
