"""Time zones that people choose from."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from lms.kernel.i18n import N_


@cache
def timezones() -> tuple[str, ...]:
    """The zones a person may choose: those named after places, and UTC."""
    areas = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(areas)))


def _known_zone(zone: str) -> str:
    if zone not in timezones():
        raise ValueError(str(N_("Please choose one of the options.")))
    return zone


Zone = Annotated[str, AfterValidator(_known_zone)]
"""A zone in a form."""
