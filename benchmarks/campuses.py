"""Campuses to measure on: the demo's, and a made-up one of any size."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from benchmarks.sites import Site
from lms.accounts.models import GENDERS, Country, Organisation, Person, Programme
from lms.courses.models import Cohort, Course
from lms.enrollment.models import Enrolment
from lms.kernel.database import Session

LARGE = 30_000
"""Participations of the campus beside which pages are measured: about what OULAD has."""
COHORT = 2_500
PIECE = 10_000
STRIDE = 104_729
"""A prime, so that the members of a cohort come from everywhere."""
MADE_AT = datetime(2000, 1, 1, tzinfo=UTC)
STATES = ("active", "completed", "completed", "completed", "failed", "withdrawn", "withdrawn")
# SQLModel types a column as its value; in a statement it is a column.
_Country: Any = Country
_Person: Any = Person
_Programme: Any = Programme


def demo(site: Site) -> None:
    """The demo campus."""
    site.run("demo")


def large(site: Site) -> None:
    """Some tens of thousands of participations beside what is there."""
    made_up(site, people=LARGE * 9 // 10, participations=LARGE)


def made_up(site: Site, people: int, participations: int, seed: int = 20131121) -> None:
    """So many people of every country and their participations in cohorts of forty courses; the same ones for the same seed."""
    dice = random.Random(seed)
    with closing(site.open()) as campus, campus.database.transaction() as session:
        countries = list(session.scalars(sa.select(_Country.code).order_by(_Country.code)))
        cohorts = _cohorts(session, max(1, participations // COHORT))
        organisations = _organisations(session, countries)
        _insert(session, Person, _people(dice, people, countries, organisations))
        found: Any = session.execute(sa.select(sa.func.min(_Person.id), sa.func.max(_Person.id)).where(_Person.created_at == MADE_AT)).one()
        first, last = found
        if last - first + 1 != people:
            raise RuntimeError("Somebody else added people meanwhile.")
        _insert(session, Enrolment, _participations(dice, first, people, participations, cohorts))
    _analyse(site)


def _cohorts(session: Session, number: int) -> list[tuple[int, datetime]]:
    """Cohorts with their ids and the days on which they began."""
    programme = session.scalar(sa.select(_Programme.id).order_by(_Programme.id))
    courses = [
        Course(code=f"BENCH{n:02}", title=f"Course {n}", language="en", programme_id=programme, status="published") for n in range(40)
    ]
    session.add_all(courses)
    made = []
    for n in range(number):
        starts = datetime(2000 + n * 26 // number, 1 + n % 12, 1, tzinfo=UTC)
        course = courses[n % len(courses)]
        cohort = Cohort(
            code=f"{course.code}-{n:04}", title=f"{course.title}, group {n}", course_id=course.id or 0, programme_id=programme,
            language="en", starts_on=starts.date(), ends_on=(starts + timedelta(days=70)).date(), status="closed",
        )  # fmt: skip
        made.append((session.add(cohort).id or 0, starts))
    return made


def _organisations(session: Session, countries: list[str]) -> dict[str, int]:
    made = {code: Organisation(name=f"Institute {code}", type="think_tank", country_code=code) for code in countries}
    session.add_all(list(made.values()))
    return {code: organisation.id or 0 for code, organisation in made.items()}


def _people(dice: random.Random, number: int, countries: list[str], organisations: dict[str, int]) -> Iterator[dict[str, Any]]:
    weights = [1 / (place + 3) for place in range(len(countries))]  # a few countries send many, most send few
    for n, country in enumerate(dice.choices(countries, weights, k=number)):
        name = f"Trainee {n}"
        yield {
            "code": f"bench-{n:07}", "email": f"bench{n}@example.org", "given_name": "Trainee", "family_name": str(n),
            "certificate_name": "", "gender": dice.choice(GENDERS), "country_code": country, "region_id": None,
            "organisation_id": organisations[country], "language": "en", "timezone": "UTC", "photo_file_id": None,
            "search_text": name.lower(), "created_at": MADE_AT, "erased_at": None,
        }  # fmt: skip


def _participations(
    dice: random.Random, first: int, people: int, number: int, cohorts: list[tuple[int, datetime]]
) -> Iterator[dict[str, Any]]:
    """Everybody takes part once, some again in later cohorts: nobody twice in one."""
    seats = -(-number // len(cohorts))
    for n in range(number):
        cohort_id, starts = cohorts[n // seats]
        status, ends = dice.choice(STATES), starts + timedelta(days=70)
        yield {
            "cohort_id": cohort_id, "person_id": first + n * STRIDE % people, "status": status, "method": "staff",
            "place": None if status == "withdrawn" else n % seats + 1, "enrolled_at": starts,
            "completed_at": ends if status == "completed" else None, "withdrawn_at": starts if status == "withdrawn" else None,
        }  # fmt: skip


def _insert(session: Session, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    while piece := list(islice(rows, PIECE)):
        session.execute(sa.insert(model.__table__), piece)


def _analyse(site: Site) -> None:
    """What the databases do by themselves in time: find out how many rows there are."""
    with closing(site.open()) as campus, campus.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
