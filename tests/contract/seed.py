"""Run by the Python of a clean installation: `seed.py people` makes people and a course, `seed.py cohort` a cohort with its trainee.

Imports nothing but the installed suite, and prints where it and its files come from as JSON.
"""

import json
import sys
from datetime import timedelta
from typing import Any

import lms
from lms.accounts import passwords, people, roles
from lms.accounts.models import Person
from lms.courses import cohorts, content, editing
from lms.courses.loading import course_by_code
from lms.enrollment import enrolling
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.paths import resource
from lms.kernel.permissions import SYSTEM

PASSWORD = "a long walk by the river"


def make_people(session: Any) -> None:
    """Ana (staff), Rosa (trainee to be), Eva (who has nothing to do with it), and a course with an empty module."""
    for name, country, role in (("ana", "PE", "staff"), ("rosa", "BO", ""), ("eva", "CL", "")):
        person = people.create(
            session, SYSTEM, given_name=name.title(), family_name="Rojas", email=f"{name}@example.org", country_code=country
        )
        passwords.set_password(session, person.id or 0, PASSWORD, confirmed=True)
        if role:
            roles.give(session, SYSTEM, person.id or 0, role)
    course = editing.create_course(session, SYSTEM, code="EVIDENCE", title="Evidence at work")
    content.add_module(session, SYSTEM, course, "Week 1")
    editing.publish(session, SYSTEM, course)


def make_cohort(session: Any, types: Any) -> None:
    """A cohort that runs, with Rosa in it."""
    today = clock.today()
    cohort = cohorts.create(
        session, SYSTEM, types, course_by_code(session, "EVIDENCE"), code="EVIDENCE-1", status="published", weekly=False,
        starts_on=today, ends_on=today + timedelta(days=40),
    )  # fmt: skip
    rosa: Person | None = people.find_by_email(session, "rosa@example.org")
    enrolling.enrol(session, SYSTEM, cohort, (rosa and rosa.id) or 0)


def main(what: str) -> None:
    """Do it, and say with which files."""
    campus = Campus.open()
    with campus.database.transaction() as session:
        if what == "people":
            make_people(session)
        else:
            make_cohort(session, campus.plugins.named("activity_types"))
    campus.close()
    folders = {name: str(resource(name)) for name in ("templates", "locale", "static", "migrations")}
    sys.stdout.write(json.dumps({"lms": lms.__file__, **folders, "path": sys.path}))


if __name__ == "__main__":
    main(sys.argv[1])
