"""A campus of some hundred enrolments, at random but always the same, and what one knows about each of them with pencil and paper."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Organisation, Person, Programme, Region
from lms.certificates.models import Certificate
from lms.courses.models import Cohort, CohortRegion, Course, CourseText, Topic
from lms.enrollment.models import Enrolment
from lms.kernel.campus import Campus

TREE: dict[str, Any] = json.loads((files("lms.accounts") / "data" / "regions.json").read_text(encoding="utf-8"))
PARENTS: dict[str, str | None] = {row["code"]: row["parent"] for row in TREE["regions"]}
MEASURES = ("trainees", "participations", "active", "completed", "failed", "withdrawn", "completion_rate", "certificates")
DIMENSIONS = ("region", "macroregion", "country", "gender", "organisation_type", "course", "cohort", "topic", "language", "programme",
              "year", "status")  # fmt: skip
NASTY = '=HYPERLINK("http://evil.example","Influencia")'


@dataclass(frozen=True)
class Fact:
    """One enrolment with everything it is counted by."""

    person: int
    day: date
    certificates: int
    codes: dict[str, str]

    def key(self, by: Iterable[str]) -> tuple[str, ...]:
        """Its combination of values."""
        return tuple(self.codes[name] for name in by)


@dataclass
class Seeded:
    """The facts, and the ids that roles are given for."""

    facts: list[Fact] = field(default_factory=list)
    programmes: dict[str, int] = field(default_factory=dict)
    courses: dict[str, int] = field(default_factory=dict)
    cohorts: dict[str, int] = field(default_factory=dict)

    def where(self, wanted: Callable[[Fact], bool]) -> list[Fact]:
        """The facts that are wanted."""
        return [fact for fact in self.facts if wanted(fact)]


def above(region: str) -> list[str]:
    """A region and those that hold it, outwards."""
    chain: list[str] = []
    current: str | None = region
    while current:
        chain.append(current)
        current = PARENTS[current]
    return chain


def count(facts: list[Fact]) -> tuple[Any, ...]:
    """The measures of these enrolments, counted one by one."""

    def having(status: str) -> int:
        return len([fact for fact in facts if fact.codes["status"] == status])

    rate = Decimal(f"{having('completed') / len(facts):.4f}") if facts else None
    people = len({fact.person for fact in facts})
    return (people, len(facts), having("active"), having("completed"), having("failed"), having("withdrawn"), rate,
            sum(fact.certificates for fact in facts))  # fmt: skip


def count_by(facts: list[Fact], by: Iterable[str]) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """The measures of each combination that occurs."""
    keys = tuple(by)
    return {key: count([fact for fact in facts if fact.key(keys) == key]) for key in {fact.key(keys) for fact in facts}}


def seed(campus: Campus, number: int = 7, people: int = 90, enrolments: int = 260) -> Seeded:
    """Fill an empty campus, all in one transaction."""
    return _Seeding(campus, random.Random(number)).run(people, enrolments)


class _Seeding:
    def __init__(self, campus: Campus, chance: random.Random) -> None:
        self.campus, self.chance, self.made = campus, chance, Seeded()

    def run(self, people: int, enrolments: int) -> Seeded:
        with self.campus.database.transaction() as self.session:
            self.regions = {region.code: region.id or 0 for region in self.session.scalars(select(Region))}
            self._offers()
            self._organisations()
            self.persons = [self._person(n) for n in range(people)]
            self.session.add_all([person for person, _codes in self.persons])
            self._enrol(enrolments)
        return self.made

    def _offers(self) -> None:
        topics = {code: self.session.add(Topic(code=code, name=f"Topic {code}")) for code in ("policy-influence", "gardens")}
        self.cohorts: list[tuple[Cohort, dict[str, str]]] = []
        for code in ("ALFA", "BETA"):
            programme = self.session.add(Programme(code=code, name=f"Programme {code}", languages=["en"]))
            self.made.programmes[code] = programme.id or 0
            for number, topic in enumerate(["policy-influence", "gardens", None]):
                title = NASTY if number == 0 else f"Course {number}"
                course = self.session.add(Course(
                    code=f"{code}-{number}", programme_id=programme.id or 0, title=title, topic_id=topics[topic].id if topic else None,
                ))  # fmt: skip
                self.session.add(CourseText(course_id=course.id or 0, language="es", title=f"Curso {code} {number}"))
                self.made.courses[course.code] = course.id or 0
                for delivery in range(2):
                    self._cohort(programme, course, topic or "unknown", delivery)

    def _cohort(self, programme: Programme, course: Course, topic: str, delivery: int) -> None:
        language = self.chance.choice(["en", "es", "fr"])
        cohort = self.session.add(Cohort(
            code=f"{course.code}-{delivery}", course_id=course.id or 0, programme_id=programme.id or 0, title=f"Delivery {delivery}",
            language=language, status="published",
        ))  # fmt: skip
        self.made.cohorts[cohort.code] = cohort.id or 0
        chosen = self.chance.sample(sorted(self.regions.values()), 3)  # several regions must not multiply anything
        self.session.add_all([CohortRegion(cohort_id=cohort.id or 0, region_id=region) for region in chosen])
        codes = {"course": course.code, "cohort": cohort.code, "topic": topic, "language": language, "programme": programme.code}
        self.cohorts.append((cohort, codes))

    def _organisations(self) -> None:
        kinds = ["think_tank", "civil_society", "government", "university", "media"]
        self.organisations = [self.session.add(Organisation(name=f"Org {n}", type=self.chance.choice(kinds))) for n in range(12)]

    def _person(self, number: int) -> tuple[Person, dict[str, str]]:
        country = self.chance.choice(["PE", "PE", "AR", "KE", "NG", "IN", "HT", "MX", None])
        by_hand = self.chance.choice([None] * 8 + ["419", "002", "001", "014"])
        organisation = self.chance.choice([*self.organisations, None, None])
        gender = self.chance.choice(["female", "female", "male", "other", "undisclosed"])
        person = Person(
            code=f"p{number}", given_name="Ana", family_name=f"Rojas {number}", gender=gender, country_code=country,
            region_id=self.regions[by_hand] if by_hand else None, organisation_id=organisation.id if organisation else None,
            created_at=datetime(2010, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        region = by_hand or (TREE["countries"][country] if country else None)
        chain = above(region) if region else []
        codes = {
            "region": region or "unknown", "macroregion": chain[-2] if len(chain) > 1 else "unknown", "country": country or "unknown",
            "gender": gender, "organisation_type": organisation.type if organisation else "unknown",
        }  # fmt: skip
        return person, codes

    def _enrol(self, number: int) -> None:
        pairs = self.chance.sample([(c, p) for c in range(len(self.cohorts)) for p in range(len(self.persons))], number)
        enrolments: list[tuple[Enrolment, Fact]] = []
        for place, (cohort_number, person_number) in enumerate(pairs, 1):
            cohort, of_cohort = self.cohorts[cohort_number]
            person, of_person = self.persons[person_number]
            status = self.chance.choice(["active", "suspended", "completed", "completed", "completed", "failed", "withdrawn"])
            new_year = datetime(self.chance.choice([2011, 2012, 2013]), 1, 1, tzinfo=UTC)
            # Many of them at the very turn of a day and a year, where clocks of the world disagree.
            at = new_year + timedelta(seconds=self.chance.choice([-1, 0, self.chance.randrange(0, 86_400 * 365)]))
            enrolment = Enrolment(
                cohort_id=cohort.id or 0, person_id=person.id or 0, status=status, enrolled_at=at,
                place=None if status == "withdrawn" else place,
            )  # fmt: skip
            certificates = self.chance.choice([0, 1, 1, 2]) if status == "completed" else 0
            codes = {**of_cohort, **of_person, "year": str(at.year), "status": status}
            enrolments.append((enrolment, Fact(person.id or 0, at.date(), certificates, codes)))
        self.session.add_all([enrolment for enrolment, _fact in enrolments])
        self.session.add_all([c for enrolment, fact in enrolments for c in self._certificates(enrolment, fact.certificates)])
        self.made.facts = [fact for _enrolment, fact in enrolments]

    def _certificates(self, enrolment: Enrolment, valid: int) -> list[Certificate]:
        given = [("completion", "valid"), ("participation", "valid")][:valid] + ([("completion", "revoked")] if valid else [])
        return [
            Certificate(
                serial=f"S-{enrolment.id}-{n}", code=f"C-{enrolment.id}-{n}", enrolment_id=enrolment.id or 0,
                person_id=enrolment.person_id, cohort_id=enrolment.cohort_id, kind=kind, status=status, snapshot={},
                issued_on=date(2013, 1, 1), issued_at=datetime(2013, 1, 1, tzinfo=UTC),
            )
            for n, (kind, status) in enumerate(given)
        ]  # fmt: skip
