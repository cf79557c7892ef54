"""What a trainee typed survives what goes wrong on the way, and is forgotten once it has arrived."""

import os
import shutil
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select
from sqlmodel import col

from lms.accounts import passwords
from lms.accounts.models import Person
from lms.app import create_app
from lms.kernel import sessions
from tests.factories import make_person
from tests.grading.stories import Class, submissions
from tests.serving import served

CHROMIUM = os.environ.get("LMS_TEST_CHROMIUM") or shutil.which("chromium")
pytestmark = pytest.mark.browser


@pytest.fixture
def opened(request, campus) -> Iterator[tuple[Page, str]]:
    """A trainee's browser on the page of her assignment, without a service worker unless asked; answers the page and its address."""
    if campus.database.dialect != "sqlite":
        pytest.skip("the database makes no difference to a browser")
    room = Class(campus)
    person = room.trainee()
    with campus.database.transaction() as session:
        token = sessions.open_session(session, person.id or 0, days=1)
    with served(create_app(campus)) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        workers: Literal["allow", "block"] = getattr(request, "param", "block")
        context = browser.new_context(service_workers=workers)
        address = f"http://127.0.0.1:{port}"
        context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(address + room.url)
        if workers == "allow":
            page.evaluate(
                "new Promise((done) => { const look = () => navigator.serviceWorker.controller ? done() : setTimeout(look, 50); look(); })"
            )
        yield page, address + room.url
        browser.close()


def test_words_are_counted_while_they_are_typed(opened):
    page, _address = opened
    page.fill("#f-text", "Six actors and what moves them")
    assert page.inner_text("[data-count]") == "Words: 6"


def test_typed_text_is_there_again_after_a_body_that_is_too_large_and_forgotten_after_it_arrived(opened, campus, tmp_path):
    page, address = opened
    large = tmp_path / "large.pdf"
    large.write_bytes(b"x" * (campus.settings.max_upload_bytes + 1))
    page.fill("#f-text", "An evening's work")
    page.set_input_files("#f-files", large)
    page.click("button[value=hand_in]")
    page.wait_for_url("**/submission")
    page.goto(address)
    assert page.input_value("#f-text") == "An evening's work"
    assert page.locator("[data-kept]").is_visible()
    page.click("button[value=hand_in]")
    page.wait_for_url("**#work")
    assert "We received your work." in page.inner_text("[role=status]")
    assert [submission.text for submission in submissions(campus)] == ["An evening's work"]
    assert page.evaluate("Object.keys(localStorage)") == []


def test_typed_text_is_kept_when_the_tab_is_closed(opened):
    page, address = opened
    page.fill("#f-text", "Half a thought")
    page.goto("about:blank")
    page.goto(address)
    assert page.input_value("#f-text") == "Half a thought"


def test_typed_text_survives_a_line_that_breaks_while_it_is_sent(opened, campus):
    page, address = opened
    page.fill("#f-text", "An evening's work")
    page.context.set_offline(True)
    page.click("button[value=hand_in]")
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.goto(address.partition("/learn/")[0] + "/profile")
    page.locator("form[action='/profile'] button[type=submit]").click()
    assert "Saved." in page.inner_text("[role=status]"), "something else arrived in between"
    page.goto(address)
    assert page.input_value("#f-text") == "An evening's work"
    page.click("button[value=hand_in]")
    page.wait_for_url("**#work")
    assert [submission.text for submission in submissions(campus)] == ["An evening's work"]
    assert page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.parametrize("opened", ["block", "allow"], indirect=True)
def test_who_was_signed_out_meanwhile_signs_in_and_finds_what_she_typed(opened, campus):
    page, address = opened
    with campus.database.transaction() as session:
        person = session.scalars(select(Person).where(col(Person.id) == int(page.get_attribute("body", "data-person")))).one()
        passwords.set_password(session, person.id or 0, "a long walk by the river", confirmed=True)
    page.fill("#f-text", "An evening's work")
    page.context.clear_cookies()
    page.click("button[value=hand_in]")
    page.wait_for_url("**/sign-in?next=**")
    assert "before this arrived" in page.inner_text("[role=status]")
    page.fill("input[name=email]", person.email or "")
    page.fill("input[name=password]", "a long walk by the river")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(address)
    assert page.input_value("#f-text") == "An evening's work"
    page.click("button[value=hand_in]")
    page.wait_for_url("**#work")
    assert [submission.text for submission in submissions(campus)] == ["An evening's work"]


def test_what_one_person_typed_is_gone_when_another_one_signs_in(opened, campus):
    page, address = opened
    page.fill("#f-text", "For nobody else")
    other = make_person(campus)
    with campus.database.transaction() as session:
        token = sessions.open_session(session, other.id or 0, days=1)
    site = address.partition("/learn/")[0]
    page.context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": site}])
    page.goto(site + "/privacy")
    assert page.evaluate("Object.keys(localStorage)") == []
