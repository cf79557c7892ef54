"""The API of courses and cohorts."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from lms.courses import listing
from lms.courses.listing import WantedCohorts, WantedCourses
from lms.kernel.api import Me, Page, Paging, Read, Router, Shown, many, one
from lms.kernel.errors import NotFound
from lms.kernel.permissions import SIGNED_IN

api = Router(tag="Courses and cohorts")
Text = Annotated[str, Query(max_length=200)]
Words = Annotated[str, Query(max_length=200, description="Parts of codes and titles, without accents.")]


class CourseItem(Shown):
    """A catalogue entry, in its own language."""

    code: Annotated[str, Field(examples=["POLI"])]
    title: Annotated[str, Field(examples=["Influencing policy with evidence"])]
    language: Annotated[str, Field(examples=["en"])]
    topic: Annotated[str | None, Field(description="Code.", examples=["policy-influence"])]
    programme: Annotated[str, Field(description="Code.", examples=["main"])]
    summary: Annotated[str, Field(examples=["Six weeks from a question to a brief."])]
    description: Annotated[str, Field(description="Markdown as written.", examples=["You will map actors and write a brief."])]
    weeks: Annotated[int, Field(examples=[6])]
    hours: Annotated[int, Field(examples=[30])]
    status: Annotated[Literal["draft", "published", "archived"], Field(examples=["published"])]
    version: Annotated[int, Field(examples=[1])]


class CohortItem(Shown):
    """A delivery of a course."""

    code: Annotated[str, Field(examples=["POLI-2026-LA"])]
    course: Annotated[str, Field(description="Code.", examples=["POLI"])]
    programme: Annotated[str, Field(description="Code.", examples=["main"])]
    title: Annotated[str, Field(examples=["Influencing policy with evidence"])]
    language: Annotated[str, Field(examples=["es"])]
    timezone: Annotated[str, Field(examples=["America/Lima"])]
    starts: Annotated[date | None, Field(examples=["2026-03-02"])]
    ends: Annotated[date | None, Field(examples=["2026-04-12"])]
    seats: Annotated[int | None, Field(description="Null: as many as come.", examples=[25])]
    status: Annotated[Literal["draft", "published", "closed"], Field(examples=["published"])]
    enrolment_method: Annotated[Literal["staff", "self", "application"], Field(examples=["application"])]
    enrol_from: datetime | None
    enrol_until: datetime | None
    regions: Annotated[list[str], Field(description="Codes.", examples=[["005"]])]
    tutors: Annotated[list[str], Field(description="Names.", examples=[["Ana Flores"]])]
    version: Annotated[int, Field(examples=[1])]


@api.get("/courses", permission=SIGNED_IN, answers=Page[CourseItem])
def courses(
    request: Request, me: Me, session: Read, asked: Paging, q: Words = "", language: Text = "", topic: Text = "", programme: Text = "",
    status: Literal["draft", "published", "archived"] | None = None,
) -> Response:  # fmt: skip
    """The courses of the catalogue, and drafts for those who may see them."""
    wanted = WantedCourses(q, language, topic, programme, status or "")
    rows = listing.courses(session, me, wanted, asked.after, asked.limit + 1)
    return many(request, CourseItem, asked, rows, lambda row: row.id, CourseItem.model_validate)


@api.get("/courses/{code}", permission=SIGNED_IN, answers=CourseItem)
def course(request: Request, code: str, me: Me, session: Read) -> Response:
    """One course."""
    found = listing.courses(session, me, WantedCourses(code=code))
    if not found:
        raise NotFound()
    return one(request, CourseItem.model_validate(found[0]))


@api.get("/cohorts", permission=SIGNED_IN, answers=Page[CohortItem])
def cohorts(
    request: Request, me: Me, session: Read, asked: Paging, q: Words = "",
    course: Annotated[Text, Query(description="Code of its course.")] = "",
    region: Annotated[Text, Query(description="Code of a region that it is for.")] = "",
    language: Text = "", programme: Text = "", status: Literal["draft", "published", "closed"] | None = None,
) -> Response:  # fmt: skip
    """The cohorts that are published or closed, and drafts for those who look after them."""
    wanted = WantedCohorts(q, course, region, language, programme, status or "")
    rows = listing.cohorts(session, me, wanted, asked.after, asked.limit + 1)
    return many(request, CohortItem, asked, rows, lambda row: row.id, CohortItem.model_validate)


@api.get("/cohorts/{code}", permission=SIGNED_IN, answers=CohortItem)
def cohort(request: Request, code: str, me: Me, session: Read) -> Response:
    """One cohort."""
    found = listing.cohorts(session, me, WantedCohorts(code=code))
    if not found:
        raise NotFound()
    return one(request, CohortItem.model_validate(found[0]))
