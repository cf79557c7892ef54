"""A campus with two of everything, and the people who look at it: what belongs to one cohort must stay closed to those of the other."""

import re
from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient

from lms.accounts.models import Person, Programme
from lms.courses.models import Cohort, Course
from lms.kernel import sessions
from lms.kernel.campus import Campus
from tests.factories import make_cohort, make_course, make_person, sign_in

ACTIVITIES: tuple[dict[str, Any], ...] = (
    {"title": "Reading"},
    {"title": "Elsewhere", "type": "link", "form": {"url": "https://example.org/"}},
    {"title": "Exercise", "type": "assignment", "completion": "submitted", "form": {"points": "100", "pass_points": "60", "weight": "1",
     "allow_text": "on", "max_files": "3", "max_file_mb": "1", "file_types": "pdf txt"}},
)  # fmt: skip


@dataclass
class World:
    """One cohort with everything in it, and who may look at it."""

    campus: Campus
    course: Course
    cohort: Cohort
    people: dict[str, Person] = field(default_factory=dict)
    samples: list[tuple[re.Pattern[str], dict[str, Any]]] = field(default_factory=list)

    def path(self, template: str) -> str:
        """The address of a route with the sample objects filled in. Fails for a route that has no sample."""
        if "{" not in template:
            return template
        for pattern, values in self.samples:
            if pattern.match(template):
                return template.format(**values)
        raise AssertionError(f"{template}: no sample object in tests/security/world.py")

    def browser(self, name: str, browser: TestClient) -> "Visitor":
        """A browser in which this person has signed in; nobody has not."""
        if name != "nobody":
            sign_in(browser, self.campus, self.people[name])
        return Visitor(name, browser, self.campus)


@dataclass
class Visitor:
    """Somebody at a browser."""

    name: str
    browser: TestClient
    campus: Campus

    def get(self, path: str) -> Any:
        """Open a page."""
        return self.browser.get(path, follow_redirects=False)

    def post(self, path: str, **fields: Any) -> Any:
        """Send a form as if it had come from a page of this browser."""
        seed = self.browser.cookies.get(sessions.COOKIE) or self.browser.cookies.get(sessions.VISITOR_COOKIE)
        if not seed:
            self.browser.get("/sign-in")
            seed = self.browser.cookies.get(sessions.VISITOR_COOKIE)
        token = sessions.form_token(self.campus.settings.secret, seed or "")
        return self.browser.post(path, data={"csrf_token": token, **fields}, follow_redirects=False)


def build(campus: Campus) -> tuple[World, Cohort]:
    """Two programmes with a running cohort each and a person for every role on both sides; answers the world and the other cohort."""
    with campus.database.transaction() as session:
        second = session.add(Programme(code="second", name="Another programme", languages=["en"]))
    mine = make_course(campus, "MINE", activities=ACTIVITIES)
    theirs = make_course(campus, "THEIRS", activities=ACTIVITIES, programme_id=second.id)
    world = World(campus, mine, make_cohort(campus, mine, code="MINE-1", seats=20, enrolment_method="application", question="Why?"))
    other = make_cohort(campus, theirs, code="THEIRS-1")
    for role in ("administrator", "staff", "reporter"):
        world.people[role] = make_person(campus, role, given_name=role)
    world.people["member"] = make_person(campus, given_name="member")
    for name, cohort in (("own", world.cohort), ("other", other)):
        for role in ("trainee", "tutor"):
            world.people[f"{name} {role}"] = make_person(campus, *(["tutor"] if role == "tutor" else []), scope=("cohort", cohort.id or 0))
    world.people["other staff"] = make_person(campus, "staff", scope=("programme", second.id or 0))
    world.people["other reporter"] = make_person(campus, "reporter", scope=("programme", second.id or 0))
    return world, other
