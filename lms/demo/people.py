"""The invented people: the team that signs in, 225 trainees with their organisations, and some who only apply."""

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from lms.accounts import passwords, people, roles
from lms.accounts.models import Person
from lms.accounts.queries import DEMO_DOMAIN
from lms.demo.invention import address, fixed_code
from lms.kernel import clock
from lms.kernel.database import Session
from lms.kernel.permissions import SYSTEM

OPEN_DOMAIN = "people.example"
TRAINEE_SIGN_INS = {"rosa.quispe": "rosa", "tendai.mukwashi": "tendai"}
"""The two trainees who can sign in, one in each language: where their addresses come from and what they become."""


@dataclass(frozen=True, slots=True)
class Place:
    """A country as the demo needs it."""

    language: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Workplace:
    """An organisation."""

    name: str
    type: str
    country: str


@dataclass(frozen=True, slots=True)
class Invented:
    """A person before she is in the database. The address tells her apart."""

    email: str
    given_name: str
    family_name: str
    gender: str
    country: str
    language: str
    timezone: str
    certificate_name: str = ""
    workplace: Workplace | None = None
    role: str = ""

    @property
    def signs_in(self) -> bool:
        """Whether visitors of the demo can be this person."""
        return self.email.endswith(DEMO_DOMAIN)


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files("lms.demo") / "people" / name).read_text(encoding="utf-8").splitlines()))


@cache
def places() -> dict[str, Place]:
    """The countries of the trainees."""
    return {row["country"]: Place(row["language"], row["timezone"]) for row in _rows("countries.csv")}


@cache
def team() -> tuple[Invented, ...]:
    """Administrator, staff, tutors, a reporter and a visitor: the first of them sign in."""
    return tuple(Invented(**row) for row in _rows("team.csv"))  # type: ignore[arg-type]  # every cell is text


@cache
def trainees() -> tuple[Invented, ...]:
    """The 225 who learn."""
    return tuple(_employed(row) for row in _rows("trainees.csv"))


@cache
def _workplaces() -> dict[str, Workplace]:
    return {row["key"]: Workplace(row["name"], row["type"], row["country"]) for row in _rows("organisations.csv")}


def _employed(row: dict[str, str]) -> Invented:
    workplace = _workplaces()[row["organisation"]]
    place = places()[workplace.country]
    latin = row.get("latin") or f"{row['given_name'].split()[0]} {row['family_name'].split()[0]}"
    email = address(latin, OPEN_DOMAIN)
    known = TRAINEE_SIGN_INS.get(email.partition("@")[0])
    return Invented(
        email=f"{known}{DEMO_DOMAIN}" if known else email, given_name=row["given_name"], family_name=row["family_name"],
        gender=row["gender"], country=workplace.country, language=place.language, timezone=place.timezone,
        certificate_name=row.get("certificate_name", ""), workplace=workplace, role="trainee" if known else "",
    )  # fmt: skip


@cache
def applicants() -> tuple[Invented, ...]:
    """People who apply and have no place yet."""
    return tuple(_employed(row) for row in _rows("applicants.csv"))


def sign_ins() -> list[Invented]:
    """Everybody whom visitors of the demo can be, in the order in which they are shown."""
    order = ("administrator", "staff", "tutor", "trainee", "reporter", "visitor")
    everybody = [person for person in (*team(), *trainees()) if person.signs_in]
    return sorted(everybody, key=lambda person: order.index(person.role))


def add_person(session: Session, invented: Invented, joined: datetime, digest: str = "") -> Person:
    """Add an invented person as of the day she joined; with a password's digest, she can sign in."""
    with clock.frozen(joined):
        home = invented.workplace
        organisation = people.organisation(session, home.name, home.type, home.country) if home else None
        person = people.create(
            session, SYSTEM, given_name=invented.given_name, family_name=invented.family_name, email=invented.email,
            country_code=invented.country, gender=invented.gender, organisation_id=organisation.id if organisation else None,
            language=invented.language, timezone=invented.timezone, certificate_name=invented.certificate_name,
        )  # fmt: skip
        person.code = fixed_code("person", invented.email)
        session.flush()
        if digest:
            passwords.store(session, person.id or 0, digest, confirmed=True)
        if invented.role in ("administrator", "staff", "reporter"):
            roles.give(session, SYSTEM, person.id or 0, invented.role)
    return person
