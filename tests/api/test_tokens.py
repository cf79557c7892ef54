"""Who calls the API: with which token, for how long, for what."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.accounts import erasing, passwords, tokens
from lms.kernel import api_tokens, clock
from lms.kernel.api_gate import BAD_TOKENS
from lms.kernel.api_tokens import ApiToken
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.permissions import SYSTEM
from lms.kernel.sessions import token_hash
from tests.factories import actor_of, make_person, sign_in


def make(campus, person, *scopes, days=90):
    with campus.database.transaction() as session:
        return tokens.make(session, SYSTEM, person.id or 0, name="A program", scopes=scopes or ("read", "write"), days=days)[0]


def asking(client, token, path="/me", method="get", **more):
    return client.request(method, f"/api/v1{path}", headers={"authorization": f"Bearer {token}"}, **more)


def test_a_token_acts_for_the_person_who_made_it(campus, client):
    person = make_person(campus, "staff")
    answer = asking(client, make(campus, person, "read", days=3))
    assert answer.status_code == 200
    said = answer.json()
    assert (said["code"], said["email"], said["roles"]) == (person.code, person.email, [{"role": "staff", "scope": "site", "code": ""}])
    assert said["token"]["scopes"] == ["read"]
    assert answer.headers["cache-control"] == "private, no-cache"


def test_what_is_no_token_is_told_so_as_rfc_6750_asks(client):
    for token in ("", "nonsense", "aula_" + "x" * 43):
        answer = asking(client, token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="Aula Sur", error="invalid_token"'
        assert answer.headers["content-type"] == "application/problem+json"


def test_without_a_token_the_answer_says_what_is_needed(client):
    for answer in (client.get("/api/v1/me"), client.post("/api/v1/people", json={"given_name": "Rosa"})):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="Aula Sur"'


def test_a_token_for_reading_changes_nothing(campus, client):
    person = make_person(campus, "staff")
    token = make(campus, person, "read")
    answer = asking(client, token, "/people", "post", json={"given_name": "Rosa"})
    assert answer.status_code == 403
    assert 'error="insufficient_scope", scope="write"' in answer.headers["www-authenticate"]
    assert asking(client, token, f"/people/{person.code}", "patch", json={"given_name": "Eva"}).status_code == 403


def test_a_token_ends_on_its_day_when_it_is_revoked_and_with_the_person(campus, client):
    person, other = make_person(campus), make_person(campus)
    actor = actor_of(campus, person)
    short, long, of_other = make(campus, person, days=1), make(campus, person), make(campus, other)
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        assert asking(client, short).status_code == 401
        assert asking(client, long).status_code == 200
    with campus.database.transaction() as session:
        tokens.revoke_all(session, actor, person.id or 0)
        erasing.erase(session, SYSTEM, other.id or 0)
    assert asking(client, long).status_code == asking(client, of_other).status_code == 401
    with campus.database.reading() as session:
        assert session.scalars(select(ApiToken).where(col(ApiToken.person_id) == other.id)).all() == []


def test_the_token_counts_not_the_cookie_beside_it(campus, client):
    member, staff = make_person(campus), make_person(campus, "staff")
    sign_in(client, campus, staff)
    assert client.get("/api/v1/me").json()["code"] == staff.code
    assert asking(client, make(campus, member)).json()["code"] == member.code
    assert asking(client, "aula_" + "x" * 43).status_code == 401


def test_a_browser_that_has_signed_in_reads_but_does_not_write(campus, client):
    sign_in(client, campus, make_person(campus, "staff"))
    assert client.get("/api/v1/people").status_code == 200
    assert client.get("/api/v1/me").json()["token"] is None
    assert client.post("/api/v1/people", json={"given_name": "Rosa"}).status_code == 401


def test_guessing_tokens_is_slowed_down_and_those_that_are_good_are_not(campus, client):
    token = make(campus, make_person(campus))
    for _ in range(BAD_TOKENS):
        assert asking(client, "nonsense").status_code == 401
    answer = asking(client, "nonsense")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 600
    assert asking(client, token).status_code == 200


def test_use_is_noted_but_not_at_every_request(campus, client):
    person = make_person(campus)
    token, start = make(campus, person), clock.now()
    for minutes, expected in ((1, 1), (5, 1), (20, 20)):
        with clock.frozen(start + timedelta(minutes=minutes)):
            asking(client, token)
        with campus.database.reading() as session:
            (row,) = tokens.listed(session, person.id or 0)
        assert row.last_used_at == start + timedelta(minutes=expected)


def test_the_token_itself_is_nowhere(campus, client, caplog):
    with caplog.at_level(logging.DEBUG):
        person = make_person(campus)
        token = make(campus, person)
        asking(client, token)
        asking(client, token + "x")
    assert token not in caplog.text
    with campus.database.reading() as session:
        row = session.scalars(select(ApiToken)).one()
        assert row.token_hash == token_hash(token)
        entries = session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "token.made")).all()
        assert len(entries) == 1
        assert token not in repr(entries)
        assert "A program" not in repr([entry.after for entry in entries])


def test_a_token_has_an_end_and_a_scope(campus):
    person = make_person(campus)
    actor = actor_of(campus, person)
    wrong = ({"days": 0}, {"days": 366}, {"scopes": ()}, {"scopes": ("root",)}, {"name": "x" * 81})
    for values in wrong:
        with campus.database.transaction() as session, pytest.raises(Invalid):
            tokens.make(session, actor, person.id or 0, **values)


def test_people_make_and_revoke_tokens_in_their_profile(campus, client):
    person, other = make_person(campus), make_person(campus)
    sign_in(client, campus, person)
    form = {"csrf_token": client.get("/profile/tokens").text.partition('name="csrf_token" value="')[2].partition('"')[0]}
    shown = client.post("/profile/tokens", data={**form, "name": "Sheets", "scope": "read", "days": "30"})
    assert shown.headers["cache-control"] == "no-store"
    token = "aula_" + shown.text.partition("aula_")[2][:43]
    assert asking(client, token).json()["token"]["scopes"] == ["read"]
    again = client.get("/profile/tokens").text
    assert "Sheets" in again
    assert token not in again
    with campus.database.reading() as session:
        (row,) = tokens.listed(session, person.id or 0)
    stranger = actor_of(campus, other)
    with campus.database.transaction() as session, pytest.raises(NotFound):
        tokens.revoke(session, stranger, row.code)
    client.post(f"/profile/tokens/{row.code}/revoke", data=form)
    assert asking(client, token).status_code == 401
    assert client.post("/profile/tokens", data={**form, "name": "", "days": "30"}).status_code == 422
    with campus.database.reading() as session:
        assert erasing.export(session, person.id or 0)["programs"][0]["name"] == "Sheets"


def test_a_token_is_made_by_whoever_knows_the_password(campus, client):
    person = make_person(campus)
    with campus.database.transaction() as session:
        passwords.set_password(session, person.id or 0, "a long sentence for me", confirmed=True)
    sign_in(client, campus, person)
    form = {"csrf_token": client.get("/profile/tokens").text.partition('name="csrf_token" value="')[2].partition('"')[0], "name": "Sheets"}
    for wrong in ({}, {"current": "not this one"}):
        answer = client.post("/profile/tokens", data={**form, **wrong, "days": "30"})
        assert (answer.status_code, "aula_" in answer.text) == (422, False)
    assert "aula_" in client.post("/profile/tokens", data={**form, "current": "a long sentence for me", "days": "30"}).text


def test_the_prefix_lets_scanners_find_leaked_tokens(campus):
    assert make(campus, make_person(campus)).startswith(api_tokens.PREFIX)
