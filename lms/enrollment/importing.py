"""Enrolments from a file, and into one: history that is written down, some hundred rows at a time, in a constant number of questions.

Nobody gets a mail or a certificate by it; see docs/decisions/imported-history.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, insert, select, tuple_, update

from lms.accounts import people, roles
from lms.accounts.models import Person
from lms.courses.models import Cohort
from lms.courses.queries import cohorts_within
from lms.enrollment import taking_back
from lms.enrollment.enrolling import LEARNING
from lms.enrollment.events import ApplicationDecided, EnrolmentsImported
from lms.enrollment.models import ENROLMENT_STATES, OPEN_APPLICATION_STATES, Application, Enrolment
from lms.enrollment.places import PlaceWanted
from lms.enrollment.seating import Seats
from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.days import day_of, moment, read_day
from lms.kernel.errors import Forbidden, Refused
from lms.kernel.i18n import N_, LazyText
from lms.kernel.importing import Change, Column, Fault, Importer, Incoming, Mode, Outcome, mode_fault
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Application: Any = Application
_Person: Any = Person
_Cohort: Any = Cohort
_TABLE: Any = Enrolment.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

PERMISSION = "enrollment.enrol"
FIELDS = ("status", "place", "enrolled_at", "completed_at", "withdrawn_at")
_CHANGE: Any = update(_TABLE).where(_TABLE.c.id == bindparam("row_id")).values({name: bindparam(f"new_{name}") for name in FIELDS})
GIVEN_AT_ONCE = 2000

COLUMNS = (
    Column("email", N_("E-mail"), N_("Somebody who is known here; for example ana@example.org"), required=True),
    Column("cohort", N_("Cohort"), N_("Its code"), required=True),
    Column("status", N_("State"), N_("active, suspended, completed, failed or withdrawn; empty: active, or as it is")),
    Column(
        "enrolled_on", N_("Enrolled on"), N_("A day, as 2026-03-31; empty: the first day of the cohort, or today where that is to come")
    ),
    Column("completed_on", N_("Completed on"), N_("A day, only where the state is completed")),
)
SYNONYMS = {"e-mail": "email", "state": "status", "enrolled on": "enrolled_on", "completed on": "completed_on"}


@dataclass(slots=True)
class _Wanted:
    """A row on its way: what it says, what is stored, what will be, what is wrong."""

    row: Incoming
    email: str
    status: str = ""
    enrolled_on: date | None = None
    completed_on: date | None = None
    cohort: Any = None
    person_id: int = 0
    stored: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    change: Change | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Person and cohort."""
        return self.person_id, self.cohort.id

    @property
    def is_seated(self) -> bool:
        """Whether a place is held already."""
        return self.stored is not None and self.stored.place is not None

    @property
    def differs(self) -> bool:
        """Whether there is anything to write."""
        return self.stored is None or any(self.values[name] != getattr(self.stored, name) for name in FIELDS)

    def refuse(self, column: str, reason: LazyText | str) -> None:
        self.faults.append(Fault(column, self.row.cells.get(column, ""), reason))


