"""The kind of activity that takes work: what staff set, what the trainee sees, what a copy takes along."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lms.courses.activity_types import TypeForm
from lms.courses.models import Activity
from lms.grading import items, work
from lms.grading.models import Assignment
from lms.grading.points import MOST, plain, read_points
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, LazyText
from lms.kernel.permissions import Actor

OWN = ("points", "pass_points", "weight", "allow_text", "max_files", "max_file_mb", "file_types")
MOST_FILES = 20
MOST_MB = 500
_ENDING = re.compile(r"[a-z0-9]{1,10}")
_YES = ("yes", "on", "true", "1")


class AssignmentType:
    """An assignment."""

    name = "assignment"
    title: LazyText | str = N_("Assignment")
    icon = "assignment"
    completions: tuple[str, ...] = ("submitted", "passed", "marked", "viewed", "none")
    offline = True
    template = "grading/types/assignment.html"
    form_template = "grading/types/assignment_form.html"

    def context(self, session: ReadSession, actor: Actor, activity: Activity) -> Mapping[str, Any]:
        """The person's own work and what may be done with it."""
        return work.piece(session, actor, activity)

    def form_context(self, session: ReadSession, activity: Activity) -> Mapping[str, Any]:
        """The settings as they are."""
        return {"known": as_typed(session.get(Assignment, activity.id) or Assignment(activity_id=0))}

    def save(self, session: Session, actor: Actor, activity: Activity, form: TypeForm) -> None:
        """Keep the settings; what the form does not name stays as it is. Raises Invalid."""
        assignment = session.get(Assignment, activity.id) or Assignment(activity_id=activity.id or 0)
        read_settings(assignment, form)
        session.add(assignment)
        items.keep_item(session, activity, assignment)

    def copy(self, session: Session, source: Activity, target: Activity) -> None:
        """Give the copy its own settings and, in a cohort, its column in the gradebook."""
        given = session.get(Assignment, source.id)
        values = given.model_dump(include=set(OWN)) if given else {}
        items.keep_item(session, target, session.add(Assignment(activity_id=target.id or 0, **values)))


def as_typed(assignment: Assignment) -> dict[str, str]:
    """The settings as the editor's fields show them."""
    numbers = {name: plain(getattr(assignment, name)) for name in ("points", "pass_points", "weight")}
    allow_text = "yes" if assignment.allow_text else "no"
    counts = {name: str(getattr(assignment, name)) for name in ("max_files", "max_file_mb")}
    return {**numbers, **counts, "allow_text": allow_text, "file_types": assignment.file_types}


def read_settings(assignment: Assignment, form: TypeForm) -> None:
    """Take over what was typed into the fields of the type. Raises Invalid, with a sentence for each field at fault."""
    typed = {**as_typed(assignment), **{name: form.get(name) for name in OWN if name in form}}
    errors: dict[str, str] = {}
    points = _number(typed, "points", MOST, errors)
    if points is not None and points <= 0:
        errors["points"] = str(N_("More than 0."))
    pass_points = _number(typed, "pass_points", points if points and points > 0 else MOST, errors)
    weight = _number(typed, "weight", MOST, errors)
    max_files, max_file_mb = _count(typed, "max_files", 0, MOST_FILES, errors), _count(typed, "max_file_mb", 1, MOST_MB, errors)
    allow_text = typed["allow_text"].lower() in _YES
    file_types = _endings(typed["file_types"], errors) if max_files else assignment.file_types
    if not allow_text and max_files == 0:
        errors["max_files"] = str(N_("Without text there must be at least one file."))
    if errors or points is None or weight is None:
        raise Invalid(errors)
    assignment.points, assignment.pass_points, assignment.weight = points, pass_points or Decimal(0), weight
    assignment.allow_text, assignment.file_types = allow_text, file_types
    assignment.max_files, assignment.max_file_mb = max_files, max_file_mb


def _number(typed: Mapping[str, str], field: str, most: Decimal, errors: dict[str, str]) -> Decimal | None:
    try:
        value = read_points(typed[field], most, field)
    except Invalid as refusal:
        errors.update(refusal.errors)
        return None
    if value is None and field != "pass_points":
        errors[field] = str(N_("Please fill this in."))
    return value


def _count(typed: Mapping[str, str], field: str, least: int, most: int, errors: dict[str, str]) -> int:
    text = typed[field].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6 and least <= int(text) <= most):
        errors[field] = N_("A whole number from {least} to {most}.").format(least=least, most=most)
        return least
    return int(text)


def _endings(typed: str, errors: dict[str, str]) -> str:
    """File name endings as they are kept: "pdf docx odt"; typed with dots, commas or capitals they mean the same."""
    found = [part.lstrip(".*") for part in re.split(r"[\s,;]+", typed.lower()) if part.strip(".*")]
    if not found or not all(_ENDING.fullmatch(part) for part in found):
        errors["file_types"] = str(N_("Endings of file names with spaces between them, for example: pdf docx odt."))
    return " ".join(dict.fromkeys(found))
