"""Courses from a file, and into one. A catalogue has hundreds of lines, so each goes through the service that staff's pages call."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from lms.accounts.models import Programme
from lms.accounts.queries import programme_default
from lms.courses import editing
from lms.courses.cells import by_code, difference, read_language, read_number, read_status
from lms.courses.models import COURSE_STATES, Course, Topic
from lms.courses.queries import courses_within
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Column, Fault, Importer, Incoming, Mode, Outcome, faults_of, mode_fault
from lms.kernel.permissions import Actor
from lms.kernel.references import in_use
from lms.kernel.reverting import CHANGED, GONE, USED, Reason
from lms.kernel.text import fold, tidy

# SQLModel types a column as its value; in a statement it is a column.
_Course: Any = Course
_Topic: Any = Topic
_Programme: Any = Programme

LIMITS = {"title": 200, "summary": 1000, "topic": 80}
MOST = {"weeks": 200, "hours": 5000}
FIELDS = ("title", "language", "summary", "weeks", "hours", "topic_id")
COLUMNS = (
    Column("code", N_("Code"), N_("Which course it is: letters, digits, dots and hyphens, for example POLI"), required=True),
    Column("title", N_("Title"), required=True),
    Column("language", N_("Language"), N_("For example es")),
    Column("topic", N_("Topic"), N_("Name of the topic; a new one is added")),
    Column("summary", N_("Summary"), N_("One or two sentences")),
    Column("weeks", N_("Weeks"), N_("A whole number")),
    Column("hours", N_("Hours"), N_("A whole number")),
    Column("programme", N_("Programme"), N_("Code of the programme; empty: the first one")),
    Column("status", N_("State"), N_("draft, published or archived; a new course is published where nothing is said")),
)


def take(session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
    """Add and change courses, each row where its programme allows it."""
    taking = _Taking(session, actor, rows, mode)
    return [taking.take(row) for row in rows]


class _Taking:
    """What the rows of one piece need to know."""

    def __init__(self, session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> None:
        self.session, self.actor, self.mode = session, actor, mode
        self.courses: dict[str, Course] = by_code(session, Course, (row.cells["code"] for row in rows))
        self.programmes: dict[str, int] = dict(session.rows(select(_Programme.code, _Programme.id)).all())
        self.topics: dict[str, int | None] = {}

    def take(self, row: Incoming) -> Outcome:
        """One row; what a refused one has written is undone."""
        values, faults = _read(row)
        stored = self.courses.get(row.cells["code"].casefold())
        if fault := mode_fault(self.mode, stored is not None, "code", row.cells["code"]):
            faults.append(fault)
        programme = self._programme(row, stored, faults)
        if faults:
            return Outcome(row.line, "rejected", tuple(faults))
        try:
            with self.session.attempt():
                if row.cells.get("topic"):
                    values["topic_id"] = self._topic(row.cells["topic"])
                return self._change(row, stored, values) if stored else self._add(row, programme, values)
        except Refused as refusal:
            return Outcome(row.line, "rejected", faults_of(refusal, row.cells, {}))

    def _programme(self, row: Incoming, stored: Course | None, faults: list[Fault]) -> int:
        named = row.cells.get("programme", "")
        if not named:
            return stored.programme_id if stored else programme_default(self.session).id or 0
        programme = self.programmes.get(named, 0)
        if not programme:
            faults.append(Fault("programme", named, N_("There is no programme with this code.")))
        elif stored and stored.programme_id != programme:
            faults.append(Fault("programme", named, N_("The course belongs to another programme, and stays there.")))
        return programme

    def _topic(self, name: str) -> int | None:
        if name not in self.topics:
            found = editing.topic(self.session, name)
            self.topics[name] = found.id if found else None
        return self.topics[name]

    def _add(self, row: Incoming, programme: int, values: dict[str, Any]) -> Outcome:
        status = values.pop("status", "published")
        course = editing.create_course(self.session, self.actor, code=row.cells["code"], programme_id=programme, **values)
        if status != course.status:
            editing.set_status(self.session, self.actor, course.id or 0, status)
        after = {"code": course.code, **state(course)}
        return Outcome(row.line, "created", changes=(Change("course", course.id or 0, None, after),))

    def _change(self, row: Incoming, course: Course, values: dict[str, Any]) -> Outcome:
        before = state(course)
        write(self.session, self.actor, course, values)
        old, new = difference(before, state(course))
        if not new:
            return Outcome(row.line, "unchanged")
        return Outcome(row.line, "updated", changes=(Change("course", course.id or 0, old, new),))


def state(course: Course) -> dict[str, Any]:
    """What a file can say of a course."""
    return {name: getattr(course, name) for name in (*FIELDS, "status")}


def write(session: Session, actor: Actor, course: Course, values: Mapping[str, Any]) -> None:
    """Save what differs, by the services. Raises Invalid, Forbidden, WrongMove."""
    changed = {name: values[name] for name in FIELDS if name in values and values[name] != getattr(course, name)}
    if changed:
        editing.save_course(session, actor, course.id or 0, course.version, changed)
    if values.get("status", course.status) != course.status:
        editing.set_status(session, actor, course.id or 0, values["status"])


def _read(row: Incoming) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name in ("title", "summary"):
        if text := tidy(row.cells.get(name, "")):
            values[name] = text
    for name, limit in LIMITS.items():
        if len(row.cells.get(name, "")) > limit:
            faults.append(Fault(name, row.cells[name], N_("At most {limit} characters.").format(limit=limit)))
    if "title" not in values or (row.cells.get("topic") and not fold(row.cells["topic"])):
        faults.append(Fault("title" if "title" not in values else "topic", "", N_("Please fill this in.")))
    for name, most in MOST.items():
        read_number(row, name, most, values, faults)
    read_language(row, values, faults)
    read_status(row, COURSE_STATES, values, faults)
    return values, faults


def give(session: ReadSession, actor: Actor) -> Iterator[Sequence[Any]]:
    """The courses that the actor edits, the oldest first."""
    columns: Any = (
        _Course.code, _Course.title, _Course.language, _Topic.name, _Course.summary, _Course.weeks, _Course.hours, _Programme.code,
        _Course.status,
    )  # fmt: skip
    statement: Any = (
        select(*columns)
        .outerjoin(Topic, _Topic.id == _Course.topic_id)
        .join(Programme, _Programme.id == _Course.programme_id)
        .where(courses_within(actor.reach("courses.edit")))
        .order_by(_Course.id)
    )
    for row in session.rows(statement):
        yield tuple(row)


def revert(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    """Take new courses away that nothing hangs on yet, and give others their old words."""
    return [_revert(session, actor, change) for change in changes]


def _revert(session: Session, actor: Actor, change: Change) -> Reason:
    identifier = int(change.identifier)
    course = session.get(Course, identifier)
    if course is None:
        return GONE
    now = {"code": course.code, **state(course)}
    if any(now[name] != value for name, value in change.after.items()):
        return CHANGED
    try:
        with session.attempt():
            if change.before is not None:
                write(session, actor, course, change.before)
            elif in_use(session, Course, [identifier]):
                return USED
            else:
                # The lock and the permission are those of saving.
                editing.save_course(session, actor, identifier, course.version, {})
                session.execute(delete(Course).where(_Course.id == identifier))
    except Refused as refusal:
        return refusal.sentence()
    return None


importer = Importer(
    name="courses",
    title=N_("Courses"),
    columns=COLUMNS,
    permission="courses.edit",
    take=take,
    give=give,
    revert=revert,
    weight=10,
    key=("code",),
)
