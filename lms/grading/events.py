"""What happened to people's work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SubmissionHandedIn:
    """A person has handed in an attempt at an assignment."""

    submission_id: int
    activity_id: int
    person_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class GradeReleased:
    """A person can see a grade, for the first time or after it was changed. `activity_id` is empty for a column filled in by hand."""

    grade_id: int
    person_id: int
    cohort_id: int
    activity_id: int | None
    is_new: bool = True
    """Whether this is the first time."""


@dataclass(frozen=True, slots=True)
class GradesImported:
    """Grades were written down from a file, or taken back as part of it: told once for some hundred of them.

    What is imported was given elsewhere or long ago, so `GradeReleased` is not told, nothing is completed by it, and nobody gets a mail.
    """

    grade_ids: tuple[int, ...]
    cohort_ids: tuple[int, ...]
