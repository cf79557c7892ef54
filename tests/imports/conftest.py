"""A campus into which files come."""

import pytest

from lms.plugin import Plugins, discover


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The suite's own plugins, with that of imports."""
    return discover(["accounts", "courses", "enrollment", "grading", "certificates", "imports", "reports"])
