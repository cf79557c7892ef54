"""The screens of the demo campus as people meet them: pictures for the README, stories on a phone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lms.accounts.queries import DEMO_PASSWORD as PASSWORD

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("LMS_SCREENSHOTS", "")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def enter(context, demo, email):
    """A page of somebody who has signed in."""
    page = context.new_page()
    enter_here(page, demo, email)
    return page


def enter_here(page, demo, email):
    """Sign in on a page that is open already."""
    page.goto(demo.address + "/sign-in")
    page.locator("input[name=email]").first.fill(email)
    page.locator("input[name=password]").first.fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def test_the_readme_shows_the_suite_as_it_is(demo, chromium, tmp_path):
    """Takes the README's pictures; with LMS_SCREENSHOTS=docs/screenshots they are renewed."""
    folder = Path(PICTURES or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    screens = {"viewport": {"width": 1100, "height": 760}, "locale": "en"}
    visitor = chromium.new_context(**screens).new_page()
    take(visitor, demo.address + "/", folder / "catalogue.png")
    take(enter(chromium.new_context(**screens), demo, "tendai@demo.example"), demo.address + "/today", folder / "today.png")
    tutor = enter(chromium.new_context(**screens), demo, "vera@demo.example")
    tutor.goto(demo.address + "/marking")
    tutor.locator("main table a").first.click()
    save(tutor, folder / "marking.png")
    staff = enter(chromium.new_context(**screens), demo, "staff@demo.example")
    staff.goto(demo.address + "/language/en?next=/")
    take(staff, demo.address + "/reports/trainees?by=region", folder / "report.png")
    code, pdf = certificate(demo, staff, tmp_path)
    subprocess.run(["pdftoppm", "-r", "80", "-png", "-singlefile", str(pdf), str(folder / "certificate")], check=True)
    take(visitor, f"{demo.address}/verify/{code}", folder / "verify.png")
    assert sorted(path.stem for path in folder.glob("*.png")) == ["catalogue", "certificate", "marking", "report", "today", "verify"]


def certificate(demo, staff, folder):
    """The code and the file of a certificate of the demo, as the command exports it."""
    archive = folder / "all.zip"
    subprocess.run(
        [sys.executable, "-m", "lms.cli", "certificates", "export", "--cohort", "POLI-2013-LA1", "--out", str(archive)],
        env={**os.environ, "LMS_DATA_DIR": str(demo.campus.settings.data_dir), "LMS_BASE_URL": demo.address}, check=True,
    )  # fmt: skip
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(archive), str(folder / "all")], check=True)
    staff.goto(demo.address + "/staff/cohorts/POLI-2013-LA1/certificates")
    pdf = sorted((folder / "all").rglob("*.pdf"))[0]
    code = staff.locator(f"a[href^='/verify/']:has-text('{pdf.name.split(' ')[0]}')").first.get_attribute("href")
    assert code
    return code.removeprefix("/verify/"), pdf


def take(page, address, path):
    """Open an address and keep its picture."""
    answer = page.goto(address)
    assert answer.ok, address
    save(page, path)


def save(page, path):
    """A picture of the page, in few colours so that it stays small."""
    page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128).save(path, optimize=True)
