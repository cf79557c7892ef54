"""Pictures of every screen: `python -m tests.views.pictures --help`, begun by `script/pictures`."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Error, Page, sync_playwright

from lms.app import create_app
from lms.demo.campus import fill
from lms.kernel import pseudo
from lms.plugin import discover
from tests.browser.conftest import CHROMIUM, FLAGS, Served, serving
from tests.views.browsing import SIZES, context_for, layout_faults, show
from tests.views.screens import ROLES, Crawl, Screen, cookie_of

FOLDER = Path("var/pictures")
REAL = ("en", "es", "fr", "pt")
SCHEMES = ("light", "dark")
A_SHEET = 12
CELLS = {320: (6, 300, 900), 360: (6, 300, 900), 768: (4, 400, 640), 1280: (4, 480, 480)}
"""For each width of screen: pictures in a row of a sheet, and the size that each is given there; what is longer is cut."""
CAPTION = 14


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """What to take pictures of."""
    parser = argparse.ArgumentParser(prog="script/pictures", description="Pictures of every screen of the demo campus, in var/pictures.")
    add: Callable[..., object] = parser.add_argument
    add("--locale", action="append", choices=[*REAL, *pseudo.NAMES], help="language; may be repeated (en)")
    add("--role", action="append", choices=ROLES, help="who looks; may be repeated (everybody)")
    add("--width", action="append", type=int, choices=list(SIZES), help="of the screen in px; may be repeated (360, 768 and 1280)")
    add("--scheme", action="append", choices=SCHEMES, help="may be repeated (both)")
    add("--screen", default="", help="only screens with this in their name")
    return parser.parse_args(given)


def take(served: Served, browser: Browser, wanted: argparse.Namespace) -> Iterator[str]:
    """Take the pictures; answers what went wrong or does not fit, in lines."""
    app = create_app(served.campus)
    for role in wanted.role or ROLES:
        screens = [screen for screen, _html in Crawl(served.campus, app, role).pages() if wanted.screen in screen.name]
        for locale, width, scheme in product(wanted.locale or ["en"], wanted.width or [360, 768, 1280], wanted.scheme or SCHEMES):
            folder = FOLDER / locale / role
            folder.mkdir(parents=True, exist_ok=True)
            token = "" if role == "visitor" else cookie_of(served.campus, role)
            with closing(context_for(browser, served.address, token, locale, width, scheme)) as context:
                for screen in screens:
                    faults = look(context.new_page(), served.address, screen, folder / f"{screen.name}-{width}-{scheme}.png", width)
                    yield from (f"{locale} {role} {screen.name} {width} {scheme}: {fault}" for fault in faults)
            mount(sorted(folder.glob(f"*-{width}-{scheme}.png")), FOLDER / f"sheet-{locale}-{role}-{width}-{scheme}", *CELLS[width])


def look(page: Page, address: str, screen: Screen, path: Path, width: int) -> list[str]:
    """Take one picture; answers what is wrong there."""
    try:
        fault = show(page, address, screen)
        page.screenshot(path=path, full_page=True, animations="disabled")
        return [fault] if fault else layout_faults(page, width)
    except Error as error:
        return [str(error).splitlines()[0]]
    finally:
        page.close()


def mount(pictures: Sequence[Path], name: Path, columns: int, width: int, height: int) -> None:
    """Sheets of twelve pictures each, to be looked at quickly."""
    for number in range(0, len(pictures), A_SHEET):
        some = pictures[number : number + A_SHEET]
        rows = -(-len(some) // columns)
        sheet = Image.new("RGB", (columns * (width + 8), rows * (height + CAPTION + 8)), "#888")
        pen = ImageDraw.Draw(sheet)
        for place, path in enumerate(some):
            left, top = place % columns * (width + 8), place // columns * (height + CAPTION + 8)
            with Image.open(path) as image:
                shown = image.convert("RGB").resize((width, max(1, round(image.height * width / image.width))))
            sheet.paste(shown.crop((0, 0, width, min(height, shown.height))), (left, top + CAPTION))
            pen.text((left + 2, top + 1), path.stem, fill="white")
        sheet.save(f"{name}-{number // A_SHEET + 1:02}.png")


def main(given: Sequence[str]) -> int:
    """Serve a demo campus, take the pictures, and say what was seen to be wrong."""
    wanted = arguments(given)
    if not CHROMIUM:
        sys.stderr.write("there is no Chromium; name one in LMS_TEST_CHROMIUM\n")
        return 1
    shutil.rmtree(FOLDER / "campus", ignore_errors=True)
    (FOLDER / "campus").mkdir(parents=True)
    os.environ.pop("LMS_DATA_DIR", None)
    locales = [*REAL, *(code for code in wanted.locale or [] if code in pseudo.NAMES)]
    environment = {"LMS_LOCALES": ",".join(locales), "LMS_DEMO": "1"}
    count = 0
    with (
        serving((FOLDER / "campus").resolve(), discover(None), fill, **environment) as served,
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)) as browser,
    ):
        for line in take(served, browser, wanted):
            count += 1
            sys.stdout.write(line + "\n")
    sys.stdout.write(f"{len(list(FOLDER.rglob('*.png')))} pictures and sheets in {FOLDER}; {count} faults of layout\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
