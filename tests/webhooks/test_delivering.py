"""A receiver that is down, slow, hostile or gone: messages are tried again, in time, and never keep others from their work."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.kernel import clock, jobs
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Invalid
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from lms.webhooks import addresses, delivering, endpoints, outbox
from lms.webhooks.models import WebhookDelivery, WebhookEndpoint
from lms.webhooks.transport import post
from tests.factories import make_person
from tests.webhooks.stories import endpoint_now, enrol, listen, messages, secret_of

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def try_at(campus, instant):
    """Let the worker work at this instant; answers the messages afterwards."""
    with clock.frozen(instant):
        campus.run_jobs()
        return messages(campus)


def test_a_message_that_fails_is_tried_again_later_and_later_under_the_same_id(telling, receiver):
    with clock.frozen(NOW):
        listen(telling, receiver.url)
        enrol(telling)
    receiver.status = 500
    instant, waits = NOW, []
    for number in range(1, outbox.MOST_TRIES + 1):
        (message,) = try_at(telling, instant)
        assert (message.tries, message.status_code) == (number, 500)
        assert try_at(telling, instant + timedelta(seconds=30))[0].tries == number  # not before its time
        if message.next_try_at:
            waits.append(message.next_try_at - instant)
            instant = max(message.next_try_at, instant + delivering.LONGEST_QUIET)
    assert message.state == "failed"
    assert [wait >= least for wait, least in zip(waits, outbox.WAITS, strict=True)] == [True] * 7
    assert sum(waits, timedelta()) < timedelta(hours=52)
    assert len({arrived.id for arrived in receiver.messages}) == 1
    assert len(receiver.messages) == outbox.MOST_TRIES
    assert len({arrived.headers["webhook-timestamp"] for arrived in receiver.messages}) > 1  # each signed anew


def test_what_was_given_up_can_be_sent_again(telling, receiver):
    endpoint = listen(telling, receiver.url)
    enrol(telling)
    receiver.status = 410
    telling.run_jobs()
    (message,) = messages(telling)
    assert (message.state, endpoint_now(telling, endpoint).state) == ("failed", "off")
    receiver.status = 204
    with telling.database.transaction() as session:
        endpoints.resume(session, SYSTEM, endpoint.code)
        endpoints.send_again(session, SYSTEM, endpoint.code, message.code)
    telling.run_jobs()
    (message,) = messages(telling)
    assert (message.state, message.tries) == ("delivered", 2)
    assert receiver.messages[0].id == receiver.messages[1].id


def test_one_that_is_down_costs_one_try_a_minute_however_much_waits_for_it(telling, receiver):
    with clock.frozen(NOW):
        listen(telling, receiver.url)
        for _ in range(4):
            enrol(telling)
    receiver.status = 503
    waiting = try_at(telling, NOW)
    assert (len(receiver.messages), [message.tries for message in waiting]) == (1, [1, 0, 0, 0])
    receiver.status = 200
    arrived = try_at(telling, NOW + timedelta(minutes=2))
    assert [message.state for message in arrived] == ["delivered"] * 4
    assert len(receiver.messages) == 5


def test_one_that_never_answers_is_switched_off_and_staff_hear_of_it(telling, receiver):
    administrator = make_person(telling, "administrator", email="ada@example.org")
    with clock.frozen(NOW):
        endpoint = listen(telling, receiver.url)
        for _ in range(3):
            enrol(telling)
        with telling.database.transaction() as session:
            session.lock(WebhookEndpoint, endpoint.id).failures = delivering.OFF_AFTER - 1
    receiver.status = 500
    try_at(telling, NOW)
    assert endpoint_now(telling, endpoint).state == "off"
    with telling.database.reading() as session:
        mails = list(session.scalars(select(OutboxMessage).where(col(OutboxMessage.subject).contains("switched off"))))
        actions = list(session.scalars(select(col(AuditEntry.action))))
    assert [mail.to for mail in mails] == [administrator.email]
    assert f"/staff/webhooks/{endpoint.code}" in mails[0].body_text
    assert actions.count("webhook.switched_off") == 1
    receiver.messages.clear()
    later = NOW + timedelta(days=1)
    assert [message.state for message in try_at(telling, later)] == ["failed"] * 3
    with clock.frozen(later):
        enrol(telling)
    assert len(try_at(telling, later)) == 3  # nothing is kept for it
    assert receiver.messages == []


def test_what_happens_during_a_pause_is_sent_afterwards(telling, receiver):
    endpoint = listen(telling, receiver.url)
    with telling.database.transaction() as session:
        endpoints.pause(session, SYSTEM, endpoint.code)
    enrol(telling)
    telling.run_jobs()
    assert ([m.state for m in messages(telling)], receiver.messages) == (["waiting"], [])
    with telling.database.transaction() as session:
        endpoints.resume(session, SYSTEM, endpoint.code)
    telling.run_jobs()
    assert ([m.state for m in messages(telling)], len(receiver.messages)) == (["delivered"], 1)


def test_a_try_is_made_once_whoever_asks_for_it(telling, receiver):
    """The job of a try that was made already does nothing: a message is counted and sent once for each number."""
    listen(telling, receiver.url)
    enrol(telling)
    (message,) = messages(telling)
    with telling.database.transaction() as session:
        jobs.enqueue(session, outbox.DELIVER, {"delivery_id": message.id, "number": 1}, dedupe="another")
    telling.run_jobs()
    assert (len(receiver.messages), messages(telling)[0].tries) == (1, 1)


def test_a_deleted_endpoint_is_told_nothing_more(telling, receiver):
    endpoint = listen(telling, receiver.url)
    enrol(telling)
    with telling.database.transaction() as session:
        endpoints.remove(session, SYSTEM, endpoint.code)
    telling.run_jobs()
    assert (messages(telling), receiver.messages) == ([], [])


def test_both_secrets_sign_for_a_day_after_a_change(telling, receiver):
    with clock.frozen(NOW):
        endpoint = listen(telling, receiver.url)
        before = secret_of(telling, endpoint)
        with telling.database.transaction() as session:
            endpoints.new_secret(session, SYSTEM, endpoint.code)
        after = secret_of(telling, endpoint_now(telling, endpoint))
        enrol(telling)
        telling.run_jobs()
    with clock.frozen(NOW + timedelta(hours=25)):
        enrol(telling)
        telling.run_jobs()
    signed = [(m.is_signed_with(before), m.is_signed_with(after)) for m in receiver.messages]
    assert (before != after, signed) == (True, [(True, True), (False, True)])


def test_messages_of_last_month_are_forgotten(telling, receiver):
    with clock.frozen(NOW):
        listen(telling, receiver.url)
        enrol(telling)
        telling.run_jobs()
    with clock.frozen(NOW + timedelta(days=31)):
        enrol(telling)
        with telling.database.transaction() as session:
            jobs.enqueue(session, "webhooks.tidy", {})
        telling.run_jobs()
    assert [message.created_at for message in messages(telling)] == [NOW + timedelta(days=31)]


def send(url, *, allows_private=True, seconds=5.0):
    return post(url, b"{}", {}, allows_private=allows_private, seconds=seconds)


def test_a_redirect_is_not_followed(receiver):
    receiver.status, receiver.headers = 302, {"location": f"http://127.0.0.1:{receiver.port}/secret"}
    outcome = send(receiver.url)
    assert (outcome.status, outcome.has_arrived) == (302, False)
    assert [message.path for message in receiver.messages] == ["/hook?from=campus"]


def test_a_receiver_that_drips_is_cut_off_in_time(receiver):
    receiver.hangs = threading.Event()
    outcome = send(receiver.url, seconds=0.5)
    receiver.hangs.set()
    assert (outcome.status, outcome.answer) == (None, "no answer within 0.5 s")
    assert outcome.milliseconds < 3000


def test_of_an_endless_answer_only_the_beginning_is_read_and_kept(receiver):
    receiver.answer = b"<b>\0" + b"x" * 10_000_000
    outcome = send(receiver.url)
    assert (outcome.status, outcome.answer[:6], len(outcome.answer)) == (200, "<b>�xx", 500)


def test_nobody_at_home_is_told_in_words():
    outcome = send("http://127.0.0.1:9/hook")
    assert outcome.status is None
    assert "refused" in outcome.answer


def test_a_certificate_that_is_not_of_the_name_is_refused(receiver):
    outcome = send(f"https://127.0.0.1:{receiver.port}/hook")
    assert (outcome.status, receiver.messages) == (None, [])


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "https://127.0.0.1:{}/", "https://localhost:{}/", "https://[::1]:{}/"])
def test_this_machine_is_not_called_unless_the_settings_allow_it(receiver, url):
    outcome = send(url.format(receiver.port), allows_private=False)
    assert outcome.status is None
    assert "not on the public internet" in outcome.answer
    assert receiver.messages == []


def test_a_name_that_leads_inside_is_found_out_when_it_is_called(campus, receiver):
    """The address passed the form, because only its name was known then."""
    addresses.check(f"https://inside.example.org:{receiver.port}/", allows_private=False)
    campus.settings.webhooks_private = True
    listen(campus, f"http://localhost:{receiver.port}/hook")
    campus.settings.webhooks_private = False
    enrol(campus)
    campus.run_jobs()
    (message,) = messages(campus)
    assert (message.tries, receiver.messages) == (1, [])
    assert "not on the public internet" in message.answer


INSIDE = [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
    "2001:db8::1", "fec0::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_kind_of_inside_address_counts_as_public(address):
    import ipaddress

    assert not addresses.is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Invalid):
        addresses.check(f"https://{host}/", allows_private=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_do(address):
    import ipaddress

    assert addresses.is_public(ipaddress.ip_address(address))


WRONG = [
    "", "example.org/hook", "ftp://example.org/", "http://example.org/", "https://", "https://ana:secret@example.org/", "https://example.org/#x",
    "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\nhost: evil", "https://müller.example/", "https://[::1",
    "https://example.org/" + "x" * 500, "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
def test_addresses_that_can_never_be_called_are_refused(url):
    with pytest.raises(Invalid):
        addresses.check(url, allows_private=False)


def test_a_delivery_knows_nothing_of_another_endpoint(telling, receiver):
    one, two = listen(telling, receiver.url), listen(telling, receiver.url)
    enrol(telling)
    theirs: WebhookDelivery = messages(telling)[1]
    with telling.database.reading() as session, pytest.raises(Exception, match="nothing at this address"):
        endpoints.load_delivery(session, SYSTEM, one.code, theirs.code)
    assert two.id == theirs.endpoint_id
