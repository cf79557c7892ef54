"""The campus of the walks, in which the pseudo-locales are offered."""

import pytest
from sqlalchemy import update

from lms.accounts.models import Person
from lms.kernel import pseudo
from lms.kernel.campus import Campus
from tests.security import objects
from tests.security.world import World, build


@pytest.fixture
def world(campus: Campus) -> World:
    """The campus with two of everything, in which nobody is called like a role: a role shown as it is kept must not pass for a name."""
    campus.settings.locales = ["en", "es", *pseudo.NAMES]
    made, other = build(campus)
    objects.add(made, other)
    with campus.database.transaction() as session:
        session.execute(update(Person).values(given_name="Rosa"))
    return made
