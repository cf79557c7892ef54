"""Staff look after webhooks by pages: make one, see its log, pause, send again, delete."""

import re

import pytest

from tests.accounts.stories import submit
from tests.factories import make_person, sign_in
from tests.watching import counting, words
from tests.webhooks.stories import endpoint_now, enrol, listen, messages

BASE = "/staff/webhooks"


@pytest.fixture
def staff(client, telling):
    return sign_in(client, telling, make_person(telling, "staff"))


def test_staff_make_a_webhook_and_see_its_secret_once(staff, telling, receiver):
    assert "No webhook yet" in words(staff.get(BASE))
    answer = submit(staff, f"{BASE}/new", name="  The   books ", url=receiver.url, events=["enrolment.created", "no.such"])
    secret = re.search(r"whsec_[\w+/=]+", answer.text)
    assert secret
    (code,) = re.findall(rf'class="btn" href="{BASE}/(\w+)"', answer.text)
    assert "The books" in words(staff.get(BASE))
    assert not [page for page in ("", "/edit") if secret[0] in staff.get(f"{BASE}/{code}{page}").text]
    enrol(telling)
    telling.run_jobs()
    assert receiver.messages[0].is_signed_with(secret[0])
    log = words(staff.get(f"{BASE}/{code}"))
    assert "enrolment.created" in log
    assert "Delivered" in log
    again = submit(staff, f"{BASE}/{code}", f"{BASE}/{code}/secret")
    assert secret[0] not in again.text
    assert "whsec_" in again.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"url": "ftp://example.org/", "events": "enrolment.created"}, "The address must begin with https://."),
        ({"url": "https://example.org/", "events": "no.such"}, "Please choose at least one event."),
        ({"url": "", "events": "enrolment.created"}, "Please fill this in."),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(staff, fields, sentence):
    answer = submit(staff, f"{BASE}/new", name="The books", **fields)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert "The books" in answer.text


def test_a_webhook_is_changed_paused_resumed_tried_and_deleted(staff, telling, receiver):
    endpoint = listen(telling, receiver.url)
    here = f"{BASE}/{endpoint.code}"
    assert "checked" in staff.get(f"{here}/edit").text
    submit(staff, f"{here}/edit", name="Ledger", url=receiver.url + "&new", events=["cohort.created", "grade.released"])
    assert endpoint_now(telling, endpoint).events == ["cohort.created", "grade.released"]
    assert "Paused" in words(submit(staff, here, f"{here}/pause"))
    answer = submit(staff, here, f"{here}/test")  # also in a pause
    telling.run_jobs()
    assert receiver.messages[0].content["type"] == "webhook.test"
    shown = words(staff.get(answer.url.path))
    assert "Status 200" in shown
    assert "thank you" in shown
    assert submit(staff, here, f"{here}/resume").status_code == 200
    assert submit(staff, here, f"{here}/resume").status_code == 409
    submit(staff, answer.url.path, f"{answer.url.path}/again")
    telling.run_jobs()
    assert receiver.messages[0].id == receiver.messages[1].id
    assert "No webhook yet" in words(submit(staff, here, f"{here}/delete"))
    assert messages(telling) == []


def test_the_log_comes_in_pages_and_by_state(staff, telling, receiver, monkeypatch):
    from lms.webhooks import queries

    endpoint = listen(telling, receiver.url)
    for _ in range(3):
        enrol(telling)
    codes = [message.code for message in messages(telling)][::-1]
    with telling.database.reading() as session:
        first, cursor = queries.deliveries(session, endpoint.id or 0, limit=2)
        rest, end = queries.deliveries(session, endpoint.id or 0, before=cursor or "", limit=2)
        nothing, _end = queries.deliveries(session, endpoint.id or 0, before="msg_unknown")
    assert ([row.code for row in first + rest], end, nothing) == (codes, None, [])
    telling.run_jobs()
    assert "enrolment.created" in words(staff.get(f"{BASE}/{endpoint.code}?state=delivered"))
    assert "No message yet" in words(staff.get(f"{BASE}/{endpoint.code}?state=failed"))


def test_the_pages_ask_as_many_questions_however_much_there_is(staff, telling, receiver):
    endpoint = listen(telling, receiver.url)
    counts = []
    for _ in range(2):
        enrol(telling)
        with counting(telling) as statements:
            for path in (BASE, f"{BASE}/{endpoint.code}"):
                assert staff.get(path).status_code == 200
        counts.append(len(statements))
        listen(telling, receiver.url)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("role", ["tutor", "trainee", "reporter"])
def test_others_have_no_business_there(client, telling, receiver, role):
    endpoint = listen(telling, receiver.url)
    sign_in(client, telling, make_person(telling, role))
    for path in (BASE, f"{BASE}/new", f"{BASE}/{endpoint.code}", f"{BASE}/{endpoint.code}/edit"):
        assert client.get(path).status_code == 403
    assert submit(client, "/profile", f"{BASE}/{endpoint.code}/delete").status_code == 403
    assert endpoint_now(telling, endpoint).code == endpoint.code


def test_staff_of_a_programme_alone_do_not_hear_of_the_whole_site(client, telling):
    sign_in(client, telling, make_person(telling, "staff", scope=("programme", 1)))
    assert client.get(BASE).status_code == 403
