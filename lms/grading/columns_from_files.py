"""The columns of gradebooks that a file of grades names: found by name, or made to be filled in by hand."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select, update

from lms.courses.models import Cohort
from lms.grading.incoming import Wanted
from lms.grading.models import Grade, GradeItem
from lms.kernel.database import ReadSession, Session
from lms.kernel.i18n import N_, format_number
from lms.kernel.importing import Change, Fault, Mode

# SQLModel types a column as its value; in a statement it is a column.
_Item: Any = GradeItem
_Grade: Any = Grade
_Cohort: Any = Cohort
_TABLE: Any = GradeItem.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

USUAL = Decimal(100)
"""Points of a new column where the file does not say how many there are."""
COUNTS = Decimal("1.0000")
"""The weight of a new column, as the database gives it back."""


class Columns:
    """The columns of some cohorts by name: as it is written, else in whatever letters."""

    def __init__(self, session: ReadSession, cohort_ids: set[int]) -> None:
        self._found: dict[tuple[int, str], Any] = {}
        rows: Any = session.rows(
            select(_Item.id, _Item.cohort_id, _Item.name, _Item.points, _Item.weight)
            .where(_Item.cohort_id.in_(cohort_ids))
            .order_by(_Item.id.desc())
        )
        for row in rows:
            self._found[row.cohort_id, row.name.casefold()] = row
            self._found[row.cohort_id, f"={row.name}"] = row

    def find(self, cohort_id: int, name: str) -> Any:
        """The column, or None."""
        return self._found.get((cohort_id, f"={name}")) or self._found.get((cohort_id, name.casefold()))


def meet(session: Session, wanted: Sequence[Wanted], mode: Mode) -> None:
    """Give each row its column, made where it is missing and new ones are taken; rows whose scores do not fit theirs are refused."""
    columns = Columns(session, {one.cohort.id for one in wanted})
    missing = [one for one in wanted if columns.find(one.cohort.id, one.name) is None]
    if missing and mode != "update":
        # Whoever adds a column holds the cohort, so look again at what is there now.
        held = select(_Cohort.id).where(_Cohort.id.in_({one.cohort.id for one in missing})).order_by(_Cohort.id).with_for_update()
        session.rows(held).all()
        columns = Columns(session, {one.cohort.id for one in wanted})
        made = _make(session, columns, missing)
        columns = Columns(session, {one.cohort.id for one in wanted}) if made else columns
        _note(columns, made)
    for one in wanted:
        one.item = columns.find(one.cohort.id, one.name)
        if one.item is None and mode == "update":
            one.refuse("item", N_("There is no such column yet, and no new rows are taken."))
        else:
            _check(one)
    if mode != "update":
        _weigh(session, [one for one in wanted if not one.faults and not one.item.weight])


def _make(session: Session, columns: Columns, missing: Sequence[Wanted]) -> list[Wanted]:
    """Make the columns that are still missing; answers the row that each is made for."""
    first: dict[tuple[int, str], Wanted] = {}
    for one in missing:
        if columns.find(one.cohort.id, one.name) is None and one.score <= (one.most or USUAL):
            first.setdefault((one.cohort.id, one.name.casefold()), one)
    last: Any = session.rows(
        select(_Item.cohort_id, func.max(_Item.position))
        .where(_Item.cohort_id.in_({cohort_id for cohort_id, _name in first}))
        .group_by(_Item.cohort_id)
    ).all()
    position: dict[int, int] = dict(last)
    rows = []
    for (cohort_id, _name), one in first.items():
        position[cohort_id] = position.get(cohort_id, -1) + 1
        points = {"points": one.most or USUAL, "pass_points": Decimal(0), "weight": COUNTS}
        rows.append({"cohort_id": cohort_id, "activity_id": None, "name": one.name, "position": position[cohort_id], **points})
    session.write_many(insert(_TABLE), rows)
    return list(first.values())


def _note(columns: Columns, made: Sequence[Wanted]) -> None:
    for one in made:
        item = columns.find(one.cohort.id, one.name)
        one.changes.append(Change("grade_item", item.id, None, {"cohort_id": item.cohort_id, "name": item.name, "points": item.points}))


def _check(one: Wanted) -> None:
    """Whether the points of the row and of the column go together."""
    if one.item is None:  # not made, because the score is above what the column would count
        one.refuse("score", N_("At most {most}.").format(most=format_number(one.most or USUAL)))
    elif one.most is not None and one.most != one.item.points:
        sentence = N_("This column counts {points} points, and not {typed}.")
        one.refuse("max_score", sentence.format(points=format_number(one.item.points), typed=format_number(one.most)))
    elif one.score > one.item.points:
        one.refuse("score", N_("At most {most}.").format(most=format_number(one.item.points)))


def _weigh(session: Session, wanted: Sequence[Wanted]) -> None:
    """Columns of the weight 0: those that undoing an import has emptied count again; of others it is told, once for each."""
    first = {one.item.id: one for one in reversed(wanted)}
    if not first:
        return
    rows: Any = session.rows(
        select(_Item.id)
        .join(Grade, _Grade.grade_item_id == _Item.id)
        .where(_Item.id.in_(first), _Item.activity_id.is_(None))
        .group_by(_Item.id)
        .having(func.count(_Grade.points) == 0)
    )
    emptied = {row.id for row in rows}
    session.execute(update(GradeItem).where(_Item.id.in_(emptied)).values(weight=COUNTS))
    for item_id, one in first.items():
        if item_id in emptied:
            one.changes.append(Change("grade_item", item_id, {"weight": one.item.weight}, {"weight": COUNTS}))
        else:
            one.notes.append(Fault("item", one.name, N_("This column has the weight 0: it counts in no total.")))
