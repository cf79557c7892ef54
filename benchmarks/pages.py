"""Requests a second of public pages of the demo campus, as a share of what a bare route gives on the same machine."""

from benchmarks.measurement import Measurement
from benchmarks.serving import bare, requests_per_second, suite

PAGES = {"catalogue": "/", "sign-in": "/sign-in", "certificate check": "/verify"}
UNIT = "requests/s"
REFERENCE = "a bare def route"


def run() -> list[Measurement]:
    """Measure the bare route first, then every page. Bare and suite never run at the same time."""
    with bare() as port:
        reference = requests_per_second(port, "/")
    measured = [Measurement("bare def route", reference, UNIT, 1.0, REFERENCE)]
    with suite() as port:
        for name, path in PAGES.items():
            speed = requests_per_second(port, path)
            measured.append(Measurement(name, speed, UNIT, speed / reference, REFERENCE))
    return measured
