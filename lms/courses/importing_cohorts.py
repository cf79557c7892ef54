"""Cohorts from a file, and into one. Each is made by the service that staff's pages call, with its own copy of the course."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from lms.accounts import people
from lms.accounts.models import Person, Region
from lms.courses import cohorts
from lms.courses.cells import by_code, difference, read_language, read_number, read_status
from lms.courses.models import COHORT_STATES, Activity, Cohort, CohortRegion, Course, Module
from lms.courses.queries import cohorts_within
from lms.kernel.database import ReadSession, Session
from lms.kernel.days import read_day
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Column, Fault, Importer, Incoming, Mode, Outcome, faults_of, mode_fault, plain
from lms.kernel.permissions import Actor, RoleGrant, require
from lms.kernel.references import in_use
from lms.kernel.reverting import CHANGED, GONE, USED, Reason
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Cohort: Any = Cohort
_Course: Any = Course
_Region: Any = Region
_Person: Any = Person
_CohortRegion: Any = CohortRegion
_Module: Any = Module
_Activity: Any = Activity
_RoleGrant: Any = RoleGrant

DAY = re.compile(r"\d{4}-\d\d-\d\d")
BETWEEN = re.compile(r"[\s,;]+")
TITLE_LIMIT = 200
MOST_SEATS = 1_000_000
OWN_PARTS = ("module", "activity", "cohort_region", "grade_item")
"""What a cohort is made with; columns of the gradebook that came with its activities go with them."""
FIELDS = ("title", "language", "starts_on", "ends_on", "seats")
IN_FILE = {"starts_on": "starts", "ends_on": "ends", "regions": "region"}
COLUMNS = (
    Column("code", N_("Code"), N_("Which cohort it is: letters, digits, dots and hyphens, for example POLI-2026-LA"), required=True),
    Column("course", N_("Course"), N_("Code of its course"), required=True),
    Column("title", N_("Title"), required=True),
    Column("region", N_("Regions"), N_("Codes of regions, with spaces between; they replace those known")),
    Column("language", N_("Language"), N_("For example es; empty: that of the course")),
    Column("starts", N_("First day"), N_("A date such as 2026-03-31")),
    Column("ends", N_("Last day"), N_("A date such as 2026-06-30")),
    Column("seats", N_("Places"), N_("A whole number; empty: as many as come")),
    Column("tutors", N_("Tutors"), N_("E-mail addresses of people who are known, with spaces between; those known stay tutors")),
    Column("status", N_("State"), N_("draft, published or closed; a new cohort is published where nothing is said")),
)


def take(session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
    """Add and change cohorts, each row where its course allows it."""
    taking = _Taking(session, actor, rows, mode)
    return [taking.take(row) for row in rows]


class _Taking:
    """What the rows of one piece need to know."""

    def __init__(self, session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> None:
        self.session, self.actor, self.mode = session, actor, mode
        self.cohorts: dict[str, Cohort] = by_code(session, Cohort, (row.cells["code"] for row in rows))
        self.courses: dict[str, Course] = by_code(session, Course, (row.cells["course"] for row in rows))
        self.regions: dict[str, int] = dict(session.rows(select(_Region.code, _Region.id)).all())
        addresses = {address for row in rows for address in _tutors(row)}
        found = session.rows(select(_Person.email, _Person.id).where(_Person.email.in_(addresses)))
        self.people: dict[str, int] = dict(found.all())
        ids = [cohort.id for cohort in self.cohorts.values()]
        self.held = _regions_of(session, ids)
        self.tutors = {
            (row.scope_id, row.person_id)
            for row in session.rows(
                select(_RoleGrant.scope_id, _RoleGrant.person_id).where(
                    _RoleGrant.role == "tutor", _RoleGrant.scope_kind == "cohort", _RoleGrant.scope_id.in_(ids)
                )
            )
        }

    def take(self, row: Incoming) -> Outcome:
        """One row; what a refused one has written is undone."""
        values, faults = _read(row)
        cohort = self.cohorts.get(row.cells["code"].casefold())
        course = self.courses.get(row.cells["course"].casefold())
        if fault := mode_fault(self.mode, cohort is not None, "code", row.cells["code"]):
            faults.append(fault)
        if course is None:
            faults.append(Fault("course", row.cells["course"], N_("There is no course with this code.")))
        elif cohort and cohort.course_id != course.id:
            faults.append(Fault("course", row.cells["course"], N_("The cohort belongs to another course, and stays there.")))
        regions = self._regions(row, faults)
        if faults or course is None:
            return Outcome(row.line, "rejected", tuple(faults))
        try:
            with self.session.attempt():
                if cohort is None:
                    outcome = self._add(row, course, values, regions)
                else:
                    outcome = self._change(row, cohort, values, regions)
        except Refused as refusal:
            return Outcome(row.line, "rejected", faults_of(refusal, row.cells, IN_FILE))
        return outcome

    def _regions(self, row: Incoming, faults: list[Fault]) -> list[int]:
        codes = [code for code in BETWEEN.split(row.cells.get("region", "")) if code]
        faults += [Fault("region", code, N_("There is no region with this code.")) for code in codes if code not in self.regions]
        return sorted({self.regions[code] for code in codes if code in self.regions})

    def _add(self, row: Incoming, course: Course, values: dict[str, Any], regions: list[int]) -> Outcome:
        status = values.pop("status", "draft" if course.status == "draft" else "published")
        if status != "draft" and course.status == "draft":
            raise cohorts.CourseIsDraft()
        cohort = cohorts.create(
            self.session, self.actor, self.session.hub.activity_types, course, code=row.cells["code"], status=status, regions=regions,
            **values,
        )  # fmt: skip
        added, notes = self._add_tutors(row, cohort)
        after = {"code": cohort.code, **state(cohort, regions), "tutors": added}
        return Outcome(row.line, "created", notes=notes, changes=(Change("cohort", cohort.id or 0, None, after),))

    def _change(self, row: Incoming, cohort: Cohort, values: dict[str, Any], regions: list[int]) -> Outcome:
        held = self.held.get(cohort.id or 0, [])
        before = state(cohort, held)
        write(self.session, self.actor, cohort, {**values, **({"regions": regions} if regions else {})}, held)
        old, new = difference(before, state(cohort, regions or held))
        added, notes = self._add_tutors(row, cohort)
        if not new and not added:
            return Outcome(row.line, "unchanged", notes=notes)
        return Outcome(row.line, "updated", notes=notes, changes=(Change("cohort", cohort.id or 0, old, new | {"tutors": added}),))

    def _add_tutors(self, row: Incoming, cohort: Cohort) -> tuple[list[int], tuple[Fault, ...]]:
        added: list[int] = []
        notes: list[Fault] = []
        for address in _tutors(row):
            person_id = self.people.get(address)
            if person_id is None:
                notes.append(Fault("tutors", address, N_("Nobody with this address is known yet: import people, then this file again.")))
            elif (cohort.id, person_id) not in self.tutors:
                cohorts.add_tutor(self.session, self.actor, cohort, person_id)
                added.append(person_id)
        return added, tuple(notes)


def _regions_of(session: ReadSession, cohort_ids: Sequence[int | None]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    columns: Any = (_CohortRegion.cohort_id, _CohortRegion.region_id)
    for cohort_id, region_id in session.rows(select(*columns).where(_CohortRegion.cohort_id.in_(cohort_ids)).order_by(*columns)):
        found.setdefault(cohort_id, []).append(region_id)
    return found


def _tutors(row: Incoming) -> list[str]:
    return [people.address(text) or "" for text in dict.fromkeys(BETWEEN.split(row.cells.get("tutors", ""))) if text]


def _read(row: Incoming) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {"title": tidy(row.cells["title"])}
    faults: list[Fault] = []
    if not values["title"] or len(values["title"]) > TITLE_LIMIT:
        faults.append(Fault("title", row.cells["title"], N_("From 1 to {limit} characters.").format(limit=TITLE_LIMIT)))
    read_language(row, values, faults)
    read_number(row, "seats", MOST_SEATS, values, faults)
    for field in ("starts_on", "ends_on"):
        _read_day(row, field, values, faults)
    read_status(row, COHORT_STATES, values, faults)
    return values, faults


def _read_day(row: Incoming, field: str, values: dict[str, Any], faults: list[Fault]) -> None:
    text = row.cells.get(IN_FILE[field], "")
    if not text:
        return
    values[field] = day = read_day(text)
    # What else a day can be written as, such as 20260331, is more often a mistake than a date.
    if day is None or not DAY.fullmatch(text) or not 1950 <= day.year <= 2200:
        faults.append(Fault(IN_FILE[field], text, N_("Please write a date as year-month-day, for example 2026-03-31.")))


def state(cohort: Cohort, regions: Sequence[int]) -> dict[str, Any]:
    """What a file can say of a cohort, as JSON holds it."""
    return plain({name: getattr(cohort, name) for name in (*FIELDS, "status")} | {"regions": sorted(regions)})


def write(session: Session, actor: Actor, cohort: Cohort, values: Mapping[str, Any], held: Sequence[int]) -> None:
    """Save what differs, by the services. Raises Invalid, Forbidden, WrongMove, and what guards raise."""
    changed = {name: values[name] for name in FIELDS if name in values and values[name] != getattr(cohort, name)}
    regions = values.get("regions", held)
    if changed or sorted(regions) != sorted(held):
        cohorts.save(session, actor, cohort.id or 0, changed, regions=regions)
    if values.get("status", cohort.status) != cohort.status:
        cohorts.set_status(session, actor, cohort.id or 0, values["status"])


def give(session: ReadSession, actor: Actor) -> Iterator[Sequence[Any]]:
    """The cohorts that the actor runs, the oldest first."""
    columns: Any = (
        _Cohort.id, _Cohort.code, _Course.code.label("course"), _Cohort.title, _Cohort.language, _Cohort.starts_on, _Cohort.ends_on,
        _Cohort.seats, _Cohort.status,
    )  # fmt: skip
    statement: Any = select(*columns).join(Course, _Course.id == _Cohort.course_id)
    rows = session.rows(statement.where(cohorts_within(actor.reach("courses.run"))).order_by(_Cohort.id)).all()
    codes: dict[int, str] = dict(session.rows(select(_Region.id, _Region.code)).all())
    regions = _regions_of(session, [row.id for row in rows])
    tutors: dict[int, list[str]] = {}
    held = select(_RoleGrant.scope_id, _Person.email).join(Person, _Person.id == _RoleGrant.person_id)
    for cohort_id, email in session.rows(held.where(_RoleGrant.role == "tutor", _RoleGrant.scope_kind == "cohort").order_by(_RoleGrant.id)):
        tutors.setdefault(cohort_id, []).append(email or "")
    for row in rows:
        named = " ".join(codes[region] for region in regions.get(row.id, ()))
        yield (
            row.code, row.course, row.title, named, row.language, row.starts_on, row.ends_on, row.seats,
            " ".join(filter(None, tutors.get(row.id, ()))), row.status,
        )  # fmt: skip


def revert(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    """Take new cohorts away that nobody is in and nobody has worked on, and give others their old values."""
    return [_revert(session, actor, change) for change in changes]


def _revert(session: Session, actor: Actor, change: Change) -> Reason:
    cohort = session.get(Cohort, int(change.identifier))
    if cohort is None:
        return GONE
    held = _regions_of(session, [cohort.id]).get(cohort.id or 0, [])
    now = {"code": cohort.code, **state(cohort, held)}
    if any(now[name] != value for name, value in change.after.items() if name != "tutors"):
        return CHANGED
    try:
        with session.attempt():
            if change.before is None:
                return _take_away(session, actor, cohort)
            days = {name: date.fromisoformat(value) for name, value in change.before.items() if name in ("starts_on", "ends_on") and value}
            write(session, actor, cohort, {**change.before, **days}, held)
            for person_id in change.after["tutors"]:
                cohorts.remove_tutor(session, actor, cohort, person_id)
    except Refused as refusal:
        return refusal.sentence()
    return None


def _take_away(session: Session, actor: Actor, cohort: Cohort) -> Reason:
    require(actor, "courses.run", cohort.scope)
    if in_use(session, Cohort, [cohort.id or 0], besides=OWN_PARTS):
        return USED
    for part in (_Module, _Activity):
        if session.scalar(select(part.id).where(part.cohort_id == cohort.id, part.version > 1).limit(1)) is not None:
            return CHANGED
    # Whatever else hangs on an activity or a column of the gradebook is kept by the database, which then refuses.
    for table in (_Activity, _Module, _CohortRegion):
        session.execute(delete(table).where(table.cohort_id == cohort.id))
    session.execute(delete(RoleGrant).where(_RoleGrant.scope_kind == "cohort", _RoleGrant.scope_id == cohort.id))
    session.execute(delete(Cohort).where(_Cohort.id == cohort.id))
    return None


importer = Importer(
    name="cohorts",
    title=N_("Cohorts"),
    columns=COLUMNS,
    permission="courses.run",
    take=take,
    give=give,
    revert=revert,
    weight=20,
    key=("code",),
)
