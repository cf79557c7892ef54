"""Drawing a certificate as a PDF, from nothing but the values and pictures handed over: no database, no network, no files.

WeasyPrint is loaded when the first document is drawn: it brings the system's text libraries along, which a web process does not need.
"""

import io
import logging
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

import segno
from babel import Locale
from babel.dates import format_date, format_interval
from babel.lists import format_list

from lms.certificates.snapshots import Snapshot
from lms.kernel import i18n
from lms.kernel.paths import resource

TEMPLATE = "certificates/document.html"
FOLDER = resource("templates") / "certificates"
LOGO, QR = "memory:logo", "memory:qr"
SCALES = (100, 92, 84, 76, 68, 60, 50, 40)
"""Sizes of the text in percent, tried in turn until everything fits on the page."""

log = logging.getLogger(__name__)
_prepared = threading.local()  # Pango's font maps belong to the thread that made them


class DoesNotFit(Exception):
    """The texts are too long for one page even in the smallest size."""


@dataclass(frozen=True, slots=True)
class Words:
    """The facts of a certificate as people of its language write them."""

    dates: str
    hours: str
    regions: str
    tutors: str
    issued_on: str


def draw(snapshot: Snapshot, logo: bytes | None = None) -> bytes:
    """The certificate as PDF/UA-1, one page of A4 in landscape. The same input gives the same bytes.

    `logo` is a PNG. The snapshot must say where the document can be checked. Raises DoesNotFit.
    """
    from weasyprint import HTML

    pictures = {**_ornaments(), QR: (qr_code(snapshot.verify_url), "image/png")} | ({LOGO: (logo, "image/png")} if logo else {})
    fetcher, fonts, style = _closed_fetcher(pictures), *_look()
    for scale in SCALES:
        html = HTML(string=_html(snapshot, has_logo=bool(logo), scale=scale), url_fetcher=fetcher)
        document = html.render(font_config=fonts, stylesheets=[style], pdf_variant="pdf/ua-1")
        if len(document.pages) == 1:
            pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=snapshot.code.encode())
            return pdf
    raise DoesNotFit(snapshot.serial)


def qr_code(text: str) -> bytes:
    """The QR code of a text, as a PNG of one bit a pixel. Its quiet zone is left to the page."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", border=0)
    return picture.getvalue()


Pictures = dict[str, tuple[bytes, str]]


def _closed_fetcher(pictures: Pictures) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class InMemory(URLFetcher):  # type: ignore[misc]  # a library without types
        """Serves the pictures of this document; every other address is refused."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in pictures:
                raise ValueError("a certificate is drawn from what is handed over, nothing else")
            content, kind = pictures[url]
            return URLFetcherResponse(url, content, {"Content-Type": kind})

    return InMemory(allowed_protocols=())


def _look() -> tuple[Any, Any]:
    """The fonts and the parsed stylesheet, made once in each thread."""
    if not hasattr(_prepared, "look"):
        from weasyprint import CSS
        from weasyprint.text.fonts import FontConfiguration

        fonts = FontConfiguration()
        _prepared.look = fonts, CSS(string=_stylesheet(), font_config=fonts, url_fetcher=_closed_fetcher({}))
    look: tuple[Any, Any] = _prepared.look
    return look


@cache
def _stylesheet() -> str:
    return (FOLDER / "document.css").read_text(encoding="utf-8")


@cache
def _ornaments() -> Pictures:
    return {f"memory:{name}": ((FOLDER / f"{name}.svg").read_bytes(), "image/svg+xml") for name in ("frame", "cross", "rule", "seal")}


def _html(snapshot: Snapshot, *, has_logo: bool, scale: int) -> str:
    with i18n.using(snapshot.language):
        text: str = (
            i18n.environment(snapshot.language)
            .get_template(TEMPLATE)
            .render(
                it=snapshot, words=in_words(snapshot), has_logo=has_logo, scale=scale, logo=LOGO, qr=QR,
                verify_at=snapshot.verify_url.partition("://")[2].removesuffix(f"/{snapshot.code}"),
                name_size=fitting(snapshot.name, (26, 34, 44, 110)), course_size=fitting(snapshot.course, (58, 110, 150)),
                name_direction=direction(snapshot.name), course_direction=direction(snapshot.course),
            )
        )  # fmt: skip
    return text


def in_words(snapshot: Snapshot) -> Words:
    """Dates, hours and lists by CLDR, in the language of the certificate, which must be in force."""
    locale = i18n.cldr(snapshot.language)
    hours = i18n.counted("{n} hour", "{n} hours", snapshot.hours)
    return Words(
        dates=_period(snapshot, locale), hours=hours if snapshot.hours else "", regions=_listed(snapshot.regions, locale),
        tutors=_listed(snapshot.tutors, locale), issued_on=format_date(snapshot.issued_on, "long", locale=locale),
    )  # fmt: skip


def _period(snapshot: Snapshot, locale: Locale) -> str:
    start, end = snapshot.starts_on, snapshot.ends_on
    if start and end:
        return format_interval(start, end, "yMMMMd", locale=locale)
    return format_date(end or start, "long", locale=locale) if end or start else ""


def _listed(names: tuple[str, ...], locale: Locale) -> str:
    return format_list(names, locale=locale) if names else ""


def fitting(text: str, steps: tuple[int, ...]) -> int:
    """The size class for a text, 1 (large) to len(steps) + 1: the number of the first step that is as wide as the text."""
    width = sum(_width(character) for character in text)
    return next((number for number, step in enumerate(steps, 1) if width <= step), len(steps) + 1)


def _width(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 1.3 if character.isupper() or "\u1200" <= character <= "\u139f" else 1


def direction(text: str) -> str:
    """ "ltr" or "rtl", by the first letter that has a direction (as dir=auto does)."""
    strong = (unicodedata.bidirectional(character) for character in text)
    return "rtl" if next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L" else "ltr"
