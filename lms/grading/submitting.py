"""Work on an assignment: saved as a draft, handed in, handed in again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from lms.accounts.models import Person
from lms.courses import completion
from lms.courses.models import Activity, Cohort
from lms.enrollment.queries import enrolment_of
from lms.grading import attachments, telling, work
from lms.grading.events import SubmissionHandedIn
from lms.grading.models import Assignment, Submission, SubmissionFile
from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from lms.kernel.i18n import N_, format_datetime, format_number
from lms.kernel.permissions import Actor, require
from lms.kernel.storage import StoredFile
from lms.kernel.text import random_code, tidy_lines

# SQLModel types a column as its value; in a statement it is a column.
_Submission: Any = Submission
_SubmissionFile: Any = SubmissionFile
_StoredFile: Any = StoredFile
_Person: Any = Person

MOST_CHARACTERS = 200_000


class NotTaken(Forbidden):
    """Work is not taken now, or not from this person; the message says why."""


class NothingToHandIn(Refused):
    """There is neither text nor a file."""

    status = 422
    message = N_("There is nothing to hand in yet: write something or add a file.")


class ChangedElsewhere(Conflict):
    """The same work was saved in another window, or on another device, since this form was opened."""

    message = N_("This work was saved in another window on {date}. Nothing was overwritten: what you typed here is still below.")

    def __init__(self, saved_at: datetime, zone: str, present: Mapping[str, Any]) -> None:
        super().__init__(self.message, date=format_datetime(saved_at, zone))
        self.present = present


@dataclass
class _Desk:
    """What lies before a person who works on an assignment: held against other windows until the transaction ends."""

    actor: Actor
    person_id: int
    cohort: Cohort
    activity: Activity
    assignment: Assignment
    draft: Submission | None
    latest: Submission | None

    @property
    def present(self) -> Submission | None:
        return self.draft or self.latest


def save_draft(
    session: Session,
    actor: Actor,
    activity: Activity,
    text: str = "",
    files: Sequence[StoredFile] = (),
    *,
    keep: Collection[int] | None = None,
    version: int | None = None,
) -> Submission:
    """Keep work that is not handed in yet.

    `files` are new ones. `keep` are the ids of the stored files that stay, of the draft or of the attempt before it; None: those of the
    draft. `version` is the one that was read, 0 for none; None: whatever there is. Raises NotTaken, ChangedElsewhere, Invalid, NotFound.
    """
    desk = _sit_down(session, actor, activity)
    text = clean_text(text)
    if desk.draft and _is_the_same(session, desk.draft, text, files, keep):
        _drop(session, [file.id or 0 for file in files])
        return desk.draft
    _check_version(session, desk, version)
    return _write(session, desk, text, files, keep)


def hand_in(
    session: Session,
    actor: Actor,
    activity: Activity,
    text: str = "",
    files: Sequence[StoredFile] = (),
    *,
    keep: Collection[int] | None = None,
    version: int | None = None,
) -> Submission:
    """Hand in: the next attempt, with a receipt by mail. Exactly what was handed in last, sent once more, is the same attempt.

    Arguments as of `save_draft`. Raises NotTaken, ChangedElsewhere, NothingToHandIn, Invalid, NotFound.
    """
    desk = _sit_down(session, actor, activity)
    text = clean_text(text)
    if desk.latest and not desk.draft and _is_the_same(session, desk.latest, text, files, keep):
        _drop(session, [file.id or 0 for file in files])
        return desk.latest
    _check_version(session, desk, version)
    submission = _write(session, desk, text, files, keep)
    if not submission.text and not _files(session, submission):
        raise NothingToHandIn()
    _turn_in(session, desk, submission)
    completion.record(session, desk.person_id, activity, "submitted")
    telling.receipt(session, desk.cohort, activity, submission)
    session.emit(SubmissionHandedIn(submission.id or 0, activity.id or 0, desk.person_id, desk.cohort.id or 0))
    return submission


def clean_text(text: str) -> str:
    """Text as it is kept, where it is not too long. Raises Invalid."""
    kept = tidy_lines(text)
    if len(kept) > MOST_CHARACTERS:
        raise Invalid({"text": N_("At most {most} characters.").format(most=format_number(MOST_CHARACTERS))})
    return kept


def may_hand_in(session: ReadSession, actor: Actor, activity: Activity) -> tuple[Cohort, Assignment]:
    """The cohort and the assignment's settings, where this person can hand in now. Raises NotFound, Forbidden, NotTaken."""
    assignment = session.get(Assignment, activity.id)
    if activity.cohort_id is None or not activity.published or assignment is None:
        raise NotFound()
    cohort = session.one(Cohort, activity.cohort_id)
    require(actor, "grading.submit", cohort.scope)
    door = work.door(session, actor, cohort, activity, enrolment_of(session, activity.cohort_id, actor.id or 0))
    if not door.is_open:
        raise NotTaken(door.reason)
    return cohort, assignment


