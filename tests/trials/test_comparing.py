"""The comparison at the end of a trial finds what it looks for: else every trial would be well."""

import pytest

from benchmarks.sites import Site
from benchmarks.trials.comparing import faults
from benchmarks.trials.ledger import Ledger
from benchmarks.trials.stage import build
from lms.grading import submitting
from lms.kernel.storage import save_file
from lms.webhooks import outbox
from lms.webhooks.models import WebhookEndpoint
from tests.factories import actor_of, make_person
from tests.trials.planting import activity_of, enrolled

TEXT = "Attempt 0 of trainee 0."


@pytest.fixture
def site(campus):
    """The installation of a trial with one trainee."""
    made = Site(campus.settings.data_dir, {"LMS_DATABASE_URL": campus.settings.database_url})
    build(made, 1, "https://example.org/")
    return made


def test_a_quiet_campus_has_no_faults(site):
    assert faults(site, Ledger(), []) == []


def test_what_was_confirmed_and_is_not_there_is_lost(site):
    ledger = Ledger(
        people={"crowd-0-0@example.org"}, enrolled={77: "crowd-0-0@example.org"}, handed_in={"abc": (0, TEXT)}, graded={"Marked 0-0.": 0},
        last_grade={0: "Marked 0-0."}, completed={77},
    )  # fmt: skip
    found = faults(site, ledger, [])
    for what in ("people", "enrolments", "completions", "submissions", "texts", "grades", "last grades"):
        assert [fault for fault in found if fault.startswith(f"{what}: 1 lost")], (what, found)
    assert "messages of enrolment.created: 0 instead of 1" in found


def test_what_nobody_confirmed_and_what_is_there_twice_is_found(campus, site):
    make_person(campus, email="crowd-9-9@example.org")
    trainee = enrolled(campus)
    for number in range(2):  # the same text as two attempts: with a file each, so that they differ
        with campus.database.transaction() as session:
            file = save_file(session, campus.storage, b"%d" % number, "work.txt", "text/plain", trainee.id)
            work = submitting.hand_in(session, actor_of(campus, trainee), activity_of(session), TEXT, [file], keep=())
    found = faults(site, Ledger(handed_in={work.code: (0, TEXT)}), [])
    assert "people: 1 there unasked: ['crowd-9-9@example.org']" in found
    assert f"texts: 1 there twice: ['{TEXT}']" in found
    assert [fault for fault in found if fault.startswith("submissions: 1 there unasked")]


def test_a_damaged_file_and_a_message_that_never_arrived_are_found(campus, site):
    trainee = enrolled(campus)
    with campus.database.transaction() as session:
        file = save_file(session, campus.storage, b"work", "work.txt", "text/plain", trainee.id)
        submitting.hand_in(session, actor_of(campus, trainee), activity_of(session), TEXT, [file], keep=())
    (campus.settings.data_dir / "files" / file.key[:2] / file.key).write_bytes(b"w0rk")
    found = faults(site, Ledger(), [])
    assert [fault for fault in found if fault.startswith("files: 1 lost or damaged")]
    assert not [fault for fault in found if "not delivered" in fault]
    with campus.database.transaction() as session:
        endpoint = session.one(WebhookEndpoint, 1)
        outbox.add(session, endpoint.id or 0, outbox.TEST, outbox.compose(outbox.TEST, {}))
    assert [fault for fault in faults(site, Ledger(), []) if fault.startswith("messages: 1 not delivered")]
