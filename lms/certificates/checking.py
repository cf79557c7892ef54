"""Checking that this machine can draw certificates."""

import subprocess
import sys
import threading

from lms.kernel.database import ReadSession

_PROBE = (
    "from weasyprint import HTML; "
    "from weasyprint.text.fonts import FontConfiguration; "
    "assert b'/FontFile' in HTML(string='<p>ä').write_pdf(font_config=FontConfiguration(), uncompressed_pdf=True), 'there is no font'"
)
SECONDS = 60
_known = threading.Event()  # what worked once keeps working: libraries do not leave a running machine


class CannotDraw(Exception):
    """WeasyPrint does not work here, or there is no font."""


def check_drawing(_session: ReadSession) -> None:
    """Draw a line of text in a process of its own: the web process stays without the libraries. Raises CannotDraw."""
    if _known.is_set():
        return
    tried = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, timeout=SECONDS, check=False)  # nosec B603  # our own words
    if tried.returncode != 0:
        lines = tried.stderr.strip().splitlines() or ["no reason given"]
        raise CannotDraw(f"certificates cannot be drawn: {lines[-1]}")
    _known.set()
