"""What a device may keep of a course: whose it is, what it weighs, and that keeping is not reading."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from lms.courses.models import Progress
from tests.accounts.stories import submit
from tests.courses.stories import MARKED, activities_of, learner, tutor_of
from tests.factories import make_cohort, make_course, make_person, sign_in
from tests.watching import counting

LATER = {"offline": "keep"}


@pytest.fixture
def cohort(campus) -> Any:
    """Two readings and an exercise in one module, all of it open."""
    activities = ({"body": "Text. " * 100}, {"title": "Done when said", **MARKED}, {"title": "Exercise", "type": "assignment"})
    return make_cohort(campus, make_course(campus, modules=1, activities=activities), code="KEEP")


def pages_of(campus, cohort) -> list[str]:
    """The pages of its activities."""
    return [f"/learn/KEEP/{activity.id}" for activity in activities_of(campus, cohort)]


def test_a_trainees_pages_say_that_her_device_may_keep_them(client, campus, cohort):
    person = learner(campus, cohort)
    sign_in(client, campus, person)
    for path in ("/today", "/learn/KEEP", *pages_of(campus, cohort), "/offline"):
        assert client.get(path).headers["offline"] == f"{person.id}; keep", path


def test_a_page_with_a_message_is_fetched_again_to_be_kept(client, campus, cohort):
    person = learner(campus, cohort)
    sign_in(client, campus, person)
    _first, second, exercise = pages_of(campus, cohort)
    answer = submit(client, second, f"{second}/done")
    assert (answer.url.path, answer.headers["offline"]) == (exercise, f"{person.id}; again")
    assert client.get(exercise).headers["offline"] == f"{person.id}; keep"


def test_nothing_else_may_be_kept(client, visit, campus, cohort):
    person = learner(campus, cohort)
    sign_in(client, campus, person)
    for path in ("/", "/profile", "/grades", "/courses/KEEP", "/learn/KEEP/999999", "/apply/KEEP"):
        assert client.get(path).headers.get("offline") == str(person.id), path
    assert visit().get("/").headers["offline"] == "nobody"
    assert "offline" not in client.get("/no/such/page").headers
    assert "offline" not in client.get("/api/v1/courses").headers


def test_the_view_of_those_who_look_after_a_cohort_is_not_kept(client, campus, cohort):
    sign_in(client, campus, tutor_of(campus, cohort))
    for path in ("/learn/KEEP", *pages_of(campus, cohort)):
        assert "keep" not in client.get(path).headers["offline"]
    assert "data-keep-module" not in client.get("/learn/KEEP").text
    sign_in(client, campus, make_person(campus, "staff"))
    assert "keep" not in client.get("/learn/KEEP").headers["offline"]


def test_a_type_that_does_not_say_so_is_not_kept(client, campus, cohort, monkeypatch):
    monkeypatch.setattr(campus.plugins.named("activity_types")["page"], "offline", False)
    sign_in(client, campus, learner(campus, cohort))
    first, _second, exercise = pages_of(campus, cohort)
    assert "keep" not in client.get(first).headers["offline"]
    assert "keep" in client.get(exercise).headers["offline"]
    assert addresses(client) == [exercise]


def addresses(client) -> list[str]:
    """What the button of the module would fetch."""
    found = re.search(r'data-addresses="([^"]*)"', client.get("/learn/KEEP").text)
    assert found
    return found[1].split()


def test_the_button_knows_what_a_module_holds_and_weighs_with_one_more_question(client, campus, cohort):
    sign_in(client, campus, learner(campus, cohort))
    with counting(campus) as asked:
        text = client.get("/learn/KEEP").text
    assert addresses(client) == pages_of(campus, cohort)
    found = re.search(r'data-bytes="(\d+)"', text)
    assert found
    assert 24_600 < int(found[1]) < 26_000
    assert sum("stored_file" in question for question in asked) == 1


def test_fetching_for_later_is_not_reading(client, campus, cohort):
    sign_in(client, campus, learner(campus, cohort))
    first = pages_of(campus, cohort)[0]
    assert client.get(first, headers=LATER).status_code == 200
    assert seen(campus) == 0
    client.get(first)
    assert seen(campus) == 1


def seen(campus) -> int:
    """How many activities were opened."""
    with campus.database.reading() as session:
        return len(list(session.scalars(select(Progress))))


def test_marking_as_done_twice_with_one_key_is_done_once(client, campus, cohort):
    sign_in(client, campus, learner(campus, cohort))
    _first, second, exercise = pages_of(campus, cohort)
    token = client.get("/offline/token").json()["token"]
    headers = {"accept": "application/json", "idempotency-key": "a-key"}
    answers = [client.post(f"{second}/done", data={"csrf_token": token}, headers=headers) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"location": exercise}] * 2
    assert answers[1].headers["content-type"] == "application/json"
    assert seen(campus) == 1


def test_what_is_not_done_by_marking_is_refused_in_words(client, campus, cohort):
    sign_in(client, campus, learner(campus, cohort))
    exercise = pages_of(campus, cohort)[2]
    token = client.get("/offline/token").json()["token"]
    headers = {"accept": "application/json", "idempotency-key": "a-key"}
    answer = client.post(f"{exercise}/done", data={"csrf_token": token}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-by-marking")
    assert "You cannot tick this off yourself" in submit(client, exercise, f"{exercise}/done").text


def test_the_worker_says_its_version_and_which_forms_may_wait(client):
    answer = client.get("/sw.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    found = re.search(r"const CAMPUS = (\{.*?\n\});", answer.text, re.DOTALL)
    assert found
    known = json.loads(found[1])
    assert known["once"] == ["^/learn/[^/]+/[^/]+/done$", "^/learn/[^/]+/[^/]+/submission$"]
    for address in [*known["assets"], *re.findall(r'"(/static/[^"]*worker/[^"]*)"', answer.text)]:
        assert client.get(address).status_code == 200, address


def test_the_app_is_described_in_the_readers_language(client):
    answer = client.get("/manifest.webmanifest", headers={"accept-language": "es"})
    told = answer.json()
    assert (told["lang"], told["dir"], told["start_url"], told["display"]) == ("es", "ltr", "/today", "standalone")
    assert "personas" in told["description"] or "evidencia" in told["description"]
    assert answer.headers["content-type"] == "application/manifest+json"
    assert [icon["sizes"] for icon in told["icons"]] == ["any", "192x192", "512x512", "512x512"]
    assert all(client.get(icon["src"]).status_code == 200 for icon in told["icons"])
