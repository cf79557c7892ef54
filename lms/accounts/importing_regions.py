"""Regions from a file, and into one: a whole tree at a time, because a parent may stand below its children."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from lms.accounts import regions
from lms.accounts.models import Country, Region
from lms.kernel.database import ReadSession, Session
from lms.kernel.i18n import N_
from lms.kernel.importing import Change, Column, Importer, Incoming, Mode, Outcome, Result, Underway, mode_fault
from lms.kernel.many import change_rows
from lms.kernel.permissions import Actor, require
from lms.kernel.reverting import CHANGED, GONE, USED, Reason, revert_rows
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Region: Any = Region
_Country: Any = Country
_REGIONS: Any = Region.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table
_COUNTRIES: Any = Country.__table__  # type: ignore[attr-defined]  # as above
_MOVE: Any = update(_COUNTRIES).where(_COUNTRIES.c.code == bindparam("country")).values(region_id=bindparam("region"))

CODE = re.compile(r"[^\s,;]{1,40}")
NAME_LIMIT = 200
DEEPEST = 20
COLUMNS = (
    Column("code", N_("Code"), N_("Which region it is; no spaces, for example LATAM"), required=True),
    Column("name", N_("Name"), N_("Without one: the code")),
    Column("parent", N_("Part of"), N_("Code of the region that it lies in, anywhere in the file or known already; empty: the top")),
    Column("countries", N_("Countries"), N_("Two letters of ISO 3166 each, with spaces between; they move to this region")),
)


@dataclass(slots=True)
class _Wanted(Underway):
    """A row on its way."""

    code: str
    name: str
    parent: str
    countries: list[str]
    stored: Any = None
    changes: list[Change] = field(default_factory=list)


def take(session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
    """Add and change regions, and move countries into them. The tree belongs to the whole site. Raises Forbidden."""
    require(actor, "accounts.edit_programme")
    columns: Any = (_Region.id, _Region.code, _Region.name, _Region.parent_id)
    stored = {row.code: row for row in session.rows(select(*columns).order_by(_Region.id).with_for_update())}
    homes: dict[str, int] = dict(session.rows(select(_Country.code, _Country.region_id)).all())
    wanted = [_read(row) for row in rows]
    for one in wanted:
        one.stored = stored.get(one.code)
        if fault := mode_fault(mode, one.stored is not None, "code", one.code):
            one.faults.append(fault)
    _check_countries(wanted, homes)
    _check_tree(wanted, stored)
    _write(session, [one for one in wanted if not one.faults], stored, homes)
    return [_outcome(one) for one in wanted]


def _read(row: Incoming) -> _Wanted:
    cells = {name: tidy(text) for name, text in row.cells.items()}
    countries = cells.get("countries", "").upper().replace(",", " ").replace(";", " ").split()
    one = _Wanted(row, cells["code"], cells.get("name", ""), cells.get("parent", ""), countries)
    if not CODE.fullmatch(one.code):
        one.refuse("code", N_("At most 40 characters without spaces, for example LATAM."))
    if len(one.name) > NAME_LIMIT:
        one.refuse("name", N_("At most {limit} characters.").format(limit=NAME_LIMIT))
    return one


def _check_countries(wanted: Sequence[_Wanted], homes: dict[str, int]) -> None:
    listed: dict[str, int] = {}
    for one in wanted:
        for country in one.countries:
            if country not in homes:
                one.refuse("countries", N_("There is no country with this code: two letters of ISO 3166, for example PE."), country)
            elif (line := listed.get(country, one.row.line)) != one.row.line:
                one.refuse("countries", N_("Line {line} of the file lists this country already.").format(line=line), country)
        if not one.faults:
            listed |= dict.fromkeys(one.countries, one.row.line)


def _check_tree(wanted: Sequence[_Wanted], stored: dict[str, Any]) -> None:
    """Every parent must be there, or come in with the file; nothing may lie within itself. A row that is refused takes others along."""
    codes = {row.id: code for code, row in stored.items()}
    while True:
        sound = {one.code: one for one in wanted if not one.faults}
        orphans = [one for one in sound.values() if one.parent and one.parent not in stored and one.parent not in sound]
        for one in orphans:
            one.refuse("parent", N_("There is no region with this code, and none comes in with this file."))
        if orphans:
            continue
        parents = {code: codes.get(row.parent_id) for code, row in stored.items()}
        parents |= {code: one.parent or parents.get(code) for code, one in sound.items()}
        wrong = [sound[code] for code in regions.circle(parents) if code in sound] or [
            one for one in sound.values() if _depth(one.code, parents) > DEEPEST
        ]
        for one in wrong:
            one.refuse("parent", N_("A region cannot lie within itself, nor more than 20 levels deep."))
        if not wrong:
            return


def _depth(code: str, parents: dict[str, str | None]) -> int:
    depth, node = 0, parents.get(code)
    while node is not None and depth <= DEEPEST:
        depth, node = depth + 1, parents.get(node)
    return depth


def _write(session: Session, wanted: Sequence[_Wanted], stored: dict[str, Any], homes: dict[str, int]) -> None:
    new = [one for one in wanted if one.stored is None]
    # Parents follow in a second step: then all of them have ids.
    session.write_many(insert(_REGIONS), [{"code": one.code, "name": one.name or one.code, "level": 0} for one in new])
    found: Any = session.rows(select(_Region.code, _Region.id)).all() if new else ()
    ids: dict[str, int] = {code: row.id for code, row in stored.items()} | dict(found)
    changed = []
    for one in wanted:
        before = (
            {"name": one.stored.name, "parent_id": one.stored.parent_id}
            if one.stored
            else {"name": one.name or one.code, "parent_id": None}
        )
        after = {"name": one.name or before["name"], "parent_id": ids[one.parent] if one.parent else before["parent_id"]}
        if after != before:
            changed.append((ids[one.code], after))
        if one.stored is None:
            one.changes.append(Change("region", ids[one.code], None, {"code": one.code, **after}))
        elif after != before:
            one.changes.append(Change("region", ids[one.code], before, after))
    change_rows(session, _REGIONS, changed)
    moves = [(one, country) for one in wanted for country in dict.fromkeys(one.countries) if homes[country] != ids[one.code]]
    for one, country in moves:
        one.changes.append(Change("country", country, {"region_id": homes[country]}, {"region_id": ids[one.code]}))
    session.write_many(_MOVE, [{"country": country, "region": ids[one.code]} for one, country in moves])
    regions.settle(session)


def _outcome(one: _Wanted) -> Outcome:
    if one.faults:
        return Outcome(one.row.line, "rejected", tuple(one.faults))
    result: Result = "created" if one.stored is None else "updated" if one.changes else "unchanged"
    return Outcome(one.row.line, result, changes=tuple(one.changes))


def give(session: ReadSession, actor: Actor) -> Iterator[Sequence[Any]]:
    """The tree from the top, each region with its countries. Raises Forbidden."""
    require(actor, "accounts.edit_programme")
    columns: Any = (_Region.id, _Region.code, _Region.name, _Region.parent_id)
    rows = session.rows(select(*columns).order_by(_Region.level, _Region.id)).all()
    codes = {row.id: row.code for row in rows}
    countries: dict[int, list[str]] = {}
    for code, region in session.rows(select(_Country.code, _Country.region_id).order_by(_Country.code)):
        countries.setdefault(region, []).append(code)
    for row in rows:
        yield row.code, row.name, codes.get(row.parent_id, ""), " ".join(countries.get(row.id, ()))


def revert(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    """Move countries back, give regions their old names and places, and take new ones away that nothing refers to. Raises Forbidden."""
    require(actor, "accounts.edit_programme")
    reasons: dict[int, Reason] = _move_back(session, {n: change for n, change in enumerate(changes) if change.kind == "country"})
    left = [n for n, change in enumerate(changes) if change.kind == "region"]
    while left:
        found = revert_rows(session, Region, [changes[n] for n in left])
        reasons |= dict(zip(left, found, strict=True))
        regions.settle(session)
        # A region may have been kept only by others of the same file that lay in it and are gone now.
        again = [n for n, reason in zip(left, found, strict=True) if reason is USED]
        left = again if len(again) < len(left) else []
    return [reasons[n] for n in range(len(changes))]


def _move_back(session: Session, changes: dict[int, Change]) -> dict[int, Reason]:
    homes: dict[str, int] = dict(session.rows(select(_Country.code, _Country.region_id)).all())
    known = set(session.scalars(select(_Region.id)))
    reasons: dict[int, Reason] = {}
    moves = []
    for number, change in changes.items():
        country, home = str(change.identifier), (change.before or {}).get("region_id")
        if homes.get(country) != change.after["region_id"]:
            reasons[number] = CHANGED
        elif home not in known:
            reasons[number] = GONE
        else:
            reasons[number] = None
            moves.append({"country": country, "region": home})
    session.write_many(_MOVE, moves)
    return reasons


importer = Importer(
    name="regions",
    title=N_("Regions"),
    columns=COLUMNS,
    permission="accounts.edit_programme",
    take=take,
    give=give,
    revert=revert,
    weight=5,
    key=("code",),
    piece=50_000,
)
