"""A person's work on an assignment, as she and her tutors see it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select

from lms.courses import loading
from lms.courses.models import Activity, Cohort, Module
from lms.enrollment.models import Enrolment
from lms.enrollment.queries import enrolment_of
from lms.grading import deadlines
from lms.grading.deadlines import Window
from lms.grading.models import Assignment, Grade, GradeItem, Submission, SubmissionFile
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.i18n import N_, LazyText, format_datetime
from lms.kernel.permissions import Actor
from lms.kernel.storage import StoredFile
from lms.kernel.web import EMPTY

# SQLModel types a column as its value; in a statement it is a column.
_Submission: Any = Submission
_SubmissionFile: Any = SubmissionFile
_StoredFile: Any = StoredFile
_Item: Any = GradeItem
_Grade: Any = Grade

WORKING = ("active", "completed")
"""States of an enrolment in which work is handed in."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of an attempt."""

    id: int
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt with its files."""

    id: int
    code: str
    attempt: int
    status: str
    latest: bool
    text: str
    words: int
    version: int
    updated_at: datetime
    submitted_at: datetime | None
    due_at: datetime | None
    files: tuple[FileLine, ...]

    @property
    def late(self) -> str:
        """ "2 days late"; nothing for what is on time."""
        return deadlines.in_words(deadlines.late_by(self.submitted_at, self.due_at))

    @property
    def paragraphs(self) -> list[list[str]]:
        """The text as paragraphs of lines: it is shown as it was typed, and never as markup."""
        blocks = re.split(r"\n[^\S\n]*(?:\n[^\S\n]*)+", self.text)
        return [block.strip("\n").split("\n") for block in blocks if block.strip()]


@dataclass(frozen=True, slots=True)
class Returned:
    """A grade that the person can see."""

    points: Decimal | None
    most: Decimal
    pass_points: Decimal
    feedback_html: str
    released_at: datetime


@dataclass(frozen=True, slots=True)
class OwnWork:
    """What a person has made of an assignment: the draft of the attempt to come, and the attempts handed in, the newest first."""

    draft: Attempt | None
    attempts: tuple[Attempt, ...]
    returned: Returned | None

    @property
    def latest(self) -> Attempt | None:
        """The attempt handed in last."""
        return self.attempts[0] if self.attempts else None

    @property
    def present(self) -> Attempt | None:
        """What the form begins with: the draft, else what was handed in last."""
        return self.draft or self.latest

    @property
    def version(self) -> int:
        """What was read: compared when it is saved."""
        return self.present.version if self.present else 0


@dataclass(frozen=True, slots=True)
class Door:
    """Whether a person can hand in now, and why not."""

    window: Window
    state: str
    reason: LazyText | str = ""

    @property
    def is_open(self) -> bool:
        """Whether work is taken."""
        return not self.reason


def attempts_of(session: ReadSession, activity: Activity, person_id: int) -> list[Attempt]:
    """Every attempt of a person, the newest first; a draft comes before. Two queries."""
    of_person = (_Submission.activity_id == activity.id, _Submission.person_id == person_id)
    rows: list[Submission] = list(session.scalars(select(Submission).where(*of_person).order_by(_Submission.attempt.desc())))
    files = files_of(session, [row.id or 0 for row in rows])
    return [_attempt(row, activity, files.get(row.id or 0, ())) for row in rows]


def files_of(session: ReadSession, submission_ids: list[int]) -> dict[int, tuple[FileLine, ...]]:
    """The files of these attempts. One query; none for no attempts."""
    found: dict[int, tuple[FileLine, ...]] = {}
    if not submission_ids:
        return found
    rows: Any = session.execute(
        select(_SubmissionFile.submission_id, _StoredFile.id, _StoredFile.name, _StoredFile.size, _StoredFile.sha256)
        .join(StoredFile, _StoredFile.id == _SubmissionFile.file_id)
        .where(_SubmissionFile.submission_id.in_(submission_ids))
        .order_by(_SubmissionFile.submission_id, _SubmissionFile.position, _SubmissionFile.id)
    )
    for submission_id, *line in rows:
        found[submission_id] = (*found.get(submission_id, ()), FileLine(*line))
    return found


def _attempt(row: Submission, activity: Activity, files: tuple[FileLine, ...]) -> Attempt:
    return Attempt(
        row.id or 0, row.code, row.attempt, row.status, row.latest, row.text, row.words, row.version, row.updated_at, row.submitted_at,
        activity.due_at, files,
    )  # fmt: skip


def own_work(session: ReadSession, activity: Activity, person_id: int) -> OwnWork:
    """What the person has made of it, and what came back. Three queries."""
    found = attempts_of(session, activity, person_id)
    draft = next((attempt for attempt in found if attempt.status == "draft"), None)
    handed_in = tuple(attempt for attempt in found if attempt.status != "draft")
    return OwnWork(draft, handed_in, _returned(session, activity, person_id))


def _returned(session: ReadSession, activity: Activity, person_id: int) -> Returned | None:
    row: Any = session.execute(
        select(_Grade.points, _Item.points, _Item.pass_points, _Grade.feedback_html, _Grade.released_at)
        .join(GradeItem, and_(_Item.id == _Grade.grade_item_id, _Item.activity_id == activity.id))
        .where(_Grade.person_id == person_id, _Grade.status == "released")
    ).first()
    return Returned(*row) if row else None


def door(session: ReadSession, actor: Actor, cohort: Cohort, activity: Activity, enrolment: Enrolment | None) -> Door:
    """Whether this person can hand in now."""
    module = session.one(Module, activity.module_id)
    window = Window(module.opens_at, activity.due_at, activity.cutoff_at)
    state = window.state(clock.now())
    return Door(window, state, _reason(actor, cohort, enrolment, window, state))


def _reason(actor: Actor, cohort: Cohort, enrolment: Enrolment | None, window: Window, state: str) -> LazyText | str:
    if enrolment is None or enrolment.status not in WORKING:
        return N_("Work is taken from people with an active place in this cohort. Yours is not active at the moment.")
    if cohort.status != "published":
        return N_("This cohort is closed: you can still read everything, but nothing more is handed in.")
    if state == "soon":
        return N_("You can hand in from {date}.").format(date=format_datetime(window.opens_at, actor.timezone))
    if state == "closed":
        date = format_datetime(window.cutoff_at, actor.timezone)
        return N_("The cut-off was on {date}: nothing more can be handed in.").format(date=date)
    return ""


def piece(session: ReadSession, actor: Actor, activity: Activity) -> Mapping[str, Any]:
    """What the trainee's part of the page shows. A constant number of queries."""
    assignment = session.get(Assignment, activity.id) or Assignment(activity_id=0)
    endings = assignment.file_types.split()
    shown: dict[str, Any] = {"assignment": assignment, "endings": endings, "form": EMPTY, "errors": {}, "is_stale": False}
    if activity.cohort_id is None or actor.id is None:
        return {**shown, "own": None, "door": None, "marks": False}
    cohort = session.one(Cohort, activity.cohort_id)
    marks = actor.can("grading.grade", cohort.scope)
    enrolment = enrolment_of(session, activity.cohort_id, actor.id)
    if not actor.can("grading.submit", cohort.scope) or (enrolment is None and loading.looks_after(actor, cohort)):
        return {**shown, "own": None, "door": None, "marks": marks, "cohort_code": cohort.code}
    return {
        **shown, "own": own_work(session, activity, actor.id), "door": door(session, actor, cohort, activity, enrolment), "marks": marks,
        "cohort_code": cohort.code,
    }  # fmt: skip
