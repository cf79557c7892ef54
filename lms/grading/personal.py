"""A person's work and grades: taken along, or forgotten. Grades stay, because totals and certificates stand on them; words and files go."""

from typing import Any

from sqlalchemy import delete, select, update

from lms.courses.models import Activity, Cohort
from lms.grading import attachments
from lms.grading.models import Grade, GradeChange, GradeItem, Submission, SubmissionFile
from lms.grading.work import files_of
from lms.kernel.database import ReadSession, Session

# SQLModel types a column as its value; in a statement it is a column.
_Submission: Any = Submission
_SubmissionFile: Any = SubmissionFile
_Grade: Any = Grade
_Change: Any = GradeChange
_Item: Any = GradeItem
_Activity: Any = Activity
_Cohort: Any = Cohort


def export(session: ReadSession, person_id: int) -> dict[str, Any]:
    """What is kept about a person: her work, the grades she can see, and what she marked (without saying of whom)."""
    return {"submissions": _submissions(session, person_id), "grades": _grades(session, person_id), "marked": _marked(session, person_id)}


def _submissions(session: ReadSession, person_id: int) -> list[dict[str, Any]]:
    rows: Any = session.execute(
        select(_Submission.id, _Activity.title.label("assignment"), _Cohort.code.label("cohort"), _Submission.attempt, _Submission.status,
               _Submission.submitted_at, _Submission.updated_at, _Submission.text)
        .join(Activity, _Activity.id == _Submission.activity_id)
        .join(Cohort, _Cohort.id == _Submission.cohort_id)
        .where(_Submission.person_id == person_id)
        .order_by(_Submission.id)
    ).all()  # fmt: skip
    files = files_of(session, [row.id for row in rows])
    listed = {number: [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in found] for number, found in files.items()}
    return [{**{k: v for k, v in row._mapping.items() if k != "id"}, "files": listed.get(row.id, [])} for row in rows]


def _grades(session: ReadSession, person_id: int) -> list[dict[str, Any]]:
    rows: Any = session.execute(
        select(_Item.name.label("item"), _Cohort.code.label("cohort"), _Grade.points, _Item.points.label("most"), _Grade.feedback,
               _Grade.released_at)
        .join(GradeItem, _Item.id == _Grade.grade_item_id)
        .join(Cohort, _Cohort.id == _Item.cohort_id)
        .where(_Grade.person_id == person_id, _Grade.status == "released")
        .order_by(_Grade.id)
    )  # fmt: skip
    return [dict(row._mapping) for row in rows]


def _marked(session: ReadSession, person_id: int) -> list[dict[str, Any]]:
    rows: Any = session.execute(
        select(_Item.name.label("item"), _Cohort.code.label("cohort"), _Change.changed_at, _Change.status)
        .join(Grade, _Grade.id == _Change.grade_id)
        .join(GradeItem, _Item.id == _Grade.grade_item_id)
        .join(Cohort, _Cohort.id == _Item.cohort_id)
        .where(_Change.changed_by == person_id)
        .order_by(_Change.id)
    )
    return [dict(row._mapping) for row in rows]


def erase(session: Session, person_id: int) -> None:
    """Take out the words and files of a person's work, and the words that were said about it. Points stay."""
    mine = select(_Submission.id).where(_Submission.person_id == person_id)
    held = list(session.scalars(select(_SubmissionFile.file_id).where(_SubmissionFile.submission_id.in_(mine)).distinct()))
    session.execute(delete(SubmissionFile).where(_SubmissionFile.submission_id.in_(mine)))
    attachments.forget(session, held)
    session.execute(update(Submission).where(_Submission.person_id == person_id).values(text="", words=0))
    session.execute(update(Grade).where(_Grade.person_id == person_id).values(feedback="", feedback_html=""))
    graded = select(_Grade.id).where(_Grade.person_id == person_id)
    session.execute(update(GradeChange).where(_Change.grade_id.in_(graded), _Change.feedback != "").values(feedback=""))
