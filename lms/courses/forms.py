"""What the forms about courses accept."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field

from lms.accounts.zones import Zone
from lms.kernel.i18n import N_

Title = Annotated[str, Field(min_length=1, max_length=200)]
Long = Annotated[str, Field(max_length=100_000)]
Days = Annotated[int, Field(ge=1, le=2000)]
MAX_NUMBER = 2**31 - 1
Id = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
"""A number in an address; one beyond what the database counts leads nowhere."""


def _naive(value: datetime) -> datetime:
    """A time on somebody's clock: the page knows whose."""
    if value.tzinfo is not None:
        raise ValueError(str(N_("Please write a date and a time, for example 2026-03-31T23:59.")))
    return value


def _near(value: date) -> date:
    """A day that every zone and every deadline counted from it can be told in."""
    if not 1950 <= value.year <= 2200:
        raise ValueError(str(N_("Please write a year between 1950 and 2200.")))
    return value


Clock = Annotated[datetime, AfterValidator(_naive), AfterValidator(_near)]
Day = Annotated[date, AfterValidator(_near)]


class CourseForm(BaseModel):
    """A catalogue entry."""

    title: Title
    language: Annotated[str, Field(min_length=2, max_length=10)]
    summary: Annotated[str, Field(max_length=1000)] = ""
    description: Long = ""
    weeks: Annotated[int, Field(ge=0, le=200)] = 0
    hours: Annotated[int, Field(ge=0, le=5000)] = 0
    topic: Annotated[str, Field(max_length=80)] = ""


class NewCourseForm(CourseForm):
    """A catalogue entry with its code."""

    code: str
    programme: Annotated[int, Field(ge=1, le=MAX_NUMBER)] | None = None


class VersionForm(BaseModel):
    """The version that was read."""

    version: Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class CopyForm(BaseModel):
    """A copy of a course."""

    code: str
    title: Annotated[str, Field(max_length=200)] = ""


class WordsForm(BaseModel):
    """Words in another language; without a title there are none."""

    title: Annotated[str, Field(max_length=200)] = ""
    summary: Annotated[str, Field(max_length=1000)] = ""
    description: Long = ""


class ModuleForm(BaseModel):
    """A module."""

    title: Title
    summary: Annotated[str, Field(max_length=1000)] = ""
    opens_at: Clock | None = None


class ActivityForm(BaseModel):
    """What every activity has."""

    title: Title
    body: Long = ""
    minutes: Annotated[int, Field(ge=0, le=6000)] = 0
    completion: Literal["none", "viewed", "marked", "submitted", "passed"] = "viewed"
    required: bool = False
    published: bool = False


class CourseActivityForm(ActivityForm):
    """An activity of a course: days count from its start."""

    due_day: Days | None = None
    cutoff_day: Days | None = None


class CohortActivityForm(ActivityForm):
    """An activity of a cohort: dates on the clocks of the cohort."""

    due_at: Clock | None = None
    cutoff_at: Clock | None = None


class CohortForm(BaseModel):
    """A cohort."""

    title: Title
    language: Annotated[str, Field(min_length=2, max_length=10)]
    timezone: Zone = "UTC"
    starts_on: Day | None = None
    ends_on: Day | None = None
    seats: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    enrolment_method: Literal["staff", "self", "application"] = "staff"
    enrol_from: Clock | None = None
    enrol_until: Clock | None = None
    question: Annotated[str, Field(max_length=2000)] = ""
    weekly: bool = False
    regions: list[Annotated[int, Field(ge=1, le=MAX_NUMBER)]] = []


class NewCohortForm(CohortForm):
    """A cohort with its code."""

    code: str


class OrderForm(BaseModel):
    """A move: one up, one down, or everything."""

    up: Annotated[int, Field(le=MAX_NUMBER)] | None = None
    down: Annotated[int, Field(le=MAX_NUMBER)] | None = None
    order: Annotated[str, Field(max_length=5000)] = ""
