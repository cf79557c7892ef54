"""What a certificate says, as plain values: frozen when it is issued, whatever changes afterwards."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is printed, in the language of the certificate. `hours` is 0 and a date empty where nobody said."""

    serial: str
    code: str
    language: str
    name: str
    programme: str
    course: str
    cohort: str
    cohort_code: str
    issued_on: date
    verify_url: str
    signatory: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    hours: int = 0
    regions: tuple[str, ...] = ()
    tutors: tuple[str, ...] = ()
    logo_file_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The values as JSON keeps them: dates as ISO 8601."""
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}


def from_json(values: Mapping[str, Any]) -> Snapshot:
    """A snapshot from what `as_json` wrote; what later versions may add is left out."""
    known = {name: values[name] for name in Snapshot.__dataclass_fields__ if name in values}
    for name in ("issued_on", "starts_on", "ends_on"):
        known[name] = date.fromisoformat(known[name]) if known.get(name) else None
    for name in ("regions", "tutors"):
        known[name] = tuple(known.get(name) or ())
    return Snapshot(**known)
