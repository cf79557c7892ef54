"""Time zones that people choose from."""

from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import available_timezones

from babel.core import get_global
from pydantic import AfterValidator

from lms.kernel.i18n import N_


@cache
def timezones() -> tuple[str, ...]:
    """The zones a person may choose: those named after places, and UTC."""
    areas = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(areas)))


@cache
def offered() -> tuple[str, ...]:
    """Those of them that forms list: one for each place, without its former names, which still count. A seventh fewer to send."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="ascii")
    places = {line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")}
    return tuple(zone for zone in timezones() if zone == "UTC" or zone in places)


# Where most people live in countries that have several zones.
_MAIN = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta", "KZ": "Asia/Almaty", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "US": "America/New_York",
}  # fmt: skip


def of_country(code: str | None, otherwise: str) -> str:
    """The zone in which most people of a country live; `otherwise` where that is not known."""
    known = get_global("territory_zones").get(code or "", [])  # of Unicode CLDR
    zone = _MAIN.get(code or "") or (known[0] if len(known) == 1 else otherwise)
    return zone if zone in timezones() else otherwise


def _known_zone(zone: str) -> str:
    if zone not in timezones():
        raise ValueError(str(N_("Please choose one of the options.")))
    return zone


Zone = Annotated[str, AfterValidator(_known_zone)]
"""A zone in a form."""
