"""Texts made to run, shown in a real browser: none of them does."""

import pytest

from lms.kernel import sessions
from tests.security.payloads import PAYLOADS
from tests.security.test_payloads import fill
from tests.security.world import build

pytestmark = pytest.mark.browser
PAGES = (
    "/", "/courses/EVIL", "/cohorts/EVIL-1", "/staff/people", "/staff/courses/EVIL", "/staff/courses/EVIL/edit", "/staff/cohorts/EVIL-1",
    "/staff/cohorts/EVIL-1/trainees", "/staff/cohorts/EVIL-1/grades", "/marking?cohort=EVIL-1", "/staff/courses/EVIL/preview",
    '/?q="><script>alert(1)</script>', "/staff/people?q=<img src=x onerror=alert(1)>", "/sign-in?next=javascript:alert(1)",
)  # fmt: skip


def test_no_payload_runs_in_a_real_browser(serve, open_browser):
    """A dialog, an error of a script or a refusal by the policy would tell; `open_browser` fails for the latter two."""
    worlds = []

    def prepare(campus):
        worlds.append(build(campus)[0])
        fill(worlds[0], PAYLOADS)

    served = serve(prepare)
    context = open_browser()
    with served.campus.database.transaction() as session:
        token = sessions.open_session(session, worlds[0].people["administrator"].id or 0, 1)
    context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": served.address}])
    page = context.new_page()
    ran: list[str] = []

    def dismiss(dialog):
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    shown = 0
    for path in PAGES:
        page.goto(f"{served.address}{path}")
        shown += page.content().count("alert(1)")
        page.mouse.move(200, 200)
        page.keyboard.press("Tab")
        assert page.title().endswith("Aula Sur"), path
    assert ran == []
    assert shown > 50, "no payload was shown: this tries nothing"
