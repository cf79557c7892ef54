"""The description of the API against its answers, as every role: no fault of the server, no answer that is not described.

A few requests for each address in every run; with LMS_TEST_FULL=1 some thousand for each role, with values at every bound and with chains
of requests that use what the ones before made.
"""

import json
import os
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from starlette.testclient import TestClient

from lms.app import create_app
from lms.kernel import api_schema, api_tokens
from lms.kernel.web import API
from tests.conftest import ADDRESS
from tests.security import objects
from tests.security.test_api import Walk, samples
from tests.security.world import build

Samples = dict[str, dict[str, Any]]
FULL = os.environ.get("LMS_TEST_FULL") == "1"
ROLES = ("administrator", "staff", "own tutor", "own trainee", "reporter", "nobody")
PHASES = ("examples", "coverage", "fuzzing", "stateful") if FULL else ("examples", "fuzzing")
EXAMPLES = 100 if FULL else 2


def config(token: str) -> SchemathesisConfig:
    """How is tried. Not every text that fits is accepted: a cursor is sealed, a code must name something."""
    return SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {token}"} if token else {},
            "seed": 20261125,
            "phases": {name: {"enabled": name in PHASES} for name in ("examples", "coverage", "fuzzing", "stateful")},
            "generation": {"max-examples": EXAMPLES, "database": "none"},
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    )


def failures(app: FastAPI, token: str, found: Samples) -> tuple[int, list[str]]:
    """How many requests were made, and what was wrong with the answers. `found`: what fills addresses, so that something is there."""
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app=app, config=config(token))

    @schema.hook
    def map_case(context: Any, case: Any) -> Any:
        there = found.get("/" + case.operation.path.removeprefix(API).split("/")[1], {})
        if case.path_parameters and not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)):
            for name, value in case.path_parameters.items():
                case.path_parameters[name] = there.get(name, value) if len(str(value)) % 4 else value
        return case

    calls, wrong = 0, []
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            wrong.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, (events.ScenarioFinished, events.FuzzScenarioFinished)):
            calls += len(event.recorder.interactions)
            wrong += _failed(event.recorder)
    return calls, wrong


def _failed(recorder: Any) -> list[str]:
    found = []
    for case, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                sent = recorder.interactions[case]
                body, answer = sent.request.body, sent.response
                found.append(f"{check.name}: {sent.request.method} {sent.request.uri} {body!r:.300} -> "
                             f"{answer.status_code if answer else None}: {check.failure_info.failure.message}")  # fmt: skip
    return found


@pytest.mark.timeout(3600 if FULL else 120)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
def test_every_answer_is_described(campus, role):
    world, other = build(campus)
    objects.add(world, other)
    token = ""
    if role != "nobody":
        with campus.database.transaction() as session:
            token, _row = api_tokens.make(session, world.people[role].id or 0, "a test", api_tokens.SCOPES, 1)
    app = create_app(campus)
    with TestClient(app, base_url=ADDRESS) as client:
        found = samples(world, Walk(world, "administrator", client))
    calls, wrong = failures(app, token, found)
    assert calls > 50
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
def test_an_answer_that_is_not_described_would_be_found(campus):
    app = create_app(campus)
    described = api_schema.describe(app, campus.settings.base_url)
    described["paths"] = {"/api/v1/me": described["paths"]["/api/v1/me"]}
    del described["paths"]["/api/v1/me"]["get"]["responses"]["401"]
    app.state.openapi = json.dumps(described).encode()
    _calls, wrong = failures(app, "", {})
    assert any("401" in line for line in wrong)
