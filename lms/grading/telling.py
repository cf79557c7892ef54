"""Mails about work: the receipt of what was handed in, and what came back."""

from contextlib import suppress
from typing import Any

from lms.accounts.models import Person
from lms.courses.models import Activity, Cohort
from lms.grading import deadlines
from lms.grading.models import Grade, GradeItem, Submission
from lms.grading.work import files_of
from lms.kernel import i18n, mail
from lms.kernel.database import Session
from lms.kernel.errors import Invalid


def receipt(session: Session, cohort: Cohort, activity: Activity, submission: Submission) -> None:
    """Tell the person what was received, and when: names, sizes and digests of the files. Nothing for somebody without an address."""
    person = session.one(Person, submission.person_id)
    late = deadlines.late_by(submission.submitted_at, activity.due_at)
    with i18n.using(person.language):
        shown: dict[str, Any] = {
            "title": activity.title, "cohort": cohort.title, "attempt": submission.attempt, "words": submission.words,
            "submitted_at": submission.submitted_at, "late": deadlines.in_words(late),
            "files": files_of(session, [submission.id or 0]).get(submission.id or 0, ()),
            "path": f"/submissions/{submission.code}",
        }  # fmt: skip
        _send(session, person, "grading/mail/receipt", shown)


def returned(session: Session, cohort: Cohort, item: GradeItem, grade: Grade, person: Person, *, is_new: bool) -> None:
    """Tell the person that a grade can be seen, or that it has changed."""
    path = f"/learn/{cohort.code}/{item.activity_id}" if item.activity_id else "/grades"
    shown: dict[str, Any] = {
        "title": item.name, "cohort": cohort.title, "points": grade.points, "most": item.points, "feedback": grade.feedback,
        "is_new": is_new, "path": path,
    }  # fmt: skip
    _send(session, person, "grading/mail/returned", shown)


def _send(session: Session, person: Person, template: str, shown: dict[str, Any]) -> None:
    if not person.email or person.erased_at:
        return
    # An address that mail cannot be sent to must not cost the person her hand-in or her grade.
    with suppress(Invalid):
        name = person.given_name or person.family_name
        mail.send(session, person.email, template, person.language, name=name, zone=person.timezone, **shown)
