"""Writes down what people did in a cohort, in the state in which the services would have left it: enrolments with numbered places and
roles, progress, attempts, grades with their history. In bulk, because one service call for each deed would take minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache

from lms.accounts.models import Person
from lms.courses.models import Progress
from lms.demo import telling
from lms.demo.attending import Task, Turn, Way
from lms.demo.invention import fixed_code
from lms.demo.plan import Seat
from lms.demo.rooms import Room
from lms.demo.writing import Author
from lms.enrollment.models import Enrolment
from lms.grading.models import Grade, GradeChange, Submission
from lms.kernel import richtext
from lms.kernel.database import Session
from lms.kernel.permissions import RoleGrant

LEARNING = ("active", "completed", "failed")
"""Endings with which a trainee keeps the role."""
_html = cache(richtext.render)


@dataclass
class Ledger:
    """What is written of one cohort. Nothing that happens after `now` is."""

    room: Room
    now: datetime
    staff: Person
    enrolments: list[Enrolment] = field(default_factory=list)
    grants: list[RoleGrant] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    grades: list[tuple[Grade, Submission]] = field(default_factory=list)
    changes: list[tuple[GradeChange, Grade]] = field(default_factory=list)

    def enter(self, seat: Seat, person: Person, way: Way, method: str) -> None:
        """Write down a person's way."""
        for task in self.room.tasks:
            turns = [turn for turn in way.turns.get(task.activity_id, ()) if turn.begun_at <= self.now]
            self._note_progress(person, task, way.seen.get(task.activity_id), turns)
            if turns:
                self._note_work(Author(seat.person, self.room.delivery.language), person, task, turns)
        self._enrol(seat, person, way, method)

    def close(self, session: Session) -> None:
        """Write it into the database: what others refer to comes first."""
        for rows in (self.enrolments, self.grants, self.progress, self.submissions):
            session.add_all(rows)
        for grade, submission in self.grades:
            grade.submission_id = submission.id
        session.add_all([grade for grade, _submission in self.grades])
        for change, grade in self.changes:
            change.grade_id = grade.id or 0
        session.add_all([change for change, _grade in self.changes])
        telling.tell(session, self.room, [grade for grade, _submission in self.grades], self.now)

    def _enrol(self, seat: Seat, person: Person, way: Way, method: str) -> None:
        has_place, person_id, cohort_id = seat.ending != "withdrawn", person.id or 0, self.room.cohort.id or 0
        self.enrolments.append(
            Enrolment(
                cohort_id=cohort_id, person_id=person_id, status=seat.ending, method=method, enrolled_at=way.enrolled_at,
                place=1 + sum(enrolment.place is not None for enrolment in self.enrolments) if has_place else None,
                completed_at=self._completed_at(person_id) if seat.ending == "completed" else None, withdrawn_at=way.withdrawn_at,
            )
        )  # fmt: skip
        if seat.ending in LEARNING:
            self.grants.append(
                RoleGrant(
                    person_id=person_id, role="trainee", scope_kind="cohort", scope_id=cohort_id, given_at=way.enrolled_at,
                    given_by=person_id if method == "self" else self.staff.id,
                )
            )  # fmt: skip

    def _completed_at(self, person_id: int) -> datetime:
        required = {task.activity_id for task in self.room.tasks if task.is_required}
        mine = [row for row in self.progress if row.person_id == person_id and row.activity_id in required]
        done = [row.completed_at for row in mine if row.completed_at]
        if len(done) < len(required):
            raise ValueError(f"{self.room.delivery.code}: a person has completed less than everything")
        return max(done)

    def _note_progress(self, person: Person, task: Task, seen: datetime | None, turns: Sequence[Turn]) -> None:
        if seen is None or seen > self.now:
            return
        done = _done_at(task, seen, turns, self._pass_points(task))
        self.progress.append(
            Progress(
                person_id=person.id or 0, activity_id=task.activity_id, cohort_id=self.room.cohort.id or 0, viewed_at=seen,
                completed_at=done if done and done <= self.now else None,
            )
        )  # fmt: skip

    def _pass_points(self, task: Task) -> Decimal:
        return self.room.columns[task.activity_id].pass_points if task.is_exercise else Decimal(0)

    def _note_work(self, author: Author, person: Person, task: Task, turns: Sequence[Turn]) -> None:
        handed_in = [turn for turn in turns if turn.handed_in_at <= self.now]
        for number, turn in enumerate(turns, 1):
            submission = self._submission(author, person, task, turn, number)
            submission.latest = number == len(handed_in)
            self.submissions.append(submission)
        marked = [(number, turn) for number, turn in enumerate(handed_in) if turn.marked_at <= self.now]
        if marked:
            self._note_grade(author, person, task, [turn for _number, turn in marked], self.submissions[marked[-1][0] - len(turns)])

    def _submission(self, author: Author, person: Person, task: Task, turn: Turn, number: int) -> Submission:
        is_in = turn.handed_in_at <= self.now
        written = author.exercise(self.room.delivery.course, task.part.week, task.part.least, number) if is_in else author.draft()
        return Submission(
            code=fixed_code("submission", self.room.delivery.code, author.person.email, task.part.name, number),
            activity_id=task.activity_id, cohort_id=self.room.cohort.id or 0, person_id=person.id or 0, attempt=number, version=number,
            status="submitted" if is_in else "draft", text=written, words=len(written.split()), created_at=turn.begun_at,
            updated_at=turn.handed_in_at if is_in else turn.begun_at, submitted_at=turn.handed_in_at if is_in else None,
        )  # fmt: skip

    def _note_grade(self, author: Author, person: Person, task: Task, turns: Sequence[Turn], submission: Submission) -> None:
        tutor = self.room.tutors[(person.id or 0) % len(self.room.tutors)]
        column = self.room.columns[task.activity_id]
        grade = Grade(grade_item_id=column.id or 0, person_id=person.id or 0, version=0, graded_by=tutor.id, graded_at=turns[0].marked_at)
        for turn in turns:
            grade.points, grade.feedback = Decimal(turn.points), author.feedback(turn.points, task.part.week)
            grade.graded_at = turn.marked_at
            if grade.status == "released":  # and stays so
                grade.released_at = turn.marked_at
            self._change(grade, tutor, turn.marked_at)
            if grade.status == "marked" and turn.released_at <= self.now:
                grade.status, grade.released_at = "released", turn.released_at
                self._change(grade, tutor, turn.released_at)
        grade.feedback_html = _html(grade.feedback)
        self.grades.append((grade, submission))

    def _change(self, grade: Grade, tutor: Person, at: datetime) -> None:
        grade.version += 1
        change = GradeChange(
            grade_id=0, version=grade.version, points=grade.points, feedback=grade.feedback, status=grade.status, changed_by=tutor.id,
            changed_at=at,
        )  # fmt: skip
        self.changes.append((change, grade))


def _done_at(task: Task, seen: datetime, turns: Sequence[Turn], pass_points: Decimal) -> datetime | None:
    """When the activity's rule was met."""
    if task.completion == "viewed":
        return seen
    if task.completion == "submitted":
        return turns[0].handed_in_at if turns else None
    return next((turn.released_at for turn in turns if turn.points >= pass_points), None)