def _sit_down(session: Session, actor: Actor, activity: Activity) -> _Desk:
    cohort, assignment = may_hand_in(session, actor, activity)
    person_id = actor.id or 0
    # One window at a time for each person: a first attempt has no row yet that could be held. (NO KEY UPDATE: rows may refer to her.)
    session.scalar(select(_Person.id).where(_Person.id == person_id).with_for_update(key_share=True))
    mine = (_Submission.activity_id == activity.id, _Submission.person_id == person_id)
    fresh = select(Submission).where(*mine, _Submission.latest | (_Submission.status == "draft")).execution_options(populate_existing=True)
    rows: list[Submission] = list(session.scalars(fresh))
    draft = next((row for row in rows if row.status == "draft"), None)
    return _Desk(actor, person_id, cohort, activity, assignment, draft, next((row for row in rows if row.latest), None))


def _check_version(session: ReadSession, desk: _Desk, version: int | None) -> None:
    present = desk.present
    if version is None or version == (present.version if present else 0):
        return
    stands = {"version": present.version if present else 0, "text": present.text if present else "", "files": _files(session, present)}
    raise ChangedElsewhere(present.updated_at if present else clock.now(), desk.actor.timezone, stands)


def _write(session: Session, desk: _Desk, text: str, added: Sequence[StoredFile], keep: Collection[int] | None) -> Submission:
    if text and not desk.assignment.allow_text:
        raise Invalid({"text": N_("This assignment takes files only.")})
    kept = _kept(session, desk, keep)
    attachments.check(desk.assignment, [(file.name, file.size) for file in added], len(kept))
    submission = desk.draft or _begin(session, desk)
    submission.text, submission.words = text, len(text.split())
    submission.version += 1
    submission.updated_at = clock.now()
    session.flush()
    _attach(session, submission, [*kept, *(file.id or 0 for file in added)])
    return submission


def _begin(session: Session, desk: _Desk) -> Submission:
    """The attempt to come. Its version counts on from the one before: whoever has read that one has read the last."""
    now, latest = clock.now(), desk.latest
    return session.add(
        Submission(
            code=random_code(), activity_id=desk.activity.id or 0, cohort_id=desk.cohort.id or 0, person_id=desk.person_id,
            attempt=latest.attempt + 1 if latest else 1, version=latest.version if latest else 0, created_at=now, updated_at=now,
        )
    )  # fmt: skip


def _turn_in(session: Session, desk: _Desk, submission: Submission) -> None:
    if desk.latest:
        desk.latest.latest = False
        session.flush()  # there is never more than one
    submission.status, submission.submitted_at, submission.latest = "submitted", clock.now(), True
    session.flush()


def _files(session: ReadSession, submission: Submission | None) -> list[int]:
    if submission is None:
        return []
    mine = select(_SubmissionFile.file_id).where(_SubmissionFile.submission_id == submission.id)
    return list(session.scalars(mine.order_by(_SubmissionFile.position, _SubmissionFile.id)))


def _kept(session: ReadSession, desk: _Desk, keep: Collection[int] | None) -> list[int]:
    """The files that stay, in their order. Raises NotFound for one that is not the person's own here."""
    if keep is None:
        return _files(session, desk.draft)
    own = _files(session, desk.present)
    if not set(keep) <= set(own):
        raise NotFound()
    return [file_id for file_id in own if file_id in keep]


def _attach(session: Session, submission: Submission, file_ids: Sequence[int]) -> None:
    before = _files(session, submission)
    gone = [file_id for file_id in before if file_id not in file_ids]
    session.execute(delete(SubmissionFile).where(_SubmissionFile.submission_id == submission.id, _SubmissionFile.file_id.in_(gone)))
    new = [(place, file_id) for place, file_id in enumerate(file_ids) if file_id not in before]
    session.add_all([SubmissionFile(submission_id=submission.id or 0, file_id=file_id, position=place) for place, file_id in new])
    _drop(session, gone)


def _drop(session: Session, file_ids: Iterable[int]) -> None:
    """Forget the files that no attempt holds any more."""
    wanted = set(file_ids)
    held = set(session.scalars(select(_SubmissionFile.file_id).where(_SubmissionFile.file_id.in_(wanted))))
    attachments.forget(session, wanted - held)


def _is_the_same(session: ReadSession, present: Submission, text: str, added: Sequence[StoredFile], keep: Collection[int] | None) -> bool:
    """Whether this is what is there already: a button pressed twice, or a request sent again over a bad line."""
    there = {row.id: (row.name, row.sha256) for row in attachments.of_submission(session, present.id or 0)}
    if keep is None:
        keep = [file_id or 0 for file_id in there] if present.status == "draft" else []
    sent = [there.get(file_id, ("", "")) for file_id in keep] + [(file.name, file.sha256) for file in added]
    return present.text == text and sorted(sent) == sorted(there.values())
