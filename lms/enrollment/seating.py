"""Places for many at once: the free numbers of several cohorts whose rows are held, in two questions."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

from sqlalchemy import func, literal, or_, select, union_all

from lms.courses.models import Cohort
from lms.enrollment.models import Enrolment
from lms.enrollment.places import NoPlaceLeft
from lms.kernel.database import ReadSession

# SQLModel types a column as its value; in a statement it is a column.
_Enrolment: Any = Enrolment
_Cohort: Any = Cohort

_ENDLESS = 2**31 - 1


class Seats:
    """The places of some cohorts, given in order from the lowest free number. Nothing is written: the caller does that."""

    def __init__(self, session: ReadSession, cohorts: Sequence[Cohort]) -> None:
        ids = [cohort.id for cohort in cohorts]
        self._limits = {cohort.id: cohort.seats for cohort in cohorts}
        taken: Any = session.rows(
            select(_Enrolment.cohort_id, func.count(_Enrolment.place)).where(_Enrolment.cohort_id.in_(ids)).group_by(_Enrolment.cohort_id)
        ).all()
        self._taken: dict[int | None, int] = dict.fromkeys(ids, 0) | dict(taken)
        self._free: dict[int | None, list[tuple[int, int]]] = {identifier: [] for identifier in ids}
        gaps: Any = session.rows(_gaps(ids))
        for cohort_id, place, following in gaps:
            self._free[cohort_id].append((place + 1, (following or _ENDLESS) - 1))

    def take(self, cohort_id: int) -> int:
        """A place of this cohort. Raises NoPlaceLeft."""
        seats, free = self._limits[cohort_id], self._free[cohort_id]
        # Counted as well: a number above the seats, however it came there, must not let one too many in.
        if seats is not None and (free[0][0] > seats or self._taken[cohort_id] >= seats):
            raise NoPlaceLeft(seats=seats)
        number, last = heappop(free)
        if number < last:
            heappush(free, (number + 1, last))
        self._taken[cohort_id] += 1
        return number

    def give_back(self, cohort_id: int, place: int) -> None:
        """A place is free again."""
        heappush(self._free[cohort_id], (place, place))
        self._taken[cohort_id] -= 1


def _gaps(cohort_ids: Sequence[int | None]) -> Any:
    """Cohort, a place after which the next number is free (0: the first one), and the next place that is taken, if any."""
    taken = union_all(
        select(_Cohort.id.label("cohort_id"), literal(0).label("place")).where(_Cohort.id.in_(cohort_ids)),
        select(_Enrolment.cohort_id, _Enrolment.place).where(_Enrolment.cohort_id.in_(cohort_ids), _Enrolment.place.is_not(None)),
    ).subquery()
    following = func.lead(taken.c.place).over(partition_by=taken.c.cohort_id, order_by=taken.c.place).label("following")
    pairs = select(taken.c.cohort_id, taken.c.place, following).subquery()
    free = or_(pairs.c.following.is_(None), pairs.c.following > pairs.c.place + 1)
    return select(pairs.c.cohort_id, pairs.c.place, pairs.c.following).where(free).order_by(pairs.c.cohort_id, pairs.c.place)
