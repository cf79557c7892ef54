"""Every screen of the demo campus, of every role: it fits, nothing covers anything, and assistive software finds its way."""

import os
from collections.abc import Iterator

import pytest

from lms.app import create_app
from lms.kernel.pseudo import LONG, RIGHT_TO_LEFT
from lms.plugin import Plugins
from tests.browser.conftest import Served, serving
from tests.views.browsing import axe_faults, context_for, layout_faults, walk
from tests.views.screens import ROLES, Crawl, Screen, cookie_of, starts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
FULL = bool(os.environ.get("LMS_TEST_FULL"))
VIEWS = [(LONG, 320, "light"), (RIGHT_TO_LEFT, 360, "dark")]
MORE = [(LONG, 360, "light"), ("en", 768, "light"), ("en", 1280, "light"), ("en", 1280, "dark"), (RIGHT_TO_LEFT, 1280, "light")]


@pytest.fixture(scope="session")
def views(demo: Served, plugins: Plugins) -> Iterator[Served]:
    """The demo campus served once more, with the pseudo-locales."""
    folder = demo.campus.settings.data_dir.parent
    with serving(
        folder, plugins, lambda campus: None, log="views.log", LMS_LOCALES=f"en,es,{LONG},{RIGHT_TO_LEFT}", LMS_DEMO="1"
    ) as served:
        yield served


@pytest.fixture(scope="session")
def screens(views: Served) -> dict[str, list[Screen]]:
    """What each role can see; unless everything is asked for, what several see is looked at once, but for where a role begins."""
    app, looked_at = create_app(views.campus), set()
    found: dict[str, list[Screen]] = {}
    for role in ROLES:
        mine = [screen for screen, _html in Crawl(views.campus, app, role).pages()]
        found[role] = [s for s in mine if FULL or s.name not in looked_at or s.path in starts(views.campus, role)]
        looked_at |= {screen.name for screen in mine}
    return found


def token_of(served: Served, role: str) -> str:
    """How this role is signed in."""
    return "" if role == "visitor" else cookie_of(served.campus, role)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("locale", "width", "scheme"), [*VIEWS, *(MORE if FULL else [])])
def test_everything_fits_and_assistive_software_finds_its_way(views, screens, chromium, role, locale, width, scheme):
    context = context_for(chromium, views.address, token_of(views, role), locale, width, scheme)
    wrong = []
    for screen, faults in walk(context.new_page(), views.address, screens[role]):
        faults += layout_faults(context.pages[0], width) + axe_faults(context.pages[0])
        wrong += [f"{screen.name} ({screen.path}): {fault}" for fault in faults]
    context.close()
    assert not wrong, "\n".join(wrong)
