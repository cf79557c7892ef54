"""Questions that cannot be answered, each with a sentence that says what there is instead."""

from collections.abc import Sequence

from lms.kernel.errors import Invalid, NotFound, Refused
from lms.kernel.i18n import N_

LISTED = 100


def listed(values: Sequence[str]) -> str:
    """The values as a list that a person can read; a very long one is cut."""
    return ", ".join(values[:LISTED]) + (", …" if len(values) > LISTED else "")


class UnknownReport(NotFound):
    """There is no dataset of this name, or not for this person."""

    message = N_("There is no report “{report}”. You can choose: {known}.")


class NoReports(NotFound):
    """No dataset is open to this person."""

    message = N_("There is no report that you may see.")


class UnreadableQuestion(Refused):
    """A question that makes no sense."""

    status = 422
    title = N_("This question cannot be answered")


class UnknownDimension(UnreadableQuestion):
    """The dataset has no dimension of this name."""

    message = N_("“{report}” cannot be counted by “{dimension}”. You can choose: {known}.")


class UnknownValue(UnreadableQuestion):
    """The dimension has no such value."""

    message = N_("“{value}” ({dimension}) does not occur in “{report}”. You can choose: {known}.")


class NotACondition(UnreadableQuestion):
    """A filter that is not written as one."""

    message = N_("“{text}” is not a filter. Write it as dimension=value, for example country=PE.")


class FirstDayIsLater(Invalid):
    """A period that ends before it begins."""

    def __init__(self) -> None:
        super().__init__({"to": N_("The last day is earlier than the first one.")})


class HasNoDate(UnreadableQuestion):
    """The dataset knows no date."""

    message = N_("“{report}” knows no date to filter by.")


class NoSuchLanguage(UnreadableQuestion):
    """A locale that nobody knows."""

    message = N_("There is no language “{code}”.")
