"""Every screen of every role is valid HTML, as the Nu Html Checker sees it. `script/validate` fetches the checker and runs this."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from lms.app import create_app
from tests.views.screens import ROLES, Crawl

CHECKER = os.environ.get("LMS_TEST_VNU", "")


@pytest.mark.skipif(not CHECKER, reason="LMS_TEST_VNU does not name the jar of the checker")
@pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", ROLES)
def test_every_screen_is_valid_html(campus, tmp_path, role):
    app = create_app(campus)
    for screen, html in Crawl(campus, app, role).pages():
        (tmp_path / f"{screen.name}.html").write_text(html, "utf-8")
    command = [
        "java",
        "-XX:+UseSerialGC",
        "-jar",
        CHECKER,
        "--format",
        "json",
        "--stdout",
        "--exit-zero-always",
        *map(str, tmp_path.glob("*.html")),
    ]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["messages"]
    assert not said, "\n".join(f"{Path(m['url']).stem}: {m['message']}  {m.get('extract', '')!r}" for m in said)
