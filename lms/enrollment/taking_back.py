"""Taking imported enrolments back: new ones go, changed ones become what they were, each with the role that goes with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, tuple_

from lms.accounts import roles
from lms.courses.models import Cohort, Progress
from lms.enrollment.enrolling import LEARNING
from lms.enrollment.events import EnrolmentsImported
from lms.enrollment.models import Enrolment
from lms.enrollment.seating import Seats
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Forbidden, Refused
from lms.kernel.i18n import N_, LazyText
from lms.kernel.importing import Change
from lms.kernel.permissions import Actor
from lms.kernel.reverting import GONE, Reason, revert_rows

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Cohort: Any = Cohort
_Progress: Any = Progress

BEGUN = N_("This person has begun the cohort.")


@dataclass(frozen=True, slots=True)
class EnrolmentGoes:
    """What the guards of `enrollment.remove` are asked about before an enrolment that came from a file is taken out again."""

    enrolment_id: int
    person_id: int
    cohort_id: int


def revert(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    """Take changes back. What somebody changed since stays, and who has begun the cohort or has work, grades or certificates there."""
    known = _held(session, changes)
    cohorts = _cohorts(session, known)
    reached = {cohort.id for cohort in cohorts if actor.can("enrollment.enrol", cohort.scope)}
    judging = _Judging(session, known, reached, _begun(session, known), Seats(session, cohorts))
    judged = [judging.judge(change) for change in changes]
    ready = [(number, one) for number, one in enumerate(judged) if isinstance(one, Change)]
    # Who gives a place up goes first: the number may be wanted by somebody who gets hers back.
    ready.sort(key=lambda pair: _wants_place(pair[1]))
    found = revert_rows(session, Enrolment, [one for _number, one in ready], besides=("import_change",))
    left = {number: reason for (number, _one), reason in zip(ready, found, strict=True)}
    _settle(session, actor, [one for number, one in ready if left[number] is None], known)
    return [left[number] if isinstance(one, Change) else one for number, one in enumerate(judged)]


def _held(session: Session, changes: Sequence[Change]) -> dict[int, Any]:
    ids = {int(change.identifier) for change in changes}
    columns: Any = (_Enrolment.id, _Enrolment.person_id, _Enrolment.cohort_id, _Enrolment.status, _Enrolment.place)
    return {row.id: row for row in session.rows(select(*columns).where(_Enrolment.id.in_(ids)))}


def _cohorts(session: Session, known: dict[int, Any]) -> list[Cohort]:
    chosen = select(Cohort).where(_Cohort.id.in_({row.cohort_id for row in known.values()})).order_by(_Cohort.id)
    return list(session.scalars(chosen.with_for_update().execution_options(populate_existing=True)))


def _begun(session: ReadSession, known: dict[int, Any]) -> set[tuple[int, int]]:
    pairs = [(row.person_id, row.cohort_id) for row in known.values()]
    place = tuple_(_Progress.person_id, _Progress.cohort_id)
    chosen = select(_Progress.person_id, _Progress.cohort_id).where(place.in_(pairs)).distinct()
    rows: Any = session.rows(chosen)
    return {(person_id, cohort_id) for person_id, cohort_id in rows}


def _wants_place(change: Change) -> bool:
    return bool(change.before and change.before.get("place") is not None)


@dataclass(frozen=True, slots=True)
class _Judging:
    """What can be taken back, looked at in order, so that places which become free can be given again."""

    session: Session
    known: dict[int, Any]
    reached: set[int | None]
    begun: set[tuple[int, int]]
    seats: Seats

    def judge(self, change: Change) -> Change | LazyText | str:
        """The change as it is to be taken back, with a place that is free now; or why it stays."""
        row = self.known.get(int(change.identifier))
        if row is None:
            return GONE
        if row.cohort_id not in self.reached:
            return Forbidden().sentence()
        if change.before is None and (row.person_id, row.cohort_id) in self.begun:
            return BEGUN
        try:
            return self._placed(change, row)
        except Refused as refusal:
            return refusal.sentence()

    def _placed(self, change: Change, row: Any) -> Change:
        if change.before is None:
            self.session.guard("enrollment.remove", EnrolmentGoes(row.id, row.person_id, row.cohort_id))
        elif _wants_place(change):
            return replace(change, before={**change.before, "place": self.seats.take(row.cohort_id)})
        if row.place is not None and (change.before is None or "place" in change.before):
            self.seats.give_back(row.cohort_id, row.place)
        return change


def _settle(session: Session, actor: Actor, done: Sequence[Change], known: dict[int, Any]) -> None:
    """The role follows the state, and others are told."""
    given: set[roles.Place] = set()
    taken: set[roles.Place] = set()
    for change in done:
        row = known[int(change.identifier)]
        status = "" if change.before is None else change.before.get("status", row.status)
        (given if status in LEARNING else taken).add((row.person_id, row.cohort_id))
    roles.settle_in_cohorts(session, actor, "trainee", given, taken)
    if done:
        rows = [known[int(change.identifier)] for change in done]
        session.emit(EnrolmentsImported(tuple(row.id for row in rows), tuple(sorted({row.cohort_id for row in rows}))))
