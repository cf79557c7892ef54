"""Somebody who uses the keyboard alone, and looks where the focus is."""

from typing import Any

from playwright.sync_api import Page

MOST = 150
"""Presses of Tab after which nobody would go on."""

FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const said = e.getAttribute("aria-label") || (e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText) || "";
  const box = e.getBoundingClientRect(), s = getComputedStyle(e);
  const [x, y] = [box.left + Math.min(box.width / 2, 40), box.top + Math.min(box.height / 2, 20)];
  const top = document.elementFromPoint(x, y);
  const label = e.labels && e.labels[0];
  const earlier = window.passed && window.passed !== e && !(window.passed.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
  window.passed = e;
  return {
    type: e.type || "", name: e.name || "", href: e.getAttribute("href") || "", said: said.replace(/\\s+/g, " ").trim(),
    // Browsers draw the focus within fields of dates themselves.
    drawn: /date|time/.test(e.type) || (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2),
    seen: box.width > 8 && box.height > 8 && s.clipPath === "none" && !!top
      && (e.contains(top) || top.contains(e) || !!(label && label.contains(top))), backwards: !!earlier,
    html: e.outerHTML.replace(/\\s+/g, " ").slice(0, 120), several: ["radio", "date", "time", "datetime-local"].includes(e.type),
  };
}"""


class Keyboard:
    """A page, and keys. Every step of the focus is looked at: drawn, not covered, in the order of the page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def open(self, path: str) -> None:
        """Type an address."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.ok, path

    def focus(self) -> dict[str, Any] | None:
        """What has the focus, or None where it is on nothing of the page."""
        found: dict[str, Any] | None = self.page.evaluate(FOCUS)
        return found

    def tab_to(self, said: str, **more: str) -> None:
        """Press Tab until something that says this has the focus. Fails where the focus cannot be seen, jumps back, or never gets there."""
        trail = []
        for _press in range(MOST):
            self.page.keyboard.press("Tab")
            here = self.focus()
            if here is None:
                continue  # past the end of the page, where the browser's own buttons are
            trail.append(here["html"])
            assert here["drawn"], f"the focus is not drawn: {here['html']}"
            assert here["seen"], f"the focus is covered or out of sight: {here['html']}"
            assert not here["backwards"] or len(trail) < 2 or here["html"].startswith('<a class="skip"'), (
                f"the focus jumps back to {here['html']}"
            )
            if here["said"].startswith(said) and all(here[name] == value for name, value in more.items()):
                return
        raise AssertionError(f"Tab never comes to {said!r}: {' > '.join(trail)}")

    def press(self, said: str, key: str = "Enter", **more: str) -> None:
        """Go to a link or a button and press it; the next page is open afterwards."""
        self.tab_to(said, **more)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def write(self, said: str, text: str, **more: str) -> None:
        """Go to a field and type into it, in place of what is there."""
        self.tab_to(said, **more)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def hears(self, text: str) -> None:
        """What went wrong has the focus and is announced."""
        alert = self.page.evaluate("document.activeElement.getAttribute('role') === 'alert' ? document.activeElement.innerText : ''")
        assert text in alert, alert or self.focus()

    def is_never_trapped(self) -> None:
        """Tab leads through the whole page and out of it, and Shift+Tab back."""
        for key in ("Tab", "Shift+Tab"):
            seen, last = 0, ""
            self.page.evaluate("document.activeElement.blur()")
            for _press in range(MOST):
                self.page.keyboard.press(key)
                here = self.focus()
                if here is None:
                    break
                assert here["html"] != last or here["several"], f"the focus stays on {last}"
                seen, last = seen + 1, here["html"]
            assert 3 < seen < MOST, f"{key}: {seen} steps, the last on {last}"
