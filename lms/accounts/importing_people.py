"""People from a file, and into one: some hundred at a time, in a constant number of questions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import bindparam, insert, select

from lms.accounts import languages, organisations, people, zones
from lms.accounts.addresses import is_plausible
from lms.accounts.genders import understood
from lms.accounts.models import Country, Organisation, Person, Region
from lms.kernel import clock
from lms.kernel.database import ReadSession, Session
from lms.kernel.i18n import N_, LazyText
from lms.kernel.importing import Change, Column, Fault, Importer, Incoming, Mode, Outcome, Underway, mode_fault
from lms.kernel.many import change_rows, in_turn
from lms.kernel.permissions import Actor, require
from lms.kernel.reverting import Reason, revert_by_kind, revert_rows
from lms.kernel.text import random_code, tidy

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Country: Any = Country
_Region: Any = Region
_Organisation: Any = Organisation
_TABLE: Any = Person.__table__  # type: ignore[attr-defined]  # SQLModel tells mypy nothing of its table

NAME_LIMIT = 120
FIELDS = ("given_name", "family_name", "gender", "country_code", "region_id", "organisation_id", "language")
_KEPT = (*FIELDS, "search_text")

COLUMNS = (
    Column("email", N_("E-mail"), N_("Who it is; for example ana@example.org"), required=True),
    Column("given_name", N_("Given name"), N_("One of the two names is needed")),
    Column("family_name", N_("Family name"), N_("One of the two names is needed")),
    Column("country", N_("Country"), N_("Two letters of ISO 3166, for example PE")),
    Column("region", N_("Region"), N_("Code of a region, only where the country does not tell it")),
    Column("gender", N_("Gender"), N_("F, M, female, male, mujer, homme, mulher, …; what is not understood becomes undisclosed")),
    Column("organisation", N_("Organisation"), N_("Name of the organisation")),
    Column("organisation_type", N_("Kind of organisation"), N_("think_tank, civil_society, government, university, …")),
    Column("language", N_("Language"), N_("For example es")),
)
SYNONYMS = {"given name": "given_name", "first_name": "given_name", "family name": "family_name", "last_name": "family_name",
            "e-mail": "email", "organization": "organisation", "organization_type": "organisation_type"}  # fmt: skip


@dataclass(slots=True)
class _Wanted(Underway):
    """A row on its way: what it says, what is stored, what is wrong."""

    email: str
    values: dict[str, Any] = field(default_factory=dict)
    organisation: str = ""
    organisation_type: str | None = None
    stored: Any = None
    notes: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def cell(self, name: str) -> str:
        return self.row.cells.get(name, "")

    def note(self, column: str, reason: LazyText | str) -> None:
        self.notes.append(Fault(column, self.cell(column), reason))

    def after(self, name: str) -> Any:
        """A value as it will be."""
        return self.values[name] if name in self.values else getattr(self.stored, name, None)


def take(session: Session, actor: Actor, rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
    """Add and change people. Nobody gets an account or a mail. Raises Forbidden."""
    require(actor, "accounts.edit_people")
    wanted = [_read(row) for row in rows]
    _meet(session, wanted, mode)
    _place(session, wanted)
    sound = [one for one in wanted if not one.faults]
    _employ(session, sound)
    _write(session, sound)
    return [_outcome(one) for one in wanted]


def _read(row: Incoming) -> _Wanted:
    """What the row says, checked as far as that needs nobody else."""
    one = _Wanted(row, people.address(row.cells["email"]) or "")
    if not is_plausible(one.email):
        one.refuse("email", N_("This is not an e-mail address."))
    for name in ("given_name", "family_name"):
        if text := tidy(one.cell(name)):
            one.values[name] = text
            if len(text) > NAME_LIMIT:
                one.refuse(name, N_("At most {limit} characters.").format(limit=NAME_LIMIT))
    _read_gender(one)
    if one.cell("language"):
        one.values["language"] = languages.code_of(one.cell("language"))
        if one.values["language"] is None:
            one.refuse("language", N_("We do not know this language code. Examples: es, pt_BR."))
    _read_organisation(one)
    return one


def _read_gender(one: _Wanted) -> None:
    gender = understood(one.cell("gender"))
    if gender is None:
        one.note("gender", N_("Not understood: kept as undisclosed."))
    if one.cell("gender"):
        one.values["gender"] = gender or "undisclosed"


def _read_organisation(one: _Wanted) -> None:
    one.organisation = tidy(one.cell("organisation"))
    if len(one.organisation) > organisations.NAME_LIMIT:
        one.refuse("organisation", N_("At most {limit} characters.").format(limit=organisations.NAME_LIMIT))
    if not one.cell("organisation_type"):
        return
    one.organisation_type = organisations.type_of(one.cell("organisation_type"))
    if one.organisation_type is None:
        one.refuse("organisation_type", N_("We do not know this kind of organisation. Examples: university, government."))
    elif not one.organisation:
        one.note("organisation_type", N_("Left out: no organisation is named."))


def _meet(session: Session, wanted: Sequence[_Wanted], mode: Mode) -> None:
    """Find who is there already."""
    columns: Any = (_Person.id, _Person.email, _Person.certificate_name, *(getattr(_Person, name) for name in _KEPT))
    emails = [one.email for one in wanted if not one.faults]
    found: Any = session.rows(
        select(*columns, _Organisation.name.label("organisation"), _Organisation.country_code.label("organisation_country"))
        .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
        .where(_Person.email.in_(emails))
        .order_by(_Person.id)
        .with_for_update(of=_TABLE)
    )
    known = {row.email: row for row in found}
    for one in wanted:
        one.stored = known.get(one.email)
        if fault := mode_fault(mode, one.stored is not None, "email", one.cell("email")):
            one.faults.append(fault)
        names = {"given_name", "family_name"} & one.row.cells.keys()
        if not names & one.values.keys() and (names or one.stored is None):
            one.refuse("given_name", N_("Please write at least one name."))


def _place(session: ReadSession, wanted: Sequence[_Wanted]) -> None:
    """Countries and regions."""
    homes: dict[str, int] = dict(session.rows(select(_Country.code, _Country.region_id)).all())
    codes = {tidy(one.cell("region")) for one in wanted} - {""}
    found: Any = session.rows(select(_Region.code, _Region.id).where(_Region.code.in_(codes))).all()
    regions: dict[str, int] = dict(found)
    for one in wanted:
        if country := one.cell("country").upper():
            one.values["country_code"] = country
            if country not in homes:
                one.refuse("country", N_("There is no country with this code: two letters of ISO 3166, for example PE."))
        if region := tidy(one.cell("region")):
            if region not in regions:
                one.refuse("region", N_("There is no region with this code."))
            # Kept only where the country does not tell it.
            named = regions.get(region)
            one.values["region_id"] = None if named == homes.get(one.after("country_code") or "") else named


def _employ(session: Session, wanted: Sequence[_Wanted]) -> None:
    """Organisations, each known by its name and the country of who works there."""
    named = [one for one in wanted if one.organisation]
    keys = {(one.organisation, one.after("country_code")): one.organisation_type or "other" for one in reversed(named)}
    held, new = organisations.find_or_make(session, keys)
    for one in named:
        key = (one.organisation, one.after("country_code"))
        organisation_id, kind = held[key]
        one.values["organisation_id"] = organisation_id
        if key in new:
            new.discard(key)
            after = {"name": key[0], "type": kind, "country_code": key[1]}
            one.changes.append(Change("organisation", organisation_id, None, after))
        if one.organisation_type and one.organisation_type != kind:
            one.note("organisation_type", N_("The organisation is known as another kind, which stays: {kind}.").format(kind=kind))


def _write(session: Session, wanted: Sequence[_Wanted]) -> None:
    new = [one for one in wanted if one.stored is None]
    session.write_many(insert(_TABLE), [_new_row(one) for one in new])
    found: Any = session.rows(select(_Person.email, _Person.id).where(_Person.email.in_([one.email for one in new]))).all()
    ids: dict[str, int] = dict(found)
    for one in new:
        after = {name: one.values.get(name) for name in FIELDS} | {"email": one.email}
        after |= {"gender": one.values["gender"], "language": one.values["language"]}
        one.changes.append(Change("person", ids[one.email], None, after, ids[one.email]))
    changed = []
    for one in wanted:
        if one.stored is not None and (names := [name for name, value in one.values.items() if value != getattr(one.stored, name)]):
            changed.append(_changed_row(one, names))
    change_rows(session, _TABLE, changed)


def _new_row(one: _Wanted) -> dict[str, Any]:
    given: dict[str, Any] = {"given_name": "", "family_name": "", "gender": "undisclosed", "language": "en"}
    one.values = {**dict.fromkeys(FIELDS), **given, **one.values}
    return {
        **one.values, "email": one.email, "code": random_code(), "certificate_name": "", "created_at": clock.now(),
        "timezone": zones.of_country(one.values["country_code"], "UTC"),
        "search_text": people.search_text(one.values["given_name"], one.values["family_name"], "", one.email),
    }  # fmt: skip


def _changed_row(one: _Wanted, names: Iterable[str]) -> tuple[int, dict[str, Any]]:
    after = {name: one.after(name) for name in FIELDS}
    after["search_text"] = people.search_text(after["given_name"], after["family_name"], one.stored.certificate_name, one.email)
    shown = [*names, *(["search_text"] if after["search_text"] != one.stored.search_text else [])]
    before = {name: getattr(one.stored, name) for name in shown}
    one.changes.append(Change("person", one.stored.id, before, {name: after[name] for name in shown}, one.stored.id))
    return one.stored.id, after


def _outcome(one: _Wanted) -> Outcome:
    if one.faults:
        return Outcome(one.row.line, "rejected", tuple(one.faults), tuple(one.notes))
    is_changed = any(change.kind == "person" for change in one.changes)
    result = "created" if one.stored is None else "updated" if is_changed else "unchanged"
    return Outcome(one.row.line, result, (), tuple(one.notes), tuple(one.changes))  # type: ignore[arg-type]  # one of the three words


def give(session: ReadSession, actor: Actor) -> Iterator[Sequence[Any]]:
    """Everybody with an address, by the time they came. Raises Forbidden."""
    require(actor, "accounts.view_people")
    columns: Any = (
        _Person.id, _Person.email, _Person.given_name, _Person.family_name, _Person.country_code, _Region.code, _Person.gender,
        _Organisation.name, _Organisation.type, _Person.language,
    )  # fmt: skip
    statement = (
        select(*columns)
        .outerjoin(Region, _Region.id == _Person.region_id)
        .outerjoin(Organisation, _Organisation.id == _Person.organisation_id)
        .where(_Person.email.is_not(None), _Person.erased_at.is_(None), _Person.id > bindparam("after"))
        .order_by(_Person.id)
        .limit(1000)
    )
    for row in in_turn(session, statement):
        yield row[1:]


def revert(session: Session, actor: Actor, changes: Sequence[Change]) -> list[Reason]:
    """Take people back who were new and whom nothing refers to yet, and give others their old values. Raises Forbidden."""
    require(actor, "accounts.edit_people")
    rows = partial(revert_rows, session, besides=("import_change",))
    return revert_by_kind(changes, {"person": partial(rows, Person, derived=("search_text",)), "organisation": partial(rows, Organisation)})


importer = Importer(
    name="people",
    title=N_("People"),
    columns=COLUMNS,
    permission="accounts.edit_people",
    export_permission="accounts.view_people",
    take=take,
    give=give,
    revert=revert,
    weight=30,
    synonyms=SYNONYMS,
    key=("email",),
)
