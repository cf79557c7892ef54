"""What every resource of the API has: problems, cursors, fields, tags of states, keys of requests that are sent twice."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lms.accounts.models import Person
from lms.kernel import api, api_schema, api_tokens, clock
from lms.kernel.api import ApiRoute
from lms.kernel.api_replays import ApiAnswer
from lms.kernel.jobs import enqueue
from tests.api.programs import at_once
from tests.factories import make_person

PROBLEM = {"type", "title", "status", "detail", "instance", "code", "request_id"}


@pytest.fixture
def staff(campus, program):
    return program(make_person(campus, "staff"))


def count(campus, model):
    with campus.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def pages(program, path, **asked):
    found, cursor = [], None
    while True:
        answer = program.get(path, **asked, **({"cursor": cursor} if cursor else {})).json()
        found.append(answer["items"])
        cursor = answer["next"]
        if cursor is None:
            return found


# Problems


def test_a_refusal_is_a_problem_that_points_at_the_field(staff):
    answer = staff.post("/people", json={"given_name": "x" * 121, "email": "nobody", "surname": "Quispe"})
    said = answer.json()
    assert answer.status_code == said["status"] == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(said) == {*PROBLEM, "errors"}
    assert (said["instance"], said["code"]) == ("/api/v1/people", "invalid-request")
    assert {error["pointer"] for error in said["errors"]} == {"/given_name", "/email", "/surname"}


def test_what_a_service_refuses_is_named_as_the_api_names_it(staff):
    answer = staff.post("/people", json={"given_name": "Rosa", "country": "ZZ"})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/country"]


BODIES = (
    (b"given_name=Rosa", "application/x-www-form-urlencoded", 415),
    (b'{"given_name": "Rosa"}', "", 415),
    (b"", "application/json", 422),
    (b"[1]", "application/json", 422),
    (b'"Rosa"', "application/json", 422),
    (b'{"given_name": ', "application/json", 422),
    (b'{"given_name": NaN}', "application/json", 422),
    (b'{"given_name": "\\u0000"}', "application/json", 422),
    (b'{"given_name": "\\ud800"}', "application/json", 422),
    (b'{"given_name": "\xff"}', "application/json", 422),
    (b'{"a":' * 5000, "application/json", 422),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json", 422),
    (b'{"a":' + b"9" * 5000 + b"}", "application/json", 422),
    (b'{"given_name": "Rosa"}', "application/merge-patch+json", 201),
    (b'{"a": "' + b"x" * (2 << 20) + b'"}', "application/json", 413),
    ('{"given_name": "Núñez"}'.encode(), "application/json; charset=utf-8", 201),
)


def test_a_body_is_a_json_object_of_texts_that_can_be_kept(staff):
    for sent, media_type, status in BODIES:
        answer = staff.client.post("/api/v1/people", content=sent, headers={"content-type": media_type} if media_type else {})
        assert answer.status_code == status, (sent[:40], answer.text)


def test_a_stranger_is_refused_before_her_body_is_read(program):
    answer = program().client.post("/api/v1/people", content=b"{" * 1000, headers={"content-type": "application/json"})
    assert answer.status_code == 401


def test_a_method_that_is_not_there_names_those_that_are(staff):
    answer = staff.client.delete("/api/v1/people")
    assert answer.status_code == answer.json()["status"] == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_an_address_that_is_not_there_is_a_problem_too(staff):
    answer = staff.get("/planets")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


# Collections


def test_pages_follow_each_other_until_next_is_null(campus, staff):
    for number in range(7):
        make_person(campus, given_name=f"Ana {number}")
    found = pages(staff, "/people", limit=3)
    assert [len(page) for page in found] == [3, 3, 2]
    codes = [item["code"] for page in found for item in page]
    assert len(set(codes)) == 8


def test_who_comes_meanwhile_moves_nobody_to_another_page(campus, staff):
    for _ in range(3):
        make_person(campus)
    first = staff.get("/people", limit=2).json()
    make_person(campus)
    second = staff.get("/people", limit=2, cursor=first["next"]).json()
    assert not {item["code"] for item in first["items"]} & {item["code"] for item in second["items"]}


def test_a_limit_is_from_1_to_500(staff):
    for limit in ("0", "501", "-1", "ten", "1.5", ""):
        answer = staff.get("/people", limit=limit)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"] == "limit"
    assert staff.get("/people", limit=500).status_code == 200


def test_a_cursor_holds_for_its_own_list_alone(campus, staff):
    for _ in range(3):
        make_person(campus, country_code="PE")
    cursor = staff.get("/people", limit=1, country="PE").json()["next"]
    assert staff.get("/people", limit=2, country="PE", cursor=cursor, fields="code").status_code == 200
    for path, asked in (("/people", {}), ("/people", {"country": "EC"}), ("/regions", {})):
        answer = staff.get(path, **asked, cursor=cursor)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "cursor")
    for nonsense in ("", "1", "MQ", "MS5hYmM", "é", "%00", cursor[:-1], cursor + "A" * 300):
        assert staff.get("/people", country="PE", cursor=nonsense).status_code == 422, nonsense


def test_a_filter_with_a_spelling_mistake_is_refused_not_passed_over(staff):
    answer = staff.get("/people", contry="PE")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"parameter": "contry", "detail": answer.json()["errors"][0]["detail"]}]
    assert "country" in answer.json()["detail"]


def test_only_the_fields_that_are_wanted(staff):
    assert [set(item) for item in staff.items("/people", fields="code,name")] == [{"code", "name"}]
    code = staff.get("/me").json()["code"]
    assert staff.get(f"/people/{code}", fields="email").json().keys() == {"email"}
    for path in ("/people", f"/people/{code}"):
        assert staff.get(path, fields="code,password").status_code == 422
    assert staff.get("/people", email="nobody@example.org", fields="password").status_code == 422


# States


def test_who_has_the_state_already_is_not_sent_it_again(campus, staff):
    path = f"/people/{make_person(campus).code}"
    tag = staff.get(path).headers["etag"]
    assert tag.startswith('"')
    again = staff.client.get(f"/api/v1{path}", headers={"if-none-match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert staff.get(path, fields="code").headers["etag"] != tag
    head = staff.client.head(f"/api/v1{path}")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


def test_of_two_who_read_the_same_state_one_changes_it(campus, staff):
    path = f"/people/{make_person(campus).code}"
    tag = staff.get(path, fields="name").headers["etag"]
    first = staff.patch(path, match=tag, family_name="Mamani")
    assert (first.status_code, first.json()["family_name"]) == (200, "Mamani")
    second = staff.patch(path, match=tag, family_name="Flores")
    assert (second.status_code, second.json()["code"]) == (412, "outdated")
    assert staff.get(path).json()["family_name"] == "Mamani"
    assert staff.patch(path, match=first.headers["etag"], family_name="Flores").status_code == 200
    assert staff.patch(path, match="*", family_name="Rojas").status_code == 200
    weak = "W/" + staff.get(path).headers["etag"]
    assert staff.patch(path, match=weak, family_name="Weak").status_code == 412


def test_two_at_the_same_moment_do_not_overwrite_each_other(campus, staff):
    path = f"/people/{make_person(campus).code}"
    tag = staff.get(path).headers["etag"]
    answers = at_once(*(lambda name=name: staff.patch(path, match=tag, family_name=name) for name in ("Uno", "Dos", "Tres", "Cuatro")))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


# Sent twice


def test_the_same_request_sent_twice_is_done_once_and_answered_twice(campus, staff):
    before = count(campus, Person)
    body = {"given_name": "Rosa", "email": "rosa@example.org"}
    first, second = (staff.post("/people", key="one-1", json=body) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert count(campus, Person) == before + 1


def test_the_same_request_at_the_same_moment_is_done_once(campus, staff):
    before = count(campus, Person)
    answers = at_once(*[lambda: staff.post("/people", key="one-1", json={"given_name": "Rosa"})] * 4)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["code"] for answer in answers}) == 1
    assert count(campus, Person) == before + 1


def test_a_key_belongs_to_one_request_of_one_person(campus, staff, program):
    staff.post("/people", key="k", json={"given_name": "Rosa"})
    other = staff.post("/people", key="k", json={"given_name": "Eva"})
    assert (other.status_code, other.json()["code"]) == (422, "key-used-otherwise")
    of_colleague = program(make_person(campus, "staff")).post("/people", key="k", json={"given_name": "Eva"})
    assert (of_colleague.status_code, of_colleague.json()["given_name"]) == (201, "Eva")


def test_what_was_refused_may_be_sent_again_with_its_key(campus, staff):
    make_person(campus, email="taken@example.org")
    assert staff.post("/people", key="k", json={"given_name": "Rosa", "email": "taken@example.org"}).status_code == 422
    assert count(campus, ApiAnswer) == 0
    assert staff.post("/people", key="k", json={"given_name": "Rosa", "email": "free@example.org"}).status_code == 201


def test_a_key_is_some_visible_signs(staff):
    for key in ("", " ", "x" * 201, "a b"):
        answer = staff.client.post("/api/v1/people", json={"given_name": "Rosa"}, headers={"idempotency-key": key})
        assert answer.status_code == 422, key


def test_answers_are_kept_for_a_day(campus, client):
    person, body = make_person(campus, "staff"), {"given_name": "Rosa"}
    with campus.database.transaction() as session:
        token, _row = api_tokens.make(session, person.id or 0, "a test", api_tokens.SCOPES, 9)
    head = {"authorization": f"Bearer {token}", "idempotency-key": "k"}
    first = client.post("/api/v1/people", headers=head, json=body).json()["code"]
    now = clock.now()
    with clock.frozen(now + timedelta(hours=23)):
        assert client.post("/api/v1/people", headers=head, json=body).json()["code"] == first
    with clock.frozen(now + timedelta(hours=24, minutes=1)):  # even where nobody has swept yet
        assert client.post("/api/v1/people", headers=head, json=body).json()["code"] != first


def test_old_answers_are_swept_away(campus, staff):
    staff.post("/people", key="k", json={"given_name": "Rosa"})
    assert count(campus, ApiAnswer) == 1
    for hours, left in ((0, 1), (25, 0)):
        with clock.frozen(clock.now() + timedelta(hours=hours)):
            with campus.database.transaction() as session:
                enqueue(session, "accounts.forget_answers", {})
            campus.run_jobs()
        assert count(campus, ApiAnswer) == left
    assert count(campus, ApiAnswer) == 0


def test_every_post_of_the_api_is_done_once_and_everything_is_described(app):
    routes = [route for route in app.routes if isinstance(route, ApiRoute)]
    posts = [route for route in routes if "POST" in (route.methods or ())]
    assert len(posts) >= 5
    assert [route.path for route in posts if not any(part.call is api._writing for part in route.dependant.dependencies)] == []
    described = api_schema.describe(app, "http://testserver")
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"].endswith("."), (method, path)
            assert operation["security"], (method, path)
            headers = {part["name"] for part in operation.get("parameters", ()) if part["in"] == "header"}
            assert headers == {"get": {"If-None-Match"}, "post": {"Idempotency-Key"}}.get(method, {"If-Match"})
    assert len({operation["operationId"] for operations in described["paths"].values() for operation in operations.values()}) == len(routes)


def test_the_description_is_open_to_everybody(client):
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["openapi"] == "3.1.0"
