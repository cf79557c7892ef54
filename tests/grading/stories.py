"""Words that the stories of this folder share: a cohort with an assignment, people in it, and what they do in their browsers."""

import re
from collections.abc import Sequence
from decimal import Decimal
from html import unescape
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.courses.models import Activity, Cohort, Course, Module
from lms.enrollment import enrolling
from lms.enrollment.queries import enrolment_of
from lms.grading import items, marking, submitting
from lms.grading.models import Grade, GradeChange, Submission
from lms.kernel.campus import Campus
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from tests import factories
from tests.factories import actor_of, make_cohort, make_course, make_person

FORM = {"points": "20", "pass_points": "12"}


def make_assignment_course(
    campus: Campus, *, titles: Sequence[str] = ("Map of actors",), form: dict[str, Any] | None = None, **values: Any
) -> Course:
    """A course of one module with these assignments."""
    activities = tuple(
        {"title": t, "type": "assignment", "form": {**FORM, **(form or {})}, "completion": "submitted", **values} for t in titles
    )
    return make_course(campus, modules=1, activities=activities)


class Class:
    """A cohort with one assignment (or several), as the stories see it."""

    def __init__(self, campus: Campus, cohort: Cohort | None = None, *, dates: dict[str, Any] | None = None, **values: Any) -> None:
        self.campus = campus
        self.cohort = cohort or make_cohort(campus, make_assignment_course(campus, **values))
        with campus.database.reading() as session:
            of_cohort = select(Activity).where(Activity.cohort_id == self.cohort.id).order_by(Activity.position)  # type: ignore[arg-type]
            self.assignments: list[Activity] = list(session.scalars(of_cohort))
        if dates:
            self.set_dates(**dates)

    @property
    def assignment(self) -> Activity:
        """The first one."""
        return self.assignments[0]

    def set_dates(self, **dates: Any) -> None:
        """Due date and cut-off of the first assignment, whose module is open."""
        with self.campus.database.transaction() as session:
            activity = session.one(Activity, self.assignment.id)
            session.one(Module, activity.module_id).opens_at = None
            for name, value in dates.items():
                setattr(activity, name, value)
        self.assignments[0] = activity

    def trainee(self, status: str = "active", **values: Any) -> Person:
        """Somebody enrolled."""
        person = make_person(self.campus, **values)
        with self.campus.database.transaction() as session:
            enrolling.enrol(session, SYSTEM, self.cohort, person.id or 0)
        if status != "active":
            self.set_status(person, status)
        return person

    def set_status(self, person: Person, status: str) -> None:
        """What became of an enrolment."""
        with self.campus.database.transaction() as session:
            enrolment = enrolment_of(session, self.cohort.id or 0, person.id or 0)
            assert enrolment is not None
            enrolling.set_status(session, SYSTEM, enrolment.id or 0, status)

    def tutor(self, **values: Any) -> Person:
        """Somebody who looks after this cohort."""
        return make_person(self.campus, "tutor", scope=("cohort", self.cohort.id or 0), **{"given_name": "Vera", **values})

    def hand_in(
        self, person: Person, text: str = "Six actors and what moves them.", activity: Activity | None = None, **more: Any
    ) -> Submission:
        """The person hands in."""
        with self.campus.database.transaction() as session:
            return submitting.hand_in(session, actor_of(self.campus, person), activity or self.assignment, text, **more)

    def save_draft(self, person: Person, text: str = "Six actors", **more: Any) -> Submission:
        """The person saves a draft."""
        with self.campus.database.transaction() as session:
            return submitting.save_draft(session, actor_of(self.campus, person), self.assignment, text, **more)

    def mark(self, tutor: Person, submission: Submission, points: object = 16, feedback: str = "", version: int = 0) -> Grade:
        """The tutor marks."""
        with self.campus.database.transaction() as session:
            value = None if points is None else Decimal(str(points))
            return marking.save_grade(
                session, actor_of(self.campus, tutor), submission.id or 0, version=version, points=value, feedback=feedback
            )  # fmt: skip

    def release(self, tutor: Person, *grades: Grade) -> int:
        """The tutor releases these grades; without any, what is marked in the cohort."""
        with self.campus.database.transaction() as session:
            actor = actor_of(self.campus, tutor)
            if grades:
                return marking.release(session, actor, [grade.id or 0 for grade in grades])
            return marking.release_marked(session, actor, self.cohort)

    def column(self, tutor: Person, name: str = "Presentation", points: object = 10, weight: object = 1) -> int:
        """A column that is filled in by hand."""
        with self.campus.database.transaction() as session:
            actor = actor_of(self.campus, tutor)
            item = items.add_item(session, actor, self.cohort, name=name, points=Decimal(str(points)), weight=Decimal(str(weight)))
            return item.id or 0

    @property
    def url(self) -> str:
        """The page of the first assignment."""
        return f"/learn/{self.cohort.code}/{self.assignment.id}"

    @property
    def book_url(self) -> str:
        """The gradebook."""
        return f"/staff/cohorts/{self.cohort.code}/grades"


def submissions(campus: Campus) -> list[Submission]:
    """All attempts, in their order."""
    with campus.database.reading() as session:
        return list(session.scalars(select(Submission).order_by(Submission.id)))  # type: ignore[arg-type]


def grades(campus: Campus) -> list[Grade]:
    """All grades, in their order."""
    with campus.database.reading() as session:
        return list(session.scalars(select(Grade).order_by(Grade.id)))  # type: ignore[arg-type]


def changes(campus: Campus) -> list[GradeChange]:
    """The history of every grade, in its order."""
    with campus.database.reading() as session:
        return list(session.scalars(select(GradeChange).order_by(GradeChange.id)))  # type: ignore[arg-type]


def mails(campus: Campus, template: str = "") -> list[OutboxMessage]:
    """What was written about work (subjects beginning so), oldest first."""
    with campus.database.reading() as session:
        found = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))  # type: ignore[arg-type]
        return [mail for mail in found if mail.subject.startswith(template or ("Received", "Marked", "Your grade"))]


def browser_of(visit: Any, campus: Campus, person: Person) -> Any:
    """A browser in which the person has signed in."""
    return factories.sign_in(visit(), campus, person)


def fields(answer: Any, action: str) -> dict[str, Any]:
    """The fields of the form that goes to `action`, as a browser would send them: hidden ones, typed text, what is chosen."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
    assert found, f"no form for {action}"
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", found[1]):
        name, kind = _attribute(tag, "name"), _attribute(tag, "type")
        if name and kind not in ("file", "submit", "checkbox", "radio"):
            sent.setdefault(name, []).append(_attribute(tag, "value"))
    for attributes, text in re.findall(r"<textarea([^>]*)>\n?(.*?)</textarea>", found[1], re.DOTALL):
        sent.setdefault(_attribute(attributes, "name"), []).append(unescape(text))
    return sent


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def send(browser: Any, page: str, action: str, files: Any = None, **changed: Any) -> Any:
    """Open a page and send its form to `action` with these fields changed."""
    data = {**fields(browser.get(page), action), **changed}
    return browser.post(action, data=data, files=files)
