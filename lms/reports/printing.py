"""Answers on paper: a table over as many pages as it needs, and below it what was asked."""

from typing import Any

from lms.kernel import i18n
from lms.kernel.datasets import Measure
from lms.reports import exporting
from lms.reports.asking import Answer, Figure


def as_pdf(answer: Answer, zone: str = "UTC") -> bytes:
    """The table as a PDF, in the language in force. Reads nothing from the network or the disk but fonts."""
    import weasyprint  # takes a second to load, which nobody else should wait for

    html = i18n.environment(i18n.locale()).get_template("reports/print.html").render(
        answer=answer, cell=cell, about=exporting.about(answer), made_at=i18n.format_datetime(answer.made_at, zone),
    )  # fmt: skip
    printed: bytes = weasyprint.HTML(string=html, url_fetcher=_refuse).write_pdf(pdf_variant="pdf/ua-1")
    return printed


def cell(measure: Measure, figure: Figure) -> str:
    """A figure as people of the language in force write it."""
    return i18n.format_percent(figure) if measure.ratio else i18n.format_number(figure)


def _refuse(url: str, *_arguments: Any, **_options: Any) -> Any:
    raise ValueError(f"a report fetches nothing: {url}")
