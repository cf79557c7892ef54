"""What the API shows of regions and people, within what a person may see. Constant numbers of selects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from lms.accounts.models import Country, Organisation, Person, Region, full_name
from lms.accounts.places import region_names, titled
from lms.kernel.database import ReadSession
from lms.kernel.lists import with_words
from lms.kernel.permissions import Actor

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Region: Any = Region
_Country: Any = Country
_Organisation: Any = Organisation
_Parent: Any = aliased(Region)
_Macro: Any = aliased(Region)

SEES_PEOPLE = "accounts.view_people"


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region; `parent` and `macroregion` are codes."""

    id: int
    code: str
    name: str
    parent: str | None
    macroregion: str | None
    level: int
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A person; `country` and `region` are codes, the region that of the country where none was set by hand."""

    id: int
    code: str
    email: str | None
    given_name: str
    family_name: str
    name: str
    certificate_name: str
    gender: str
    country: str | None
    region: str | None
    organisation: str | None
    organisation_type: str | None
    language: str
    timezone: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WantedPeople:
    """What a list is narrowed to. Empty: all."""

    q: str = ""
    email: str = ""
    country: str = ""
    region: str = ""
    gender: str = ""

    def conditions(self) -> list[Any]:
        """The same for a statement."""
        pairs = ((_Person.email, self.email.strip().lower()), (_Person.country_code, self.country), (_Region.code, self.region),
                 (_Person.gender, self.gender))  # fmt: skip
        return [*with_words(_Person.search_text, self.q), *(column == value for column, value in pairs if value)]


_PEOPLE: Any = (
    select(
        _Person.id, _Person.code, _Person.email, _Person.given_name, _Person.family_name, _Person.certificate_name, _Person.gender,
        _Person.country_code.label("country"), _Region.code.label("region"), _Organisation.name.label("organisation"),
        _Organisation.type.label("organisation_type"), _Person.language, _Person.timezone, _Person.created_at,
    )
    .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
    .outerjoin(Country, _Country.code == _Person.country_code)
    .outerjoin(Region, _Region.id == func.coalesce(_Person.region_id, _Country.region_id))
    .where(_Person.erased_at.is_(None))
)  # fmt: skip


def people(session: ReadSession, actor: Actor, wanted: WantedPeople, after: int, limit: int) -> list[PersonEntry]:
    """People by id, above `after`: everybody for those who may see people, oneself for everybody else. One query."""
    return _people(session, _visible(actor), _Person.id > after, *wanted.conditions(), limit=limit)


def person(session: ReadSession, actor: Actor, code: str) -> PersonEntry | None:
    """The person with this code, for somebody who may see her. One query."""
    return next(iter(_people(session, _visible(actor), _Person.code == code, limit=1)), None)


def _visible(actor: Actor) -> Any:
    return _Person.id.is_not(None) if actor.can(SEES_PEOPLE) else _Person.id == actor.id


def _people(session: ReadSession, *conditions: Any, limit: int) -> list[PersonEntry]:
    rows: Any = session.rows(_PEOPLE.where(*conditions).order_by(_Person.id).limit(limit))
    return [PersonEntry(**row._mapping, name=full_name(row.given_name, row.family_name)) for row in rows]


def regions(session: ReadSession, locale: str, *, parent: str = "", code: str = "", after: int = 0, limit: int = 1) -> list[RegionRow]:
    """Regions by id, above `after`, with the countries that lie directly in them. Three queries."""
    conditions = [_Region.id > after, *([_Parent.code == parent] if parent else []), *([_Region.code == code] if code else [])]
    found: Any = session.rows(
        select(_Region.id, _Region.code, _Parent.code.label("parent"), _Macro.code.label("macroregion"), _Region.level)
        .outerjoin(_Parent, _Parent.id == _Region.parent_id)
        .outerjoin(_Macro, _Macro.id == _Region.macro_id)
        .where(*conditions)
        .order_by(_Region.id)
        .limit(limit)
    ).all()
    names = titled(region_names(session, [row.code for row in found], locale))
    countries = _countries(session, [row.id for row in found])
    return [RegionRow(r.id, r.code, names[r.code], r.parent, r.macroregion, r.level, tuple(countries.get(r.id, ()))) for r in found]


def _countries(session: ReadSession, region_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows: Any = session.rows(select(_Country.region_id, _Country.code).where(_Country.region_id.in_(region_ids)).order_by(_Country.code))
    for region_id, code in rows:
        found.setdefault(region_id, []).append(code)
    return found
