"""A whole column filled in by hand at once: everything is saved, or nothing and everybody's sentence is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from lms.courses.models import Cohort
from lms.grading.items import item_of_cohort
from lms.grading.marking import GradeChanged, Meanwhile, OwnWork, save_by_hand
from lms.grading.models import Grade, GradeChange
from lms.grading.points import read_points
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid
from lms.kernel.permissions import Actor
from lms.kernel.text import tidy_lines

# SQLModel types a column as its value; in a statement it is a column.
_Grade: Any = Grade
_Change: Any = GradeChange


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed for one person; `version` is that of the grade which was read, 0 for none."""

    person_id: int
    version: int
    points: str
    feedback: str


class SheetRefused(Invalid):
    """Some lines cannot be saved; `meanwhile` is what others saved, by person."""

    def __init__(self, errors: Mapping[str, str], meanwhile: Mapping[int, Meanwhile]) -> None:
        super().__init__(errors)
        self.meanwhile = meanwhile


def save_sheet(session: Session, actor: Actor, cohort: Cohort, item_id: int, entries: Sequence[Entry]) -> int:
    """Save the lines that somebody changed; answers how many.

    A line that stands as it was read is passed over, whatever others made of it since. Raises SheetRefused, with a sentence for each line
    at fault (fields "points-5", "feedback-5"), Forbidden, NotByHand, NotFound.
    """
    item = item_of_cohort(session, cohort, item_id)
    known = _versions(session, item_id, [entry.person_id for entry in entries])
    errors: dict[str, str] = {}
    meanwhile: dict[int, Meanwhile] = {}
    saved = 0
    for entry in sorted(entries, key=lambda one: one.person_id):
        try:
            points = read_points(entry.points, item.points)
            feedback = tidy_lines(entry.feedback)
            if (points, feedback) != known.get((entry.person_id, entry.version), (None, "")):
                save_by_hand(
                    session, actor, cohort, item_id, entry.person_id, version=entry.version, points=points, feedback=feedback
                )  # fmt: skip
                saved += 1
        except Invalid as refusal:
            errors.update({f"{field}-{entry.person_id}": sentence for field, sentence in refusal.errors.items()})
        except GradeChanged as refusal:
            meanwhile[entry.person_id] = refusal.now
            errors[f"points-{entry.person_id}"] = refusal.sentence()
        except OwnWork as refusal:
            errors[f"points-{entry.person_id}"] = refusal.sentence()
    if errors:
        raise SheetRefused(errors, meanwhile)
    return saved


def _versions(session: ReadSession, item_id: int, person_ids: Sequence[int]) -> dict[tuple[int, int], tuple[Decimal | None, str]]:
    """What each grade was at each of its versions."""
    rows: Any = session.execute(
        select(_Grade.person_id, _Change.version, _Change.points, _Change.feedback)
        .join(GradeChange, _Change.grade_id == _Grade.id)
        .where(_Grade.grade_item_id == item_id, _Grade.person_id.in_(list(person_ids)))
    )
    return {(person_id, version): (points, feedback) for person_id, version, points, feedback in rows}
