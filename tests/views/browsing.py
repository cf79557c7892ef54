"""A real browser that opens the screens of the demo campus, and what is looked at there."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from lms.kernel import sessions
from lms.kernel.middleware import LANGUAGE_COOKIE
from tests.views.screens import Screen

LAYOUT = (Path(__file__).parent / "layout.js").read_text("utf-8")
SIZES: Mapping[int, dict[str, Any]] = {
    320: {"viewport": {"width": 320, "height": 640}},
    360: {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
    768: {"viewport": {"width": 768, "height": 1024}, "has_touch": True},
    1280: {"viewport": {"width": 1280, "height": 900}},
}
"""The screens looked at. 320 px is also a window of 1280 px at 400 % (WCAG 1.4.10)."""
EXPECTED = {"not-there": 404, "not-allowed": 403, "verify-unknown": 404}
_axe = Axe()


def context_for(browser: Browser, address: str, token: str, locale: str, width: int, scheme: str = "light") -> BrowserContext:
    """A browser of its own for somebody who reads this locale; the token is empty for a visitor."""
    context = browser.new_context(**SIZES[width], color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # a word of its list
    cookies = {LANGUAGE_COOKIE: locale, **({sessions.COOKIE: token} if token else {})}
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    context.set_default_timeout(20_000)
    return context


def show(page: Page, address: str, screen: Screen) -> str:
    """Open a screen; answers what was wrong with that, or nothing."""
    answer = page.goto(address + screen.path)
    status = answer.status if answer else 0
    if status != EXPECTED.get(screen.name, 200):
        return f"answers {status}"
    if screen.is_sent:
        send_empty(page)
    return ""


def send_empty(page: Page) -> None:
    """Send the form of the page with nothing in it, past what the browser itself would say."""
    with page.expect_navigation():
        page.evaluate("""() => {
          const form = document.querySelector("main form.form[method=post]:has([required])");
          form.noValidate = true;
          for (const field of form.elements) if (!["hidden", "submit", "button"].includes(field.type)) {
            field.type === "checkbox" || field.type === "radio" ? field.checked = false : field.tagName === "SELECT" ? 0 : field.value = "";
          }
          form.submit();
        }""")


def layout_faults(page: Page, width: int) -> list[str]:
    """What does not fit, is cut off, lies over something else or is too small."""
    found: list[str] = page.evaluate(LAYOUT, "is_mobile" in SIZES[width])
    return found


def axe_faults(page: Page) -> list[str]:
    """What axe finds: WCAG 2.2 A and AA, and good practice."""
    violations = _axe.run(page).response["violations"]
    return [f"{v['id']} ({v['help']}): {node['html'][:160]}" for v in violations for node in v["nodes"][:2]]


def walk(page: Page, address: str, screens: list[Screen]) -> Iterator[tuple[Screen, list[str]]]:
    """Each screen, open, with what was wrong with opening it."""
    for screen in screens:
        fault = show(page, address, screen)
        yield screen, [fault] if fault else []