def take(session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
    """Write down who took part in what. Places are given within the seats; a guard may refuse a row."""
    wanted = [_read(row) for row in rows]
    cohorts = _find(session, actor, wanted)
    sound = [one for one in wanted if not one.faults]
    _meet(session, sound, mode)
    seats = Seats(session, cohorts)
    for one in sound:
        if not one.faults:
            _settle_values(one)
        if not one.faults and one.differs:
            _seat(session, seats, one)
    _write(session, actor, [one for one in sound if not one.faults and one.differs])
    return [_outcome(one) for one in wanted]


def _read(row: Incoming) -> _Wanted:
    """What the row says, checked as far as that needs nobody else."""
    one = _Wanted(row, people.address(row.cells["email"]) or "", row.cells.get("status", "").lower())
    if one.status and one.status not in ENROLMENT_STATES:
        one.refuse("status", N_("One of: active, suspended, completed, failed, withdrawn."))
    one.enrolled_on, one.completed_on = _day(one, "enrolled_on"), _day(one, "completed_on")
    return one


def _day(one: _Wanted, column: str) -> date | None:
    text = one.row.cells.get(column, "")
    if not text:
        return None
    day = read_day(text)
    if day is None:
        one.refuse(column, N_("Please write a day as 2026-03-31."))
    elif day > clock.today():
        one.refuse(column, N_("This day is still to come."))
    return day


def _find(session: Session, actor: Actor, wanted: Sequence[_Wanted]) -> list[Cohort]:
    """Meet the people and the cohorts; the cohorts that the actor may enrol in are answered, and held, because places are given."""
    emails = {one.email for one in wanted if not one.faults}
    # KEY SHARE, as when one person is enrolled: nobody of them is erased meanwhile.
    chosen: Any = select(_Person.id, _Person.email).where(_Person.email.in_(emails), _Person.erased_at.is_(None)).order_by(_Person.id)
    known: Any = session.rows(chosen.with_for_update(read=True, key_share=True))
    ids = {email: person_id for person_id, email in known}
    codes = {one.row.cells["cohort"].lower() for one in wanted}
    named = select(Cohort).where(func.lower(_Cohort.code).in_(codes)).order_by(_Cohort.id)
    held = session.scalars(named.with_for_update().execution_options(populate_existing=True))
    cohorts: dict[str, Cohort] = {cohort.code.lower(): cohort for cohort in held}
    reached = {cohort.id for cohort in cohorts.values() if actor.can(PERMISSION, cohort.scope)}
    for one in wanted:
        one.cohort, one.person_id = cohorts.get(one.row.cells["cohort"].lower()), ids.get(one.email, 0)
        if not one.person_id:
            one.refuse("email", N_("Nobody is known by this address: import people first."))
        if one.cohort is None:
            one.refuse("cohort", N_("There is no cohort with this code."))
        elif one.cohort.id not in reached:
            one.refuse("cohort", Forbidden().sentence())
    return [cohort for cohort in cohorts.values() if cohort.id in reached]


def _stored(session: ReadSession, wanted: Sequence[_Wanted]) -> dict[tuple[int, int], Any]:
    """The enrolments of these people in these cohorts, by both."""
    people_ids, cohort_ids = {one.person_id for one in wanted}, {one.cohort.id for one in wanted}
    columns: Any = (_Enrolment.id, _Enrolment.person_id, _Enrolment.cohort_id, *(getattr(_Enrolment, name) for name in FIELDS))
    chosen = select(*columns).where(_Enrolment.cohort_id.in_(cohort_ids), _Enrolment.person_id.in_(people_ids))
    return {(row.person_id, row.cohort_id): row for row in session.rows(chosen.order_by(_Enrolment.id).with_for_update())}


def _meet(session: ReadSession, wanted: Sequence[_Wanted], mode: Mode) -> None:
    """Find who is enrolled already."""
    stored = _stored(session, wanted)
    for one in wanted:
        one.stored = stored.get(one.key)
        if fault := mode_fault(mode, one.stored is not None, "email", one.email):
            one.faults.append(fault)


def _settle_values(one: _Wanted) -> None:
    """What the enrolment will be. Empty cells leave what is stored alone."""
    stored = one.stored
    status = one.status or (stored.status if stored else "active")
    if one.completed_on and status != "completed":
        one.refuse("completed_on", N_("Only where the state is completed."))
    enrolled_at = stored.enrolled_at if stored else moment(_first_day(one))
    if one.enrolled_on and one.enrolled_on != day_of(enrolled_at):
        enrolled_at = moment(one.enrolled_on)
    one.values = {
        "status": status, "place": stored.place if stored else None, "enrolled_at": enrolled_at,
        "completed_at": _completed_at(one) if status == "completed" else None,
        "withdrawn_at": _withdrawn_at(stored) if status == "withdrawn" else None,
    }  # fmt: skip
    completed_on = day_of(one.values["completed_at"])
    if completed_on and completed_on < (day_of(enrolled_at) or completed_on):
        one.refuse("completed_on" if one.completed_on else "enrolled_on", N_("Nobody completes a cohort before being enrolled in it."))


def _first_day(one: _Wanted) -> date:
    """When somebody came of whom that is not told: with the cohort, as far as that has begun."""
    known = (clock.today(), one.cohort.starts_on, one.completed_on)
    return min(day for day in known if day)


def _completed_at(one: _Wanted) -> Any:
    known = one.stored.completed_at if one.stored else None
    if one.completed_on:
        return known if day_of(known) == one.completed_on else moment(one.completed_on)
    # Noted today where somebody was under way until now; of history without a day, none is made up.
    return clock.now() if one.stored and one.stored.status != "completed" else known


def _withdrawn_at(stored: Any) -> Any:
    """Today for somebody who was there until now; of history nothing is made up."""
    return stored and (stored.withdrawn_at if stored.status == "withdrawn" else clock.now())


def _seat(session: Session, seats: Seats, one: _Wanted) -> None:
    """Give or take back the place, after the guards were asked."""
    leaves = one.values["status"] == "withdrawn"
    try:
        if not leaves and not one.is_seated:
            session.guard("enrollment.enrol", PlaceWanted(one.cohort, one.person_id, "import"))
            one.values["place"] = seats.take(one.cohort.id)
        elif one.stored is not None and one.stored.status != one.values["status"]:
            known = Enrolment(id=one.stored.id, cohort_id=one.cohort.id, person_id=one.person_id, **_named(one.stored))
            session.guard("enrollment.set_status", (known, one.values["status"]))
    except Refused as refusal:
        one.refuse("cohort", refusal.sentence())
        return
    if leaves and one.is_seated:
        seats.give_back(one.cohort.id, one.stored.place)
        one.values["place"] = None


def _named(stored: Any) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in FIELDS}


