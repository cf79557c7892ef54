"""What tests begin with: people, courses, cohorts and enrolments, made by the services as staff would make them."""

import itertools
from datetime import date, timedelta
from typing import Any

from starlette.testclient import TestClient

from lms.accounts import people, roles
from lms.accounts.models import Person
from lms.courses import cohorts, content, editing
from lms.courses.activity_types import TypeForm
from lms.courses.models import Activity, Cohort, Course, Module
from lms.kernel import clock, sessions
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM, Actor
from lms.kernel.web import viewer_of

_numbers = itertools.count(1)


def make_person(campus: Campus, *given: str, scope: tuple[str, int] = ("site", 0), **values: Any) -> Person:
    """A person with these roles for a scope."""
    number = next(_numbers)
    defaults = {"given_name": "Rosa", "family_name": f"Quispe {number}", "email": f"person{number}@example.org", "country_code": "PE"}
    with campus.database.transaction() as session:
        person = people.create(session, SYSTEM, **{**defaults, **values})
        for role in given:
            roles.give(session, SYSTEM, person.id or 0, role, *scope)
    return person


def actor_of(campus: Campus, person: Person) -> Actor:
    """The person as services see her."""
    with campus.database.reading() as session:
        found = viewer_of(campus, session, person.id or 0)
    assert found is not None
    return found


def sign_in(browser: TestClient, campus: Campus, person: Person) -> TestClient:
    """A browser in which the person has signed in."""
    with campus.database.transaction() as session:
        token = sessions.open_session(session, person.id or 0, days=1)
    browser.cookies.set(sessions.cookie_name(sessions.COOKIE, campus.settings.base_url.startswith("https:")), token)
    return browser


def make_course(
    campus: Campus, code: str = "", *, modules: int = 2, activities: tuple[dict[str, Any], ...] = ({},), **values: Any
) -> Course:
    """A published course of some modules, each with these activities (a page where nothing else is said).

    An activity is given as what `content.add_activity` takes; `form` holds the fields of its type.
    """
    types = campus.plugins.named("activity_types")
    with campus.database.transaction() as session:
        course = editing.create_course(
            session,
            SYSTEM,
            code=code or f"COURSE-{next(_numbers)}",
            **{"title": "Influencing policy with evidence", "weeks": modules, **values},
        )
        for week in range(1, modules + 1):
            module = content.add_module(session, SYSTEM, course, f"Week {week}")
            for number, activity in enumerate(activities, 1):
                add_activity(session, types, module, **{"title": f"Reading {week}.{number}", **activity})
        editing.publish(session, SYSTEM, course)
    return course


def add_activity(
    session: Any,
    types: Any,
    module: Module,
    *,
    title: str,
    type: str = "page",
    body: str = "Text.",
    form: dict[str, Any] | None = None,
    **values: Any,
) -> Activity:
    """One more activity at the end of a module."""
    return content.add_activity(session, SYSTEM, types, module, type, title, body, TypeForm(form or {}), **values)


def make_cohort(campus: Campus, course: Course | None = None, *, starts_in: int = -7, days: int = 42, **values: Any) -> Cohort:
    """A published cohort that began `-starts_in` days ago."""
    course = course or make_course(campus)
    starts: date = clock.today() + timedelta(days=starts_in)
    defaults = {
        "code": f"COHORT-{next(_numbers)}", "starts_on": starts, "ends_on": starts + timedelta(days=days),
        "status": "published", "weekly": False,
    }  # fmt: skip
    with campus.database.transaction() as session:
        return cohorts.create(session, SYSTEM, campus.plugins.named("activity_types"), course, **{**defaults, **values})
