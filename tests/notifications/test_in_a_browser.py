"""The calendar and the summary by mail in a real browser: on a phone, without scripts, light and dark."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, sync_playwright

from lms.app import create_app
from lms.kernel import clock, sessions
from tests.calendar.stories import NOW, at, dated_cohort
from tests.notifications.stories import MONDAY, at_work, digests, given_a_place, reader, with_work
from tests.serving import served

CHROMIUM = os.environ.get("LMS_TEST_CHROMIUM") or shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("campus", ["sqlite"], indirect=True)]
LONG = "Identifying_the_actors_of_a_policy_process_and_what_moves_each_of_them"


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_calendar_fits_and_is_used_by_keyboard_without_scripts(campus, chromium, width):
    with clock.frozen(NOW):
        cohort = dated_cohort(campus, at(9), at(13), titles=("Late one", LONG))
        person = reader(campus, cohort)
        with campus.database.transaction() as session:
            token = sessions.open_session(session, person.id or 0, days=1)
        with served(create_app(campus)) as port:
            context = chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False)
            context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": f"http://127.0.0.1:{port}"}])
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/calendar")
            assert page.locator("body").evaluate("body => document.documentElement.scrollWidth") <= width
            columns = page.locator(".week:visible").first.evaluate("week => getComputedStyle(week).gridTemplateColumns.split(' ').length")
            assert columns == (7 if width > 1000 else 1)
            assert page.locator(".day:visible").count() == (42 if width > 1000 else 4)
            page.locator("main a", has_text="Late one").focus()
            page.keyboard.press("Enter")
            page.wait_for_url(f"**/learn/{cohort.code}/*")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_summary_fits_on_a_phone(campus, chromium, scheme):
    with clock.frozen(MONDAY - timedelta(hours=2)):
        at_work(campus, MONDAY - timedelta(hours=2))
        person = reader(campus, with_work(campus, MONDAY + timedelta(days=2), title=LONG))
        given_a_place(campus, person, title="A new course")
    at_work(campus, MONDAY)
    (sent,) = digests(campus, person)
    page = chromium.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    page.set_content(sent.body_html)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("a", has_text=LONG).is_visible()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 19)"
    assert dark == (scheme == "dark")