def _write(session: Session, actor: Actor, wanted: Sequence[_Wanted]) -> None:
    """Write the rows, the role that goes with each, and tell of it."""
    if not wanted:
        return
    changed = [one for one in wanted if one.stored is not None]
    # Who leaves goes first: the number may be somebody else's already.
    changed.sort(key=lambda one: one.values["status"] != "withdrawn")
    session.write_many(_CHANGE, [{"row_id": one.stored.id, **{f"new_{n}": v for n, v in one.values.items()}} for one in changed])
    new = [one for one in wanted if one.stored is None]
    common = {"method": "import"}
    rows = [{"cohort_id": one.cohort.id, "person_id": one.person_id, **one.values, **common} for one in new]
    session.write_many(insert(_TABLE), rows)
    written = _stored(session, new) if new else {}
    for one in wanted:
        one.change = _change(one, (one.stored or written[one.key]).id)
    learning = {one.key for one in wanted if one.values["status"] in LEARNING}
    roles.settle_in_cohorts(session, actor, "trainee", learning, {one.key for one in changed} - learning)
    _settle_applications(session, actor, [one.key for one in wanted if one.values["place"] is not None and not one.is_seated])
    ids = tuple(int(one.change.identifier) for one in wanted if one.change)
    session.emit(EnrolmentsImported(ids, tuple(sorted({one.cohort.id for one in wanted}))))


def _change(one: _Wanted, enrolment_id: int) -> Change:
    if one.stored is None:
        return Change("enrolment", enrolment_id, None, {"cohort_id": one.cohort.id, **one.values}, one.person_id)
    names = [name for name in FIELDS if one.values[name] != getattr(one.stored, name)]
    before = {name: getattr(one.stored, name) for name in names}
    return Change("enrolment", enrolment_id, before, {name: one.values[name] for name in names}, one.person_id)


def _settle_applications(session: Session, actor: Actor, seated: Sequence[tuple[int, int]]) -> None:
    """An application that still waits is accepted by the place itself, as when staff enrol somebody."""
    if not seated:
        return
    settled = (
        update(Application)
        .where(tuple_(_Application.person_id, _Application.cohort_id).in_(seated), _Application.status.in_(OPEN_APPLICATION_STATES))
        .values(status="accepted", decided_at=clock.now(), decided_by=actor.id)
        .returning(_Application.id, _Application.person_id, _Application.cohort_id)
    )
    for row in session.execute(settled).all():
        session.emit(ApplicationDecided(row.id, row.person_id, row.cohort_id, "accepted"))


def _outcome(one: _Wanted) -> Outcome:
    if one.faults:
        return Outcome(one.row.line, "rejected", tuple(one.faults))
    if one.change is None:
        return Outcome(one.row.line, "unchanged")
    return Outcome(one.row.line, "created" if one.stored is None else "updated", changes=(one.change,))


def told(session: ReadSession, happened: Any) -> dict[str, Any]:
    """What other systems are told of imported rows beside their ids: the codes of the cohorts."""
    return {"cohorts": list(session.scalars(select(_Cohort.code).where(_Cohort.id.in_(happened.cohort_ids)).order_by(_Cohort.code)))}


def give(session: ReadSession, actor: Actor) -> Iterator[Sequence[Any]]:
    """The enrolments in the cohorts within reach, of everybody who has an address, by the time they were made."""
    columns: Any = (_Enrolment.id, _Person.email, _Cohort.code, _Enrolment.status, _Enrolment.enrolled_at, _Enrolment.completed_at)
    statement = (
        select(*columns)
        .join(Person, _Person.id == _Enrolment.person_id)
        .join(Cohort, _Cohort.id == _Enrolment.cohort_id)
        .where(cohorts_within(actor.reach(PERMISSION)), _Person.email.is_not(None), _Enrolment.id > bindparam("after"))
        .order_by(_Enrolment.id)
        .limit(GIVEN_AT_ONCE)
    )
    after = 0
    while rows := session.rows(statement, {"after": after}).all():
        for row in rows:
            yield row.email, row.code, row.status, day_of(row.enrolled_at), day_of(row.completed_at)
        after = rows[-1].id


importer = Importer(
    name="enrolments",
    title=N_("Enrolments"),
    columns=COLUMNS,
    permission=PERMISSION,
    take=take,
    give=give,
    revert=taking_back.revert,
    weight=40,
    synonyms=SYNONYMS,
    key=("email", "cohort"),
)
