"""Work that a device sends later, and perhaps twice: it is done once, and what is refused is told so that nothing gets lost."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.accounts import erasing
from lms.kernel import clock, jobs, sessions
from lms.kernel.api_replays import ApiAnswer
from lms.kernel.permissions import SYSTEM
from tests.factories import make_person, sign_in
from tests.grading.stories import Class, browser_of, fields, mails, send, submissions

PROGRAM = {"accept": "application/json"}
TEXT = "Six actors and what moves them."


@pytest.fixture
def room(campus) -> Class:
    """A cohort with an assignment."""
    return Class(campus)


class Device:
    """A trainee's browser that sends forms from its queue, each with an id of its own."""

    def __init__(self, room: Class, visit: Any, **values: Any) -> None:
        self.room = room
        self.person = room.trainee(**values)
        self.browser = browser_of(visit, room.campus, self.person)
        self.action = f"{room.url}/submission"

    def form(self, **changed: Any) -> dict[str, Any]:
        """The form as it was kept."""
        return {**fields(self.browser.get(self.room.url), self.action), **changed}

    def send(self, key: str, form: dict[str, Any], files: Any = None) -> Any:
        """Send it, with a token of now."""
        token = self.browser.get("/offline/token", headers=PROGRAM).json()["token"]
        headers = {**PROGRAM, "idempotency-key": key}
        return self.browser.post(self.action, data={**form, "csrf_token": token}, files=files, headers=headers)


@pytest.fixture
def device(room, visit) -> Device:
    """The device of a trainee."""
    return Device(room, visit)


def test_what_is_sent_twice_is_handed_in_once(device, room, campus):
    form = device.form(text=TEXT, then="hand_in")
    files = [("files", ("map.pdf", b"%PDF-1.7 map", "application/pdf"))]
    answers = [device.send("a-key", form, files) for _ in range(3)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"location": f"{room.url}#work"})] * 3
    assert [(s.text, s.attempt, s.status) for s in submissions(campus)] == [(TEXT, 1, "submitted")]
    assert len(mails(campus, "Received")) == 1


def test_the_answer_may_be_lost_for_weeks(device, campus):
    form = device.form(text=TEXT, then="draft")
    assert device.send("a-key", form).status_code == 200
    later = clock.now() + timedelta(days=9)
    with clock.frozen(later):
        forget_old(campus)
        assert count(campus) == 1
        sign_in(device.browser, campus, device.person)
        assert device.send("a-key", form).status_code == 200
    with clock.frozen(later + timedelta(days=30)):
        forget_old(campus)
        assert count(campus) == 0
    assert len(submissions(campus)) == 1


def forget_old(campus) -> None:
    """What the schedule does every hour."""
    with campus.database.transaction() as session:
        jobs.enqueue(session, "accounts.forget_answers", {})
    campus.run_jobs()


def count(campus) -> int:
    """How many answers are kept."""
    with campus.database.reading() as session:
        return session.scalar(select(func.count()).select_from(ApiAnswer)) or 0


def test_a_key_is_good_for_one_text(device, campus):
    form = device.form(text=TEXT, then="draft")
    device.send("a-key", form)
    answer = device.send("a-key", {**form, "text": "Another text"})
    assert (answer.status_code, answer.json()["code"]) == (422, "key-used-otherwise")
    assert [s.text for s in submissions(campus)] == [TEXT]


def test_the_same_key_of_another_person_is_another_key(room, visit, campus):
    for name in ("Ana", "Rosa"):
        device = Device(room, visit, given_name=name)
        assert device.send("a-key", device.form(text=name, then="hand_in")).status_code == 200
    assert sorted(s.text for s in submissions(campus)) == ["Ana", "Rosa"]


def test_a_draft_that_changed_elsewhere_is_told_with_its_text(device, room, campus):
    kept = device.form(text="Written on the bus", then="draft")
    room.save_draft(device.person, "Written at home")
    refused = device.send("a-key", kept)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed-elsewhere")
    present = refused.json()["present"]
    assert (present["text"], present["files"]) == ("Written at home", [])
    assert device.send("another-key", {**kept, "version": str(present["version"])}).status_code == 200
    assert [s.text for s in submissions(campus)] == ["Written on the bus"]


def test_what_comes_after_the_cut_off_is_refused_with_the_reason_and_the_key_is_free(device, room, campus):
    form = device.form(text=TEXT, then="hand_in")
    room.set_dates(due_at=clock.now() - timedelta(days=2), cutoff_at=clock.now() - timedelta(days=1))
    refused = device.send("a-key", form)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert "The cut-off was on" in refused.json()["detail"]
    assert (submissions(campus), count(campus)) == ([], 0)
    room.set_dates(cutoff_at=clock.now() + timedelta(days=1))
    assert device.send("a-key", form).status_code == 200
    assert [s.text for s in submissions(campus)] == [TEXT]


def test_who_has_lost_the_place_is_told(device, room, campus):
    form = device.form(text=TEXT, then="hand_in")
    room.set_status(device.person, "withdrawn")
    assert device.send("a-key", form).status_code in (403, 404)
    assert submissions(campus) == []


def test_a_stale_token_opens_nothing_and_a_fresh_one_is_for_its_own_session_alone(device, visit, campus):
    form = device.form(text=TEXT, then="hand_in")
    old = device.browser.get("/offline/token").json()
    assert old["person"] == str(device.person.id)
    sign_in(device.browser, campus, device.person)
    headers = {**PROGRAM, "idempotency-key": "a-key"}
    refused = device.browser.post(device.action, data={**form, "csrf_token": old["token"]}, headers=headers)
    assert refused.status_code == 403
    assert device.send("a-key", form).status_code == 200
    assert visit().get("/offline/token", headers=PROGRAM).status_code == 401


def test_nobody_sends_without_being_signed_in(device, campus):
    form = device.form(text=TEXT, then="hand_in")
    with campus.database.transaction() as session:
        sessions.close_all_sessions(session, device.person.id or 0)
    answer = device.browser.post(device.action, data=form, headers={**PROGRAM, "idempotency-key": "a-key"})
    assert (answer.status_code, submissions(campus)) == (401, [])


def test_a_key_is_a_word_of_ascii(device):
    answer = device.send("k" * 201, device.form(text=TEXT, then="draft"))
    assert answer.status_code == 422


def test_a_form_without_a_key_works_as_ever(device, room, campus):
    answer = send(device.browser, room.url, device.action, text=TEXT, then="hand_in")
    assert "We received your work" in answer.text
    assert count(campus) == 0


def test_whoever_is_erased_leaves_no_answers(device, campus):
    device.send("a-key", device.form(text=TEXT, then="draft"))
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, device.person.id or 0)
    assert count(campus) == 0


def test_a_stranger_is_refused_like_anybody_else(device, room, visit, campus):
    stranger = browser_of(visit, campus, make_person(campus))
    token = stranger.get("/offline/token").json()["token"]
    headers = {**PROGRAM, "idempotency-key": "a-key"}
    assert stranger.post(device.action, data={"csrf_token": token, "text": "x"}, headers=headers).status_code in (403, 404)
