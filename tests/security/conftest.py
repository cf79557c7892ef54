"""What the walks through the site begin with."""

import pytest

from lms.kernel.campus import Campus
from tests.security import objects
from tests.security.world import World, build


@pytest.fixture
def world(campus: Campus) -> World:
    """The campus with two of everything."""
    made, other = build(campus)
    objects.add(made, other)
    return made
