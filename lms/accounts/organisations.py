"""Organisations, many at a time."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from lms.accounts.models import ORGANISATION_TYPES, Organisation
from lms.kernel.database import ReadSession, Session
from lms.kernel.text import fold

# SQLModel types a column as its value; in a statement it is a column.
_Organisation: Any = Organisation
_TABLE: Any = Organisation.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

NAME_LIMIT = 200
Key = tuple[str, str | None]
"""Name and country."""
_ALSO = {
    "think tank": "think_tank", "policy research institute": "think_tank", "research institute": "think_tank",
    "centro de pensamiento": "think_tank", "ngo": "civil_society", "ong": "civil_society", "osc": "civil_society", "cso": "civil_society",
    "non governmental organisation": "civil_society", "non governmental organization": "civil_society",
    "sociedad civil": "civil_society", "societe civile": "civil_society", "public sector": "government", "gobierno": "government",
    "gouvernement": "government", "governo": "government", "universidad": "university", "universite": "university",
    "universidade": "university", "academia": "university", "academic": "university",
    "international organisation": "international", "international organization": "international", "internacional": "international",
    "organismo internacional": "international", "company": "private", "private sector": "private", "empresa": "private",
    "privado": "private", "sector privado": "private", "press": "media", "prensa": "media", "medios": "media", "otro": "other",
    "otra": "other", "autre": "other", "outro": "other",
}  # fmt: skip


def type_of(text: str) -> str | None:
    """The type that somebody means; None where it is none of ours."""
    words = " ".join(fold(text).replace("_", " ").replace("-", " ").replace("/", " ").split())
    code = words.replace(" ", "_")
    return code if code in ORGANISATION_TYPES else _ALSO.get(words)


def find_or_make(session: Session, wanted: Mapping[Key, str]) -> tuple[dict[Key, tuple[int, str]], set[Key]]:
    """The id and type of each of these organisations, and which of them are new. One that exists keeps its type. Three statements."""
    held = _held(session, wanted)
    new = {key for key in wanted if key not in held}
    if new:
        rows = [{"name": name, "country_code": country, "type": wanted[name, country]} for name, country in sorted(new, key=str)]
        session.write_many(insert(_TABLE), rows)
        held |= _held(session, new)
    return held, new


def _held(session: ReadSession, keys: Mapping[Key, str] | set[Key]) -> dict[Key, tuple[int, str]]:
    if not keys:
        return {}
    columns: Any = (_Organisation.id, _Organisation.name, _Organisation.country_code, _Organisation.type)
    rows: Any = session.rows(
        select(*columns).where(_Organisation.name.in_({name for name, _country in keys})).order_by(_Organisation.id.desc())
    )
    # The oldest one wins: without a country the database allows several of a name.
    return {(row.name, row.country_code): (row.id, row.type) for row in rows if (row.name, row.country_code) in keys}
