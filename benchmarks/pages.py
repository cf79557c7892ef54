"""Requests a second of pages of the demo campus, as a share of what a bare route gives on the same machine in the same run."""

from benchmarks.measurement import Measurement
from benchmarks.serving import bare, requests_per_second, suite

TRAINEE, TUTOR, STAFF = "rosa@demo.example", "ines@demo.example", "staff@demo.example"
PAGES = {
    "catalogue": ("/", ""),
    "sign-in": ("/sign-in", ""),
    "certificate check": ("/verify", ""),
    "dashboard, signed in": ("/today", TRAINEE),
    "course, signed in": ("/learn/POLI-2026-LA1", TRAINEE),
    "marking queue, signed in": ("/marking?state=waiting", TUTOR),
    "trainees by region, signed in": ("/reports/trainees?by=region", STAFF),
}
UNIT = "requests/s"
REFERENCE = "a bare def route"


def run() -> list[Measurement]:
    """Measure the bare route first, then every page. Bare and suite never run at the same time."""
    with bare() as port:
        reference = requests_per_second(port, "/")
    measured = [Measurement("bare def route", reference, UNIT, 1.0, REFERENCE)]
    with suite(TRAINEE, TUTOR, STAFF) as served:
        for name, (path, person) in PAGES.items():
            speed = requests_per_second(served.port, path, cookie=served.cookies.get(person, ""))
            measured.append(Measurement(name, speed, UNIT, speed / reference, REFERENCE))
    return measured
