"""A campus that tells others, and a receiver that listens as another system would."""

from collections.abc import Iterator

import pytest

from lms.kernel.campus import Campus
from tests.webhooks.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Another system on this machine."""
    with Receiver() as listening:
        yield listening


@pytest.fixture
def telling(campus: Campus) -> Campus:
    """A campus that may call this machine."""
    campus.settings.webhooks_private = True
    return campus
