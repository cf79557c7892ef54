"""What tests of the API may ask for besides."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from lms.accounts.models import Person
from lms.kernel.campus import Campus
from tests.api.programs import Program
from tests.conftest import ADDRESS


@pytest.fixture
def program(app: FastAPI, campus: Campus) -> Iterator[Callable[..., Program]]:
    """Makes programs that act for a person."""
    opened: list[TestClient] = []

    def of(person: Person | None = None) -> Program:
        opened.append(TestClient(app, base_url=ADDRESS))
        return Program(opened[-1], campus, person)

    yield of
    for client in opened:
        client.close()
