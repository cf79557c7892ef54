"""Regions and countries: the UN M49 tree that every installation begins with, and their names."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import bindparam, select

from lms.accounts.models import Country, Region
from lms.kernel.database import ReadSession, Session
from lms.kernel.i18n import cldr, country_name

# SQLModel types a column as its value; in a statement it is a column.
_Country: Any = Country
_Region: Any = Region


@cache
def _default_tree() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((files("lms.accounts") / "data" / "regions.json").read_text(encoding="utf-8"))
    return tree


def load_default_regions(session: Session) -> None:
    """Put the UN M49 regions and the ISO countries in, as far as they are missing. What a programme changed stays."""
    tree = _default_tree()
    known: dict[str, Region] = {region.code: region for region in session.scalars(select(Region))}
    for row in tree["regions"]:
        if row["code"] not in known:
            known[row["code"]] = _add_region(session, row["code"], row["name"], known.get(row["parent"]))
    present = set(session.scalars(select(_Country.code)))
    missing = {code: region for code, region in tree["countries"].items() if code not in present}
    session.add_all([Country(code=code, region_id=_id(known[region])) for code, region in missing.items()])


def _add_region(session: Session, code: str, name: str, parent: Region | None) -> Region:
    region = session.add(Region(code=code, name=name, parent_id=parent.id if parent else None, level=parent.level + 1 if parent else 0))
    if parent:
        # The node just below the world is its own macro-region.
        region.macro_id = region.id if parent.parent_id is None else parent.macro_id
        session.flush()
    return region


def _id(region: Region) -> int:
    if region.id is None:
        raise ValueError(f"region {region.code} is not saved yet")
    return region.id


_NAMES: Any = select(_Region.code, _Region.name).where(_Region.code.in_(bindparam("codes", expanding=True)))


def region_names(session: ReadSession, codes: Iterable[str], locale: str) -> dict[str, str]:
    """The name of each region: CLDR's in the reader's language for the nodes of UN M49, else the name given by the programme."""
    defaults, territories = _default_names(), cldr(locale).territories
    rows: Any = session.rows(_NAMES, {"codes": list(codes)})
    return {code: territories.get(code, name) if defaults.get(code) == name else name for code, name in rows}


@cache
def _default_names() -> dict[str, str]:
    return {row["code"]: row["name"] for row in _default_tree()["regions"]}


def titled(names: Mapping[str, str]) -> dict[str, str]:
    """Names as they stand alone: CLDR writes some, such as "world", as in the middle of a sentence."""
    return {code: name[:1].upper() + name[1:] for code, name in names.items()}


def country_names(codes: Iterable[str], locale: str) -> dict[str, str]:
    """The name of each of these countries, as far as there is such a country."""
    return {code: country_name(code, locale) for code in codes if code in _default_tree()["countries"]}
