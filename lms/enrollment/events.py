"""What happened with enrolments and applications."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person has a place in a cohort: for the first time, or again."""

    enrolment_id: int
    person_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class EnrolmentWithdrawn:
    """A person has given the place up, or staff have taken it back."""

    enrolment_id: int
    person_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class EnrolmentCompleted:
    """A person has completed the cohort. Told once, unless staff undo the completion in between."""

    enrolment_id: int
    person_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class EnrolmentsImported:
    """Enrolments were written down from a file, or taken back as part of it: told once for some hundred of them.

    What is imported has happened elsewhere or long ago, so none of the events above is told, and nobody gets a mail or a certificate.
    """

    enrolment_ids: tuple[int, ...]
    cohort_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ApplicationSubmitted:
    """A person has applied to a cohort: for the first time, or again."""

    application_id: int
    person_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class ApplicationDecided:
    """Staff have accepted or rejected an application."""

    application_id: int
    person_id: int
    cohort_id: int
    status: str
    """accepted or rejected."""
