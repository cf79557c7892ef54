"""The campus of the story, and somebody at a browser who reads in a language."""

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from lms.accounts import passwords
from lms.accounts.models import Person
from lms.courses import cohorts, content, editing
from lms.courses.activity_types import TypeForm
from lms.kernel import clock, i18n
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from tests.factories import make_person

PASSWORD = "a long walk by the river"
TITLES = {"en": "Mapping actors", "es": "Mapear actores"}
READING = {"en": "Every policy has an **address**.", "es": "Toda política tiene una **dirección**."}
EXERCISE = {"en": "Draw your map of actors.", "es": "Dibuje su mapa de actores."}


def prepare(campus: Campus, language: str) -> None:
    """A short course in a language, one open cohort, and the people who run it."""
    people = {role: sign_in_with_password(campus, make_person(campus, role, given_name=role.title(), family_name="Ochieng",
              email=f"{role}@example.org", language=language, country_code="KE")) for role in ("staff", "tutor")}  # fmt: skip
    types = campus.plugins.named("activity_types")
    with campus.database.transaction() as session:
        course = editing.create_course(session, SYSTEM, code="ACTORS", title=TITLES[language], language=language, weeks=2, hours=12)
        first = content.add_module(session, SYSTEM, course, "1")
        content.add_activity(session, SYSTEM, types, first, "page", TITLES[language], READING[language])
        second = content.add_module(session, SYSTEM, course, "2")
        fields = {
            "points": "100",
            "pass_points": "60",
            "weight": "1",
            "allow_text": "on",
            "max_files": "2",
            "max_file_mb": "1",
            "file_types": "pdf txt",
        }
        content.add_activity(
            session, SYSTEM, types, second, "assignment", EXERCISE[language], EXERCISE[language], TypeForm(fields), completion="passed"
        )  # fmt: skip
        content.add_activity(session, SYSTEM, types, second, "page", "3", "…", completion="marked")
        editing.publish(session, SYSTEM, course)
        cohorts.create(
            session, SYSTEM, types, course, code="ACTORS-1", language=language, starts_on=clock.today() - timedelta(days=8), seats=25,
            ends_on=clock.today() + timedelta(days=20), status="published", enrolment_method="self", tutors=[people["tutor"].id or 0],
        )  # fmt: skip


def sign_in_with_password(campus: Campus, person: Person) -> Person:
    """Let a person sign in by the form."""
    with campus.database.transaction() as session:
        passwords.set_password(session, person.id or 0, PASSWORD, confirmed=True)
    return person


class Reader:
    """Somebody at a browser who finds things by the words on them."""

    def __init__(self, context: BrowserContext, address: str, language: str) -> None:
        self.page: Page = context.new_page()
        self.address = address
        self.language = language

    def says(self, text: str, **values: Any) -> str:
        """A text of the suite as this person reads it."""
        with i18n.using(self.language):
            translated = i18n.gettext(text)
        return translated % values if values else translated

    def open(self, path: str) -> None:
        """Go to an address of the campus."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def link(self, text: str, **values: Any) -> Locator:
        """A link that begins with this text."""
        return self.page.get_by_role("link", name=re.compile(f"^{re.escape(self.says(text, **values))}")).first

    def press(self, text: str, **values: Any) -> None:
        """Press the button of this text."""
        self.page.get_by_role("button", name=self.says(text, **values), exact=True).first.click()

    def fill(self, label: str, value: str, **values: Any) -> None:
        """Write into the field of this label."""
        self.page.get_by_label(re.compile(f"^{re.escape(self.says(label, **values))}")).first.fill(value)

    def sees(self, text: str, **values: Any) -> None:
        """The page shows this text."""
        expect(self.page.locator("main")).to_contain_text(self.says(text, **values))

    def sign_in(self, email: str) -> None:
        """Sign in by the form."""
        self.open("/sign-in")
        self.fill("E-mail", email)
        self.fill("Password", PASSWORD)
        self.press("Sign in")
        self.page.wait_for_url(re.compile(r"^(?!.*sign-in)"))
