"""The address of a question: what the page, its links, its form and the API have in common."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from lms.kernel.errors import Invalid
from lms.kernel.i18n import _
from lms.reports.questions import Question


def query(question: Question) -> str:
    """The question as the part of an address after its question mark."""
    parts = [("by", ",".join(question.by)), *(("where", str(condition)) for condition in question.where)]
    parts += [(name, day.isoformat()) for name, day in (("from", question.since), ("to", question.until)) if day]
    return urlencode(parts, safe=",=")


def page_of(question: Question) -> str:
    """Where the answer is shown."""
    return f"/reports/{question.report}?{query(question)}"


def file_of(question: Question, kind: str) -> str:
    """Where the answer is handed out as a file."""
    return f"/reports/{question.report}/export.{kind}?{query(question)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address or a form asks, as typed. `by` is None where it says nothing about it, empty for the total alone."""

    by: list[str] | None = None
    where: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    def question(self, report: str) -> Question:
        """The question. Raises NotACondition, FirstDayIsLater, and Invalid by field."""
        days: dict[str, date | None] = {}
        errors = {}
        for name, text in (("from", self.since), ("to", self.until)):
            try:
                days[name] = date.fromisoformat(text.strip()) if text.strip() else None
            except ValueError:
                errors[name] = _("Please write a date as year-month-day, for example 2026-03-31.")
        if errors:
            raise Invalid(errors)
        return Question.read(report, self.by or (), self.where, days["from"], days["to"])
