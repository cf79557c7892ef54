"""What the API shows of work: submissions with their files, within what a person may see. Constant numbers of selects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from lms.accounts.models import Person
from lms.courses.models import Activity, Cohort
from lms.courses.seeing import own_or_reached
from lms.grading.models import Grade, GradeItem, Submission
from lms.grading.work import FileLine, files_of
from lms.kernel.database import ReadSession
from lms.kernel.permissions import Actor, Scope

# SQLModel types a column as its value; in a statement it is a column.
_Submission: Any = Submission
_Person: Any = Person
_Cohort: Any = Cohort
_Activity: Any = Activity
_Item: Any = GradeItem
_Grade: Any = Grade


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """An attempt; `person` and `cohort` are codes, `assignment` is the id of one. Lists leave the text out."""

    id: int
    code: str
    assignment: int
    title: str
    cohort: str
    person: str
    attempt: int
    latest: bool
    status: str
    words: int
    version: int
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    grade_version: int | None
    """For those who mark there: the version of the grade, 0 for none."""
    files: tuple[FileLine, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class WantedWork:
    """What a list is narrowed to: codes of a cohort and a person, an assignment, a state, only the last attempts. Empty: all."""

    cohort: str = ""
    person: str = ""
    assignment: int | None = None
    status: str = ""
    latest: bool | None = None

    def conditions(self) -> list[Any]:
        """The same for a statement."""
        pairs = (
            (_Cohort.code, self.cohort or None), (_Person.code, self.person or None), (_Submission.activity_id, self.assignment),
            (_Submission.status, self.status or None),
        )  # fmt: skip
        found = [column == value for column, value in pairs if value is not None]
        return found if self.latest is None else [*found, _Submission.latest.is_(self.latest)]


_COLUMNS = (
    _Submission.id, _Submission.code, _Submission.activity_id, _Activity.title, _Cohort.code.label("cohort"), _Person.code.label("person"),
    _Submission.attempt, _Submission.latest, _Submission.status, _Submission.words, _Submission.version, _Submission.created_at,
    _Submission.updated_at, _Submission.submitted_at, func.coalesce(_Grade.version, 0), _Cohort.programme_id, _Cohort.course_id, _Cohort.id,
)  # fmt: skip


def _with_all(*more: Any) -> Any:
    return (
        select(*more, *_COLUMNS)
        .join(Activity, _Activity.id == _Submission.activity_id)
        .join(Cohort, _Cohort.id == _Submission.cohort_id)
        .join(Person, _Person.id == _Submission.person_id)
        .outerjoin(GradeItem, _Item.activity_id == _Submission.activity_id)
        .outerjoin(Grade, and_(_Grade.grade_item_id == _Item.id, _Grade.person_id == _Submission.person_id))
    )


_LINES: Any = _with_all()
_WHOLE: Any = _with_all(_Submission.text)


def submissions(session: ReadSession, me: Actor, wanted: WantedWork = WantedWork(), after: int = 0, limit: int = 50) -> list[SubmissionRow]:
    """A person's own work, and what was handed in where she may see the gradebook, by id, beginning after `after`. Two queries."""
    # A draft is nobody's business but its author's.
    seen = own_or_reached(_Submission, me, "grading.view", reached=_Submission.status != "draft")
    chosen = _LINES.where(*seen, *wanted.conditions(), _Submission.id > after)
    rows: Any = session.rows(chosen.order_by(_Submission.id).limit(limit)).all()
    files = files_of(session, [row.id for row in rows])
    return [_row(me, row, files.get(row.id, ())) for row in rows]


def submission(session: ReadSession, me: Actor, submission_id: int) -> SubmissionRow:
    """One attempt with its text, which the caller has loaded for this person. Two queries."""
    found: Any = session.rows(_WHOLE.where(_Submission.id == submission_id)).one()
    return _row(me, found[1:], files_of(session, [submission_id]).get(submission_id, ()), found[0])


def _row(me: Actor, row: Any, files: tuple[FileLine, ...], text: str | None = None) -> SubmissionRow:
    version, programme, course, cohort = row[-4:]
    may_mark = me.can("grading.grade", Scope(programme, course, cohort))
    values = [*row[:-4], version if may_mark else None, files, text]
    return SubmissionRow(*values)
