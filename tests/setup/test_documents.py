"""What can be set, and which pages there are, is written down."""

import re

import pytest

from lms.settings import Settings
from tests.setup.checkout import ROOT

RUNNING = sorted((ROOT / "docs" / "running").glob("*.md"))


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    page = (ROOT / "docs" / "running" / "configuration.md").read_text(encoding="utf-8")
    assert f"| `LMS_{name.upper()}` |" in page


def test_no_setting_is_documented_that_does_not_exist() -> None:
    page = (ROOT / "docs" / "running" / "configuration.md").read_text(encoding="utf-8")
    documented = {name.lower() for name in re.findall(r"^\| `LMS_([A-Z0-9_]+)` \|", page, re.M)}
    assert documented <= Settings.model_fields.keys()


@pytest.mark.parametrize("path", RUNNING, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path) -> None:
    targets = re.findall(r"\]\((?!\w+:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (path.parent / target).exists()]


@pytest.mark.parametrize("name", ["LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_the_pages_people_look_for_are_there(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").strip()
