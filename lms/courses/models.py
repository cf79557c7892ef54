"""Tables of the catalogue, of cohorts, and of what people have done in them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, UniqueConstraint
from sqlmodel import Field

from lms.kernel import clock
from lms.kernel.database import Row, UtcDateTime, reference
from lms.kernel.permissions import Scope

COURSE_STATES = ("draft", "published", "archived")
COHORT_STATES = ("draft", "published", "closed")
ENROLMENT_METHODS = ("staff", "self", "application")
PICTURE_STATES = ("waiting", "ready", "broken")
COMPLETION_RULES = ("none", "viewed", "marked", "submitted", "passed")


class Topic(Row, table=True):
    """What courses are about."""

    __tablename__ = "topic"
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str


class Course(Row, table=True):
    """A catalogue entry: content that cohorts are made from. Title, summary and description are in `language`; others in CourseText."""

    __tablename__ = "course"
    __table_args__ = (CheckConstraint(f"status IN {COURSE_STATES}", name="status_known"),)
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    programme_id: int = Field(sa_column=reference("programme.id"))
    topic_id: int | None = Field(default=None, sa_column=reference("topic.id", nullable=True))
    language: str = "en"
    title: str
    summary: str = ""
    description: str = ""
    description_html: str = ""
    weeks: int = 0
    hours: int = 0
    status: str = "draft"
    search_text: str = ""
    """Title, summary and topic in every language, folded for search: lower case, no accents."""
    version: int = 1

    @property
    def scope(self) -> Scope:
        """Where roles for this course hold."""
        return Scope(programme=self.programme_id, course=self.id)


class CourseText(Row, table=True):
    """A course's words in another language than its own."""

    __tablename__ = "course_text"
    __table_args__ = (UniqueConstraint("course_id", "language"),)
    id: int | None = Field(default=None, primary_key=True)
    course_id: int = Field(sa_column=reference("course.id", ondelete="CASCADE"))
    language: str
    title: str
    summary: str = ""
    description: str = ""
    description_html: str = ""
    version: int = 1


