"""Which cohort a course of another system means, and its teachers as tutors."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, or_, select

from lms.accounts.models import Person
from lms.courses import cohorts
from lms.courses.models import Cohort, Course
from lms.imports.moodle import Part, Understood
from lms.kernel.clock import today
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_, LazyText, _
from lms.kernel.importing import Change, Fault, Outcome
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Cohort: Any = Cohort
_Course: Any = Course
_Person: Any = Person

TUTOR = "tutor"
"""Kind of the change that makes somebody tutor of a cohort."""
NO_COHORT = N_("There is no cohort with this code, and no course of this code with a running cohort.")
NOBODY = N_("Nobody with this address is known here yet.")


def place(session: ReadSession, lines: Sequence[Understood]) -> None:
    """Put the code of a cohort where a line names a course: the cohort with this code, else the one running cohort of the course.

    Two questions for all lines. A line with a name that leads nowhere, or to several, gets a fault.
    """
    wanted = {part.cells["cohort"].strip().lower() for line in lines for part in line.parts}
    direct = {code.lower(): code for code in session.scalars(select(_Cohort.code).where(func.lower(_Cohort.code).in_(wanted)))}
    running = _running(session, wanted - direct.keys())
    for line in lines:
        for number, part in enumerate(line.parts):
            name = part.cells["cohort"].strip()
            codes = [direct[name.lower()]] if name.lower() in direct else running.get(name.lower(), [])
            if len(codes) == 1:
                line.parts[number] = replace(part, cells={**part.cells, "cohort": codes[0]})
            else:
                line.faults.append(Fault(part.found.get("cohort", "cohort"), name, _several(codes) if codes else NO_COHORT))


def _several(codes: Sequence[str]) -> str:
    return _("This course has several running cohorts: {codes}. Please write the code of one.").format(codes=", ".join(codes[:10]))


def _running(session: ReadSession, courses: set[str]) -> dict[str, list[str]]:
    """The codes of the running cohorts of courses, by the course's code in lower case."""
    asking = (
        select(func.lower(_Course.code), _Cohort.code)
        .join(Course, _Course.id == _Cohort.course_id)
        .where(func.lower(_Course.code).in_(courses), _Cohort.status == "published")
        .where(or_(_Cohort.ends_on.is_(None), _Cohort.ends_on >= today()))
        .order_by(_Cohort.code)
    )
    found: dict[str, list[str]] = defaultdict(list)
    rows: Any = session.execute(asking)
    for course, cohort in rows:
        found[course].append(cohort)
    return found


def add_tutors(session: Session, actor: Actor, parts: Sequence[tuple[int, Part]]) -> list[Outcome]:
    """Make the people of these parts tutors of their cohorts; an outcome for each."""
    emails = {part.cells["email"].strip().lower() for _number, part in parts}
    codes = {part.cells["cohort"] for _number, part in parts}
    known: Any = session.execute(select(_Person.email, _Person.id).where(_Person.email.in_(emails), _Person.erased_at.is_(None)))
    people: dict[str, int] = dict(known.all())
    there: dict[str, Cohort] = {each.code: each for each in session.scalars(select(Cohort).where(_Cohort.code.in_(codes)))}
    return [_add_tutor(session, actor, number, part, people, there) for number, part in parts]


def _add_tutor(session: Session, actor: Actor, number: int, part: Part, people: dict[str, int], there: dict[str, Cohort]) -> Outcome:
    cohort, person_id = there[part.cells["cohort"]], people.get(part.cells["email"].strip().lower())
    if person_id is None:
        return Outcome(number, "rejected", (Fault("email", part.cells["email"], NOBODY),))
    try:
        is_new = cohorts.add_tutor(session, actor, cohort, person_id)
    except Refused as refusal:
        return Outcome(number, "rejected", (Fault("cohort", cohort.code, refusal.sentence()),))
    if not is_new:
        return Outcome(number, "unchanged")
    return Outcome(number, "created", changes=(Change(TUTOR, f"{cohort.id}:{person_id}", None, {"cohort": cohort.code}, person_id),))


def remove_tutors(session: Session, actor: Actor, changes: Sequence[Change]) -> list[LazyText | str | None]:
    """Take back what `add_tutors` did; answers as `Revert` does."""
    return [_remove_tutor(session, actor, change) for change in changes]


def _remove_tutor(session: Session, actor: Actor, change: Change) -> str | None:
    cohort_id, _colon, person_id = str(change.identifier).partition(":")
    cohort = session.get(Cohort, int(cohort_id))
    if cohort is None:
        return None
    try:
        cohorts.remove_tutor(session, actor, cohort, int(person_id))
    except Refused as refusal:
        return refusal.sentence()
    return None
