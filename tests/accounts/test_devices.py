"""Where somebody is signed in, proving it again before what matters, and what the log keeps of it."""

import logging
from datetime import timedelta

from sqlalchemy import select

from lms.accounts.models import OneTimeToken, Person
from lms.kernel import clock, jobs, sessions
from tests.accounts.stories import PASSWORD, enter, link, mails, sign_in, somebody, submit, words


def elsewhere(campus, person, agent="Another browser"):
    """Sign a person in on another device; answers its token."""
    with campus.database.transaction() as session:
        return sessions.open_session(session, person.id or 0, 14, agent)


def is_in(campus, token):
    with campus.database.reading() as session:
        return sessions.find_session(session, token) is not None


def device_of(campus, token):
    with campus.database.reading() as session:
        found = session.scalars(select(sessions.SignIn).where(sessions._SignIn.token_hash == sessions.token_hash(token))).one()
        return str(found.id)


def test_a_person_sees_where_she_is_signed_in_and_signs_out_there(client, campus):
    ana, other = somebody(campus, password=PASSWORD), somebody(campus, "eva@example.org")
    sign_in(client, "ana@example.org")
    lost, kept = elsewhere(campus, ana, "Lost phone"), elsewhere(campus, ana, "Desk")
    strange = elsewhere(campus, other, "Eva's own")
    shown = words(client.get("/profile/devices"))
    assert "Lost phone" in shown
    assert "Desk" in shown
    assert "Eva" not in shown

    chosen = [device_of(campus, lost), device_of(campus, strange)]
    assert submit(client, "/profile/devices", device=chosen, current="wrong").status_code == 422
    assert is_in(campus, lost)
    submit(client, "/profile/devices", device=chosen, current=PASSWORD)
    assert [is_in(campus, token) for token in (lost, kept, strange)] == [False, True, True]
    assert client.get("/profile").status_code == 200


def test_an_administrator_signs_somebody_out_everywhere(client, campus):
    ana = somebody(campus)
    enter(client, campus, "administrator")
    token = elsewhere(campus, ana)
    submit(client, f"/staff/people/{ana.code}", f"/staff/people/{ana.code}/sign-out")
    assert not is_in(campus, token)
    assert "person.signed_out" in client.get("/staff/audit").text


def test_the_address_of_an_account_changes_only_with_the_password_of_whoever_changes_it(client, campus):
    ana = somebody(campus, password=PASSWORD)
    somebody(campus, "boss@example.org", "administrator", password="a password of the boss")
    sign_in(client, "boss@example.org", "a password of the boss")
    path = f"/staff/people/{ana.code}/edit"
    for given in ("", PASSWORD):
        refused = submit(client, path, given_name="Ana", email="thief@example.org", current=given)
        assert refused.status_code == 422
    submit(client, path, given_name="Anabel", email="ana@example.org")
    submit(client, path, given_name="Anabel", email="new@example.org", current="a password of the boss")
    with campus.database.reading() as session:
        person = session.one(Person, ana.id)
    assert (person.given_name, person.email) == ("Anabel", "new@example.org")


def test_the_log_tells_of_every_try_to_sign_in_but_neither_addresses_nor_passwords(client, campus, caplog):
    caplog.set_level(logging.INFO, "lms.sign_in")
    ana = somebody(campus, password=PASSWORD)
    sign_in(client, "ana@example.org", "a wrong one")
    sign_in(client, "nobody@example.org", "a wrong one")
    sign_in(client, "ana@example.org")
    lines = [record.facts for record in caplog.records if record.name == "lms.sign_in"]
    assert [(line["outcome"], line["person"]) for line in lines] == [("wrong", ana.id), ("wrong", None), ("right", ana.id)]
    assert lines[0]["address"] == lines[2]["address"] != lines[1]["address"]
    assert not any(word in repr(lines) for word in ("example.org", "wrong one", PASSWORD))


def test_the_log_names_no_link_that_opens_an_account_and_says_who_was_refused(client, campus, caplog):
    caplog.set_level(logging.INFO, "lms.request")
    somebody(campus, password=PASSWORD)
    submit(client, "/reset", email="ana@example.org")
    path = link(mails(campus)[0])
    client.get(path)
    enter(client, campus, "trainee")
    client.get("/staff/people")
    lines = [record for record in caplog.records if record.name == "lms.request"]
    assert path.rpartition("/")[2] not in repr([line.facts for line in lines])
    assert any(line.facts["path"] == "/reset/{token}" for line in lines)
    (refused,) = (line for line in lines if line.getMessage() == "refused")
    assert (refused.facts["path"], refused.facts["status"], bool(refused.facts["person"])) == ("/staff/people", 403, True)
    assert refused.facts["ip"]


def test_sign_ins_and_links_that_have_ended_are_forgotten(client, campus):
    ana = somebody(campus, password=PASSWORD)
    with clock.frozen(clock.now() - timedelta(days=60)):
        elsewhere(campus, ana)
        submit(client, "/reset", email="ana@example.org")
    kept = elsewhere(campus, ana)
    submit(client, "/reset", email="ana@example.org")
    with campus.database.transaction() as session:
        jobs.enqueue(session, "accounts.tidy", {})
    campus.run_jobs()
    with campus.database.reading() as session:
        assert [row.token_hash for row in session.scalars(select(sessions.SignIn))] == [sessions.token_hash(kept)]
        assert len(list(session.scalars(select(OneTimeToken)))) == 1
        assert len(list(session.scalars(select(sessions.RateLimit)))) == 2