class Cohort(Row, table=True):
    """One delivery of a course, with its own copy of the modules and activities."""

    __tablename__ = "cohort"
    __table_args__ = (
        CheckConstraint(f"status IN {COHORT_STATES}", name="status_known"),
        CheckConstraint(f"enrolment_method IN {ENROLMENT_METHODS}", name="method_known"),
        CheckConstraint("seats IS NULL OR seats >= 0", name="seats_not_negative"),
        CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    course_id: int = Field(sa_column=reference("course.id"))
    programme_id: int = Field(sa_column=reference("programme.id"))
    title: str
    language: str = "en"
    timezone: str = "UTC"
    starts_on: date | None = None
    ends_on: date | None = None
    seats: int | None = None
    """Places; None: as many as come."""
    status: str = "draft"
    enrolment_method: str = "staff"
    enrol_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    enrol_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    question: str = ""
    """What applicants are asked."""
    weekly: bool = True
    """Whether modules open week by week; else all at the start."""
    search_text: str = ""
    """Code, title and the code of the course, folded for search: lower case, no accents."""
    version: int = 1

    @property
    def is_running(self) -> bool:
        """Whether people can see it and its last day has not passed."""
        return self.status == "published" and (self.ends_on is None or self.ends_on >= clock.today())

    @property
    def scope(self) -> Scope:
        """Where roles for this cohort hold."""
        return Scope(programme=self.programme_id, course=self.course_id, cohort=self.id)


class CohortRegion(Row, table=True):
    """A region that a cohort is for."""

    __tablename__ = "cohort_region"
    cohort_id: int = Field(sa_column=reference("cohort.id", ondelete="CASCADE", primary_key=True))
    region_id: int = Field(sa_column=reference("region.id", primary_key=True))


class Module(Row, table=True):
    """One ordered part of a course (cohort_id empty) or of a cohort's copy; usually a week."""

    __tablename__ = "module"
    __table_args__ = (Index("ix_module_course_cohort", "course_id", "cohort_id"),)
    id: int | None = Field(default=None, primary_key=True)
    course_id: int = Field(sa_column=reference("course.id", ondelete="CASCADE", index=False))
    cohort_id: int | None = Field(default=None, sa_column=reference("cohort.id", ondelete="CASCADE", nullable=True))
    origin_id: int | None = Field(default=None, sa_column=reference("module.id", ondelete="SET NULL", nullable=True))
    position: int = 0
    title: str
    summary: str = ""
    opens_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """In a cohort: when trainees may enter; None: at once."""
    version: int = 1


class Activity(Row, table=True):
    """One thing in a module that a trainee opens. Dates are relative in a course (day 1 = start) and absolute in a cohort."""

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint(f"completion IN {COMPLETION_RULES}", name="completion_known"),
        CheckConstraint("due_at IS NULL OR cutoff_at IS NULL OR cutoff_at >= due_at", name="cutoff_after_due"),
    )
    id: int | None = Field(default=None, primary_key=True)
    module_id: int = Field(sa_column=reference("module.id", ondelete="CASCADE"))
    course_id: int = Field(sa_column=reference("course.id", ondelete="CASCADE"))
    cohort_id: int | None = Field(default=None, sa_column=reference("cohort.id", ondelete="CASCADE", nullable=True))
    origin_id: int | None = Field(default=None, sa_column=reference("activity.id", ondelete="SET NULL", nullable=True))
    position: int = 0
    type: str
    """Name of the activity type: page, file, link, assignment, or one of a plugin."""
    title: str
    body: str = ""
    """Markdown as written."""
    body_html: str = ""
    """The same, rendered and sanitised on save."""
    settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Plain settings of the type (a link's address)."""
    file_id: int | None = Field(default=None, sa_column=reference("stored_file.id", ondelete="SET NULL", nullable=True))
    published: bool = True
    required: bool = True
    """Whether the cohort is complete only when this is."""
    completion: str = "viewed"
    minutes: int = 0
    due_day: int | None = None
    cutoff_day: int | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cutoff_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1


class ActivityPicture(Row, table=True):
    """A picture in the text of an activity, which names it as `picture:1`."""

    __tablename__ = "activity_picture"
    __table_args__ = (
        UniqueConstraint("activity_id", "number"),
        CheckConstraint(f"state IN {PICTURE_STATES}", name="state_known"),
        CheckConstraint("number > 0", name="counted_from_one"),
        CheckConstraint("state <> 'ready' OR (width > 0 AND height > 0)", name="ready_has_a_size"),
    )
    id: int | None = Field(default=None, primary_key=True)
    activity_id: int = Field(sa_column=reference("activity.id", ondelete="CASCADE", index=False))
    number: int
    """Counts within the activity, so that a copy of the text names the copy of the picture."""
    alt: str = ""
    """What it shows, for those who do not see it; empty: it is decoration."""
    state: str = "waiting"
    """waiting: it is as it was sent and shown to nobody; ready: it was drawn anew; broken: it could not be read to its end."""
    file_id: int = Field(sa_column=reference("stored_file.id"))
    """The whole picture."""
    width: int = 0
    height: int = 0


class PictureSize(Row, table=True):
    """A picture drawn narrower, for screens that need no more."""

    __tablename__ = "picture_size"
    __table_args__ = (CheckConstraint("width > 0 AND height > 0", name="has_a_size"),)
    picture_id: int = Field(sa_column=reference("activity_picture.id", ondelete="CASCADE", primary_key=True, index=False))
    width: int = Field(primary_key=True)
    height: int
    file_id: int = Field(sa_column=reference("stored_file.id"))


class ContentText(Row, table=True):
    """The words of a course's module or activity in another language; a cohort's copy is made in the cohort's language."""

    __tablename__ = "content_text"
    __table_args__ = (
        UniqueConstraint("module_id", "language"),
        UniqueConstraint("activity_id", "language"),
        CheckConstraint("(module_id IS NULL) <> (activity_id IS NULL)", name="one_owner"),
    )
    id: int | None = Field(default=None, primary_key=True)
    module_id: int | None = Field(default=None, sa_column=reference("module.id", ondelete="CASCADE", nullable=True, index=False))
    activity_id: int | None = Field(default=None, sa_column=reference("activity.id", ondelete="CASCADE", nullable=True, index=False))
    language: str
    title: str
    body: str = ""
    body_html: str = ""
    version: int = 1


class Progress(Row, table=True):
    """What a person has done with an activity of a cohort."""

    __tablename__ = "progress"
    person_id: int = Field(sa_column=Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))
    activity_id: int = Field(sa_column=reference("activity.id", ondelete="CASCADE", primary_key=True))
    cohort_id: int = Field(sa_column=reference("cohort.id", ondelete="CASCADE"))
    viewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
