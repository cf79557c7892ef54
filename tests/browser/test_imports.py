"""Staff bring a file in: the pages follow the work by themselves, and fit on a phone."""

import pytest
from playwright.sync_api import Page

from lms.kernel import sessions
from lms.kernel.campus import Campus
from tests.factories import make_person

pytestmark = pytest.mark.browser
PEOPLE = "Correo electrónico;Nombre;País\n" + "".join(f"p{n}@example.org;P{n};PE\n" for n in range(300)) + "broken;Zoé;CO\n"


def test_a_file_is_checked_brought_in_and_undone_while_the_page_follows(serve, open_browser, tmp_path):
    token: list[str] = []

    def fill(campus: Campus) -> None:
        person = make_person(campus, "staff", email="staff@example.org")
        with campus.database.transaction() as session:
            token.append(sessions.open_session(session, person.id or 0, days=1))

    served = serve(fill)
    (tmp_path / "gente.csv").write_text(PEOPLE)
    browser = open_browser(viewport={"width": 360, "height": 800})
    browser.add_cookies([{"name": sessions.COOKIE, "value": token[0], "url": served.address}])
    page: Page = browser.new_page()
    page.goto(f"{served.address}/staff/imports/new?kind=people")
    page.set_input_files("#f-file", tmp_path / "gente.csv")
    page.click("text=Go on")
    fits(page)
    assert page.locator("select[name=column-2]").input_value() == "given_name"
    page.click("text=Check every row")
    page.wait_for_selector("text=What each row would do")  # nobody reloads: the page follows the work
    fits(page)
    page.click("button:text-is('Import')")
    page.wait_for_selector("text=What each row did")
    assert "300" in page.inner_text(".figures")
    fits(page)
    page.click("summary:has-text('Undo this import')")
    page.click("text=Yes, undo it")
    page.wait_for_selector("text=300 changes were undone.")
    fits(page)


def fits(page: Page) -> None:
    """Fails where a reader would have to scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
