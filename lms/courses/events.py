"""What happened in courses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActivityCompleted:
    """A person has met the completion rule of an activity, for the first time."""

    person_id: int
    activity_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class CohortCompleted:
    """A person has completed every required activity of a cohort. May be told more than once."""

    person_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class CohortCreated:
    """A cohort has been made, with its own copy of the course."""

    cohort_id: int
    course_id: int


@dataclass(frozen=True, slots=True)
class CohortChanged:
    """The settings of a cohort have been changed: its dates, its seats, how people get in."""

    cohort_id: int
    changed: frozenset[str]
    """Names of the columns."""
