"""The three main stories with the keyboard alone: Tab, Enter, Space, arrows and typing."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from lms.accounts.models import Person
from lms.courses.models import Activity, Cohort
from lms.enrollment import applying, enrolling
from lms.grading import submitting
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from tests.browser.keyboard import Keyboard
from tests.browser.story import PASSWORD, prepare, sign_in_with_password
from tests.factories import actor_of, make_cohort, make_course, make_person

pytestmark = pytest.mark.browser


def fill(campus: Campus) -> None:
    """The campus of the story; Rosa learns, Berta has handed in, and three people apply to another cohort."""
    prepare(campus, "en")
    rosa, berta = (
        make_person(campus, given_name=name, family_name="Quispe", email=f"{name.lower()}@example.org") for name in ("Rosa", "Berta")
    )
    sign_in_with_password(campus, rosa)
    with campus.database.transaction() as session:
        cohort = session.scalars(select(Cohort)).one()
        for person in (rosa, berta):
            enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
        exercise = select(Activity).where(Activity.cohort_id == cohort.id, Activity.type == "assignment")  # type: ignore[arg-type]  # columns
        activity = session.scalars(exercise).one()
    author = actor_of(campus, berta)
    with campus.database.transaction() as session:
        submitting.hand_in(session, author, activity, "Six actors and what moves them.")
    apply(
        campus,
        make_cohort(
            campus, make_course(campus, "CALL"), code="CALL-1", seats=20, enrolment_method="application", question="Why?", starts_in=7
        ),
    )


def apply(campus: Campus, cohort: Cohort) -> None:
    """Three people apply."""
    applicants: list[Person] = [make_person(campus, given_name=name, family_name="Mwangi") for name in ("Ana", "Ben", "Cleo")]
    for person in applicants:
        actor = actor_of(campus, person)
        with campus.database.transaction() as session:
            applying.apply(session, actor, cohort, "To share it with my team.")


@pytest.fixture
def keys(serve, open_browser) -> Keyboard:
    """The keyboard of a browser that shows the campus."""
    served = serve(fill)
    return Keyboard(open_browser(locale="en", reduced_motion="reduce").new_page(), served.address)


def sign_in(keys: Keyboard, email: str) -> None:
    keys.open("/sign-in")
    keys.write("E-mail", email)
    keys.write("Password", PASSWORD)
    with keys.page.expect_navigation():
        keys.page.keyboard.press("Enter")


def test_a_trainee_reads_marks_done_and_hands_in(keys):
    keys.open("/")
    keys.page.keyboard.press("Tab")
    assert (keys.focus() or {})["said"] == "Skip to content"
    keys.page.keyboard.press("Enter")
    assert keys.page.evaluate("document.activeElement.id") == "main"
    keys.open("/sign-in")
    keys.is_never_trapped()
    sign_in(keys, "rosa@example.org")
    keys.press("Mapping actors")
    if "/learn/ACTORS-1/" not in keys.page.url:
        keys.press("Mapping actors")
    keys.is_never_trapped()
    keys.press("Next: Draw your map of actors.")
    keys.press("Hand in")
    keys.hears("Please look at this again")
    keys.write("Text", "Six actors decide.")
    keys.press("Hand in")
    expect(keys.page.locator("main")).to_contain_text("We received your work.")
    keys.open("/learn/ACTORS-1")
    keys.press("3")
    keys.press("Done")
    keys.open("/learn/ACTORS-1")
    expect(keys.page.locator("main")).to_contain_text("2 of 3 done")


def test_a_tutor_takes_work_from_the_queue_marks_it_and_releases_the_grade(keys):
    sign_in(keys, "tutor@example.org")
    keys.press("Marking")
    keys.is_never_trapped()
    keys.press("Berta Quispe")
    keys.write("Points of 100", "12,,")
    keys.tab_to("Feedback")
    keys.press("Save", type="submit")
    keys.hears("Points")
    keys.write("Points of 100", "85,5")
    keys.write("Feedback", "Strong on the **budget calendar**.")
    keys.tab_to("Save and next")
    keys.press("Save")
    keys.is_never_trapped()
    keys.press("Release this grade")
    expect(keys.page.locator("main")).to_contain_text("Released")


def test_staff_select_applicants_and_open_a_report(keys):
    sign_in(keys, "staff@example.org")
    keys.open("/staff/cohorts/CALL-1/applications")
    keys.is_never_trapped()
    for name in ("Ana", "Cleo"):
        keys.tab_to(name, type="checkbox")
        keys.page.keyboard.press("Space")
    keys.write("Note", "Welcome.")
    keys.press("Accept", name="decision")
    assert re.search(r"2 \w+|two", keys.page.locator("main").inner_text())
    keys.press("Reports" if keys.page.get_by_role("link", name="Reports", exact=True).count() else "Statistics")
    keys.press("Ask a question of your own")
    keys.tab_to("Rows")
    keys.page.keyboard.press("ArrowDown")
    keys.press("Show")
    assert "by=" in keys.page.url
    keys.is_never_trapped()
