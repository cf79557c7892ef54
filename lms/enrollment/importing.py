"""Enrolments from a file, and into one: history that is written down, some hundred rows at a time, in a constant number of questions.

Nobody gets a mail or a certificate by it; see docs/decisions/imported-history.md.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, select, tuple_, update

from lms.accounts import people, roles
from lms.accounts.models import Person
from lms.courses.models import Cohort
from lms.courses.queries import cohorts_within
from lms.enrollment import incoming, taking_back
from lms.enrollment.enrolling import LEARNING
from lms.enrollment.events import ApplicationDecided, EnrolmentsImported
from lms.enrollment.incoming import FIELDS, Wanted
from lms.enrollment.models import OPEN_APPLICATION_STATES, Application, Enrolment
from lms.enrollment.places import PlaceWanted
from lms.enrollment.seating import Seats
from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.days import day_of
from lms.kernel.errors import Forbidden, Refused
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Column, Importer, Incoming, Mode, Outcome, mode_fault
from lms.kernel.many import change_rows, in_turn
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Application: Any = Application
_Person: Any = Person
_Cohort: Any = Cohort
_TABLE: Any = Enrolment.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

PERMISSION = "enrollment.enrol"
GIVEN_AT_ONCE = 2000

COLUMNS = (
    Column("email", N_("E-mail"), N_("Somebody who is known here; for example ana@example.org"), required=True),
    Column("cohort", N_("Cohort"), N_("Code of the cohort"), required=True),
    Column("status", N_("State"), N_("active, suspended, completed, failed or withdrawn; empty: active, or as it is")),
    Column(
        "enrolled_on", N_("Enrolled on"), N_("A day, as 2026-03-31; empty: the first day of the cohort, or today where that is to come")
    ),
    Column("completed_on", N_("Completed on"), N_("A day, only where the state is “completed”")),
)
SYNONYMS = {"e-mail": "email", "state": "status", "enrolled on": "enrolled_on", "completed on": "completed_on"}


def take(session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
    """Write down who took part in what. Places are given within the seats; a guard may refuse a row."""
    wanted = [incoming.read(row) for row in rows]
    cohorts = _find(session, actor, wanted)
    sound = [one for one in wanted if not one.faults]
    _meet(session, sound, mode)
    seats = Seats(session, cohorts)
    for one in sound:
        if not one.faults:
            incoming.settle(one)
        if not one.faults and one.differs:
            _seat(session, seats, one)
    _write(session, actor, [one for one in sound if not one.faults and one.differs])
    return [_outcome(one) for one in wanted]


def _find(session: Session, actor: Actor, wanted: Sequence[Wanted]) -> list[Cohort]:
    """Meet the people and the cohorts; the cohorts that the actor may enrol in are answered, and held, because places are given."""
    ids = people.hold_by_email(session, (one.email for one in wanted))
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


def _stored(session: ReadSession, wanted: Sequence[Wanted]) -> dict[tuple[int, int], Any]:
    """The enrolments of these people in these cohorts, by both."""
    people_ids, cohort_ids = {one.person_id for one in wanted}, {one.cohort.id for one in wanted}
    columns: Any = (_Enrolment.id, _Enrolment.person_id, _Enrolment.cohort_id, *(getattr(_Enrolment, name) for name in FIELDS))
    chosen = select(*columns).where(_Enrolment.cohort_id.in_(cohort_ids), _Enrolment.person_id.in_(people_ids))
    return {(row.person_id, row.cohort_id): row for row in session.rows(chosen.order_by(_Enrolment.id).with_for_update())}


def _meet(session: ReadSession, wanted: Sequence[Wanted], mode: Mode) -> None:
    """Find who is enrolled already."""
    stored = _stored(session, wanted)
    for one in wanted:
        one.stored = stored.get(one.key)
        if fault := mode_fault(mode, one.stored is not None, "email", one.email):
            one.faults.append(fault)


def _seat(session: Session, seats: Seats, one: Wanted) -> None:
    """Give or take back the place, after the guards were asked."""
    leaves = one.values["status"] == "withdrawn"
    try:
        if not leaves and not one.is_seated:
            session.guard("enrollment.enrol", PlaceWanted(one.cohort, one.person_id, "import"))
            one.values["place"] = seats.take(one.cohort.id)
        elif one.moves:
            held = {name: getattr(one.stored, name) for name in FIELDS}
            known = Enrolment(id=one.stored.id, cohort_id=one.cohort.id, person_id=one.person_id, **held)
            session.guard("enrollment.set_status", (known, one.values["status"]))
    except Refused as refusal:
        one.refuse("cohort", refusal.sentence())
        return
    if leaves and one.is_seated:
        seats.give_back(one.cohort.id, one.stored.place)
        one.values["place"] = None


def _write(session: Session, actor: Actor, wanted: Sequence[Wanted]) -> None:
    """Write the rows, the role that goes with each, and tell of it."""
    if not wanted:
        return
    changed = [one for one in wanted if one.stored is not None]
    # Who leaves goes first: the number may be somebody else's already.
    changed.sort(key=lambda one: one.values["status"] != "withdrawn")
    change_rows(session, _TABLE, [(one.stored.id, one.values) for one in changed])
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


def _change(one: Wanted, enrolment_id: int) -> Change:
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


def _outcome(one: Wanted) -> Outcome:
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
    for row in in_turn(session, statement):
        yield row.email, row.code, row.status, day_of(row.enrolled_at), day_of(row.completed_at)


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
