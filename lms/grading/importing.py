"""Grades from a file, and into one: history that is written down, some hundred rows at a time, in a constant number of questions.

They are released, nobody gets a mail, and nothing is completed by them; see docs/decisions/imported-history.md.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from lms.accounts import people
from lms.accounts.models import Person
from lms.courses.models import Cohort
from lms.courses.queries import cohorts_within
from lms.enrollment.models import Enrolment
from lms.grading import columns_from_files, taking_back
from lms.grading.events import GradesImported
from lms.grading.incoming import Wanted, read
from lms.grading.marking import OwnWork
from lms.grading.models import Grade, GradeItem
from lms.grading.points import plain
from lms.grading.taking_back import FIELDS, NOTE, PERMISSIONS, shown, version
from lms.kernel import clock, richtext
from lms.kernel.database import ReadSession, Session
from lms.kernel.days import day_of, moment
from lms.kernel.errors import Forbidden
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Column, Importer, Incoming, Mode, Outcome, mode_fault
from lms.kernel.many import change_rows, in_turn
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Item: Any = GradeItem
_Enrolment: Any = Enrolment
_Person: Any = Person
_Cohort: Any = Cohort
_TABLE: Any = Grade.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

GIVEN_AT_ONCE = 2000

COLUMNS = (
    Column("email", N_("E-mail"), N_("Somebody who is enrolled in the cohort; for example ana@example.org"), required=True),
    Column("cohort", N_("Cohort"), N_("Code of the cohort"), required=True),
    Column(
        "item",
        N_("Column of the gradebook"),
        N_("Name of the column, or the title of an assignment; a new name makes a new column"),
        required=True,
    ),
    Column("score", N_("Points"), N_("A number, for example 16 or 16.5"), required=True),
    Column("max_score", N_("Points possible"), N_("Points of the column; empty: as they are, or 100 for a new one")),
    Column("feedback", N_("Feedback"), N_("Text, also in Markdown; empty: as it is")),
    Column("graded_on", N_("Graded on"), N_("A day, as 2026-03-31; empty: today")),
)
SYNONYMS = {"e-mail": "email", "grade": "score", "points": "score", "max_points": "max_score", "graded on": "graded_on"}


def take(session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
    """Write grades down. They are released; each new version of one is kept in its history."""
    wanted = [read(row) for row in rows]
    _find(session, actor, wanted)
    columns_from_files.meet(session, [one for one in wanted if not one.faults], mode)
    sound = [one for one in wanted if not one.faults]
    stored = _stored(session, sound)
    for one in sound:
        one.stored = stored.get(one.key)
        if fault := mode_fault(mode, one.stored is not None and one.stored.points is not None, "item", one.name):
            one.faults.append(fault)
        else:
            _settle(actor, one)
    _write(session, actor, [one for one in sound if one.values])
    return [_outcome(one) for one in wanted]


def _find(session: Session, actor: Actor, wanted: Sequence[Wanted]) -> None:
    """Meet the people and the cohorts, and whether the ones take part in the others, in whatever state."""
    ids = people.hold_by_email(session, (one.email for one in wanted))
    codes = {one.row.cells["cohort"].lower() for one in wanted}
    cohorts: dict[str, Any] = {c.code.lower(): c for c in session.scalars(select(Cohort).where(func.lower(_Cohort.code).in_(codes)))}
    reached = {c.id for c in cohorts.values() if all(actor.can(permission, c.scope) for permission in PERMISSIONS)}
    members = _members(session, ids.values(), [cohort.id for cohort in cohorts.values()])
    for one in wanted:
        one.cohort, one.person_id = cohorts.get(one.row.cells["cohort"].lower()), ids.get(one.email, 0)
        if one.cohort is None:
            one.refuse("cohort", N_("There is no cohort with this code."))
        elif one.cohort.id not in reached:
            one.refuse("cohort", Forbidden().sentence())
        elif not one.person_id:
            one.refuse("email", N_("Nobody is known by this address: import people first."))
        elif (one.person_id, one.cohort.id) not in members:
            one.refuse("email", N_("This person is not enrolled in the cohort: import enrolments first."))
        elif one.person_id == actor.id:
            one.refuse("email", OwnWork().sentence())


def _members(session: ReadSession, person_ids: Any, cohort_ids: Sequence[int]) -> set[tuple[int, int]]:
    chosen = (_Enrolment.person_id.in_(list(person_ids)), _Enrolment.cohort_id.in_(cohort_ids))
    rows: Any = session.rows(select(_Enrolment.person_id, _Enrolment.cohort_id).where(*chosen))
    return {(person_id, cohort_id) for person_id, cohort_id in rows}


def _stored(session: ReadSession, wanted: Sequence[Wanted]) -> dict[tuple[int, int], Any]:
    """The grades of these people in these columns, by both, held to be changed."""
    columns: Any = (_Grade.id, _Grade.grade_item_id, _Grade.person_id, *(getattr(_Grade, name) for name in FIELDS))
    of_items, of_people = _Grade.grade_item_id.in_({one.item.id for one in wanted}), _Grade.person_id.in_({one.person_id for one in wanted})
    rows = session.rows(select(*columns).where(of_items, of_people).order_by(_Grade.person_id, _Grade.id).with_for_update())
    return {(row.grade_item_id, row.person_id): row for row in rows}


def _settle(actor: Actor, one: Wanted) -> None:
    """What the grade will be; nothing where it is that already. Empty cells leave what is stored alone."""
    stored = one.stored
    feedback = one.feedback or (stored.feedback if stored else "")
    is_same = stored is not None and (stored.points, stored.feedback, stored.status) == (one.score, feedback, "released")
    if is_same and one.graded_on in (None, day_of(stored.graded_at)):
        return
    graded_at = stored.graded_at if is_same and one.graded_on is None else moment(one.graded_on or clock.today())
    one.values = {
        "points": one.score, "feedback": feedback, "feedback_html": richtext.render(feedback) if feedback else "", "status": "released",
        "version": stored.version + 1 if stored else 1, "graded_by": actor.id, "graded_at": graded_at, "released_at": graded_at,
    }  # fmt: skip


def _write(session: Session, actor: Actor, wanted: Sequence[Wanted]) -> None:
    """Write the rows and their history, and tell of them."""
    if not wanted:
        return
    changed = [one for one in wanted if one.stored is not None]
    change_rows(session, _TABLE, [(one.stored.id, one.values) for one in changed])
    new = [one for one in wanted if one.stored is None]
    session.write_many(insert(_TABLE), [{"grade_item_id": one.item.id, "person_id": one.person_id, **one.values} for one in new])
    ids = _ids(session, new)
    history = []
    for one in wanted:
        grade_id = one.stored.id if one.stored else ids[one.key]
        one.changes.append(_change(one, grade_id))
        # A first version is as old as the grade; a later one was written now.
        history.append(version(actor, grade_id, one.values, clock.now() if one.stored else one.values["graded_at"]))
    session.write_many(NOTE, history)
    told = tuple(row["grade_id"] for row in history)
    session.emit(GradesImported(told, tuple(sorted({one.cohort.id for one in wanted}))))


def _ids(session: ReadSession, new: Sequence[Wanted]) -> dict[tuple[int, int], int]:
    if not new:
        return {}
    of_items, of_people = _Grade.grade_item_id.in_({one.item.id for one in new}), _Grade.person_id.in_({one.person_id for one in new})
    rows: Any = session.rows(select(_Grade.grade_item_id, _Grade.person_id, _Grade.id).where(of_items, of_people))
    return {(item_id, person_id): grade_id for item_id, person_id, grade_id in rows}


def _change(one: Wanted, grade_id: int) -> Change:
    before = None if one.stored is None else shown(one.stored._mapping)
    return Change("grade", grade_id, before, shown(one.values), one.person_id)


def _outcome(one: Wanted) -> Outcome:
    if one.faults:
        return Outcome(one.row.line, "rejected", tuple(one.faults))
    if not one.values:
        return Outcome(one.row.line, "unchanged", notes=tuple(one.notes))
    is_new = one.stored is None or one.stored.points is None
    return Outcome(one.row.line, "created" if is_new else "updated", (), tuple(one.notes), tuple(one.changes))


def give(session: ReadSession, actor: Actor) -> Iterator[Sequence[Any]]:
    """The released grades in the cohorts within reach, of everybody who has an address, by the time they were made."""
    columns: Any = (_Grade.id, _Person.email, _Cohort.code, _Item.name, _Grade.points, _Item.points.label("most"), _Grade.feedback,
                    _Grade.graded_at)  # fmt: skip
    statement = (
        select(*columns)
        .join(GradeItem, _Item.id == _Grade.grade_item_id)
        .join(Cohort, _Cohort.id == _Item.cohort_id)
        .join(Person, _Person.id == _Grade.person_id)
        .where(cohorts_within(actor.reach("grading.view")), _Grade.status == "released", _Person.email.is_not(None))
        .where(_Grade.id > bindparam("after"))
        .order_by(_Grade.id)
        .limit(GIVEN_AT_ONCE)
    )
    for row in in_turn(session, statement):
        yield row.email, row.code, row.name, plain(row.points), plain(row.most), row.feedback, day_of(row.graded_at)


importer = Importer(
    name="grades",
    title=N_("Grades"),
    columns=COLUMNS,
    permission="grading.grade",
    export_permission="grading.view",
    take=take,
    give=give,
    revert=taking_back.revert,
    weight=50,
    synonyms=SYNONYMS,
    key=("email", "cohort", "item"),
)
