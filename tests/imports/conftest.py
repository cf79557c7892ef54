"""A campus into which files come."""

from pathlib import Path

import pytest

from lms.kernel.campus import Campus
from lms.plugin import Plugins, discover
from tests.imports.shell import Shell


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The suite's own plugins, with that of imports."""
    return discover(["accounts", "courses", "enrollment", "grading", "certificates", "imports", "reports"])


@pytest.fixture
def shell(campus: Campus, tmp_path: Path) -> Shell:
    """A shell in which `lms import` finds the campus."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return Shell(campus, folder)
