"""Summaries by mail: in the morning of each person, at most once, with a link that ends them."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select
from sqlmodel import col

from lms.accounts import erasing
from lms.courses import completion
from lms.courses.models import Activity
from lms.kernel import clock, mail
from lms.kernel.job_table import Claim
from lms.kernel.jobs import JobRun
from lms.kernel.permissions import SYSTEM
from lms.notifications import choosing, digests
from lms.notifications.models import DigestTurn
from tests.accounts.stories import PASSWORD, submit
from tests.browser.conftest import free_port
from tests.courses.stories import learner
from tests.factories import make_person, sign_in
from tests.notifications import stories
from tests.notifications.stories import MONDAY, at_work, give_password, given_a_place, news_of, reader, with_work
from tests.watching import words

DUE = MONDAY + timedelta(days=3)


@pytest.fixture(autouse=True)
def _monday():
    with clock.frozen(MONDAY):
        yield


@pytest.fixture
def rosa(campus):
    """A trainee with work that is due, on the Sunday before."""
    at_work(campus, MONDAY - timedelta(days=1))
    return reader(campus, with_work(campus, DUE), given_name="Rosa")


def test_a_trainee_gets_one_on_monday_morning(campus, rosa):
    for hours in range(-12, 36):
        at_work(campus, MONDAY + timedelta(hours=hours, minutes=1))
    (sent,) = stories.digests(campus, rosa)
    assert 6 <= sent.created_at.hour - 5 < 7  # in Lima
    assert sent.subject == "One thing is due in the next 7 days"
    assert "Map of actors (Influencing policy)" in sent.body_text
    assert "Due: Mar 12, 2026, 7:00\u202fAM (Lima)" in sent.body_text
    assert "/notifications/unsubscribe/" in sent.body_text


def test_every_morning_where_that_was_chosen(campus, rosa):
    with campus.database.transaction() as session:
        choosing.choose(session, rosa.id or 0, "daily")
    for hours in range(120):
        at_work(campus, MONDAY + timedelta(hours=hours, minutes=1))
    days = [message.created_at.date().day for message in stories.digests(campus, rosa)]
    assert days == [9, 10, 11, 12]  # and none once there is nothing left to say


@pytest.mark.parametrize("role", ["tutor", "staff"])
def test_others_get_none_unless_they_choose_so(campus, role):
    at_work(campus, MONDAY - timedelta(hours=2))
    person = make_person(campus, role, timezone="America/Lima")
    give_password(campus, person)
    given_a_place(campus, make_person(campus))
    at_work(campus, MONDAY)
    assert stories.digests(campus, person) == []


def test_nothing_is_sent_where_there_is_nothing_to_say(campus):
    at_work(campus, MONDAY - timedelta(hours=2))
    person = reader(campus, with_work(campus, MONDAY + timedelta(days=8)))
    at_work(campus, MONDAY)
    at_work(campus, MONDAY + timedelta(hours=1))
    assert stories.digests(campus, person) == []
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DigestTurn)) == 1


def test_what_is_done_is_not_told_and_what_is_new_is_told_once(campus, rosa):
    work = the_work(campus)
    with campus.database.transaction() as session:
        choosing.choose(session, rosa.id or 0, "daily")
        completion.record(session, rosa.id or 0, work, "viewed")
    with clock.frozen(MONDAY - timedelta(hours=3)):
        given_a_place(campus, rosa, title="A new course", starts_in=20)
    at_work(campus, MONDAY)
    at_work(campus, MONDAY + timedelta(days=1))
    (sent,) = stories.digests(campus, rosa)
    assert sent.subject == "One thing is new for you"
    assert "You have a place in “A new course”." in sent.body_text
    assert "Map of actors" not in sent.body_text


def the_work(campus):
    with campus.database.reading() as session:
        return session.scalars(select(Activity).where(col(Activity.due_at).is_not(None))).one()


def test_a_morning_that_a_worker_slept_through_in_part_is_made_up_for(campus, rosa):
    at_work(campus, MONDAY + timedelta(hours=3, minutes=30))  # half past ten
    assert len(stories.digests(campus, rosa)) == 1


def test_it_is_in_the_language_of_the_reader(campus):
    at_work(campus, MONDAY - timedelta(hours=2))
    person = reader(campus, with_work(campus, DUE), language="es")
    at_work(campus, MONDAY)
    (sent,) = stories.digests(campus, person)
    assert 'lang="es"' in sent.body_html
    assert "12 mar 2026" in sent.body_text


def test_two_workers_send_one(campus, rosa):
    runs = [_run(campus), _run(campus)]
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda run: digests.take_turn(run, rosa.id or 0, MONDAY.date()), runs))
    assert sorted(told) == [False, True]
    assert len(stories.digests(campus, rosa)) == 1


def test_a_worker_that_is_killed_in_the_middle_leaves_both_or_neither(campus, rosa, monkeypatch):
    def killed(*_arguments, **_values):
        raise KeyboardInterrupt

    monkeypatch.setattr(mail, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        digests.take_turn(_run(campus), rosa.id or 0, MONDAY.date())
    monkeypatch.undo()
    assert digests.take_turn(_run(campus), rosa.id or 0, MONDAY.date())
    assert len(stories.digests(campus, rosa)) == 1


def _run(campus) -> JobRun:
    return JobRun(campus.worker_context(), Claim(id=0, name="", arguments={}, attempt=1, max_attempts=1, worker="", cancel_requested=False))


def test_somebody_without_an_account_or_erased_gets_none(campus):
    at_work(campus, MONDAY - timedelta(hours=2))
    cohort = with_work(campus, DUE)
    never_joined, gone = learner(campus, cohort, timezone="America/Lima"), reader(campus, cohort)
    with campus.database.transaction() as session:
        erasing.erase(
            session, SYSTEM, gone.id or 0, [p.personal_data.erase for p in campus.plugins if p.personal_data and p.personal_data.erase]
        )
    at_work(campus, MONDAY)
    assert stories.digests(campus, never_joined) == stories.digests(campus, gone) == []


def test_one_whose_summary_fails_does_not_cost_the_others_theirs(campus, rosa, monkeypatch):
    other = reader(campus, with_work(campus, DUE))
    summary = digests.summary

    def failing(plugins, session, actor, now):
        if actor.id == rosa.id:
            raise RuntimeError("broken")
        return summary(plugins, session, actor, now)

    monkeypatch.setattr(digests, "summary", failing)
    at_work(campus, MONDAY)
    assert (len(stories.digests(campus, rosa)), len(stories.digests(campus, other))) == (0, 1)


def test_the_profile_says_and_changes_how_often(client, campus, rosa):
    sign_in(client, campus, rosa)
    page = client.get("/profile")
    assert re.search(r'value="weekly"[^>]* checked', page.text)
    submit(client, "/profile", "/notifications/digest", rhythm="never")
    assert re.search(r'value="never"[^>]* checked', client.get("/profile").text)
    assert submit(client, "/profile", "/notifications/digest", rhythm="hourly").status_code == 422
    at_work(campus, MONDAY)
    assert stories.digests(campus, rosa) == []


def test_links_work_for_somebody_who_has_not_signed_in(client, campus, rosa):
    with clock.frozen(MONDAY - timedelta(hours=3)):
        _person, cohort = given_a_place(campus, rosa)
    at_work(campus, MONDAY)
    (sent,) = stories.digests(campus, rosa)
    (told,) = news_of(campus, rosa)
    links = re.findall(r"http://testserver(\S+)", sent.body_text)
    assert f"/notifications/{told.code}" in links
    answer = client.get(f"/notifications/{told.code}")
    assert answer.url.path == "/sign-in"
    answer = submit(client, f"{answer.url.path}?{answer.url.query.decode()}", "/sign-in", email=rosa.email, password=PASSWORD,
                    next=f"/notifications/{told.code}")  # fmt: skip
    assert answer.url.path == f"/learn/{cohort.code}"
    for link in links:
        assert client.get(link).status_code == 200, link


class Box:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(self, server, session, envelope):
        self.received.append(envelope.content)
        return "250 OK"


def test_a_mail_server_gets_text_and_html_and_the_way_to_end_it(campus, rosa):
    box = Box()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    campus.settings.mail_url = f"smtp://127.0.0.1:{server.port}"
    mail.connect(campus.hub, campus.settings)
    try:
        at_work(campus, MONDAY)
    finally:
        server.stop()
    message = message_from_bytes(box.received[0], policy=policy.default)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    raw = box.received[0].decode().replace("\r\n", "\n")
    assert re.search(r"^List-Unsubscribe: <http://testserver/notifications/unsubscribe/\S+>$", raw, re.M)
    assert "\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in raw
    html = message.get_body(("html",))
    assert html is not None
    assert "Map of actors" in html.get_content()


def unsubscribe_path(campus, person) -> str:
    return f"/notifications/unsubscribe/{choosing.token(campus.settings.secret, person.code)}"


def test_a_mail_program_ends_them_with_one_post(campus, rosa, visit):
    answer = visit().post(unsubscribe_path(campus, rosa), data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert answer.status_code == 200
    at_work(campus, MONDAY)
    assert stories.digests(campus, rosa) == []


def test_looking_at_the_link_changes_nothing_and_its_button_ends_them(campus, rosa, visit):
    browser = visit()
    page = browser.get(unsubscribe_path(campus, rosa))
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "No more summaries" in words(page)
    at_work(campus, MONDAY)
    assert len(stories.digests(campus, rosa)) == 1
    assert "You get no more summaries." in words(browser.post(unsubscribe_path(campus, rosa)))


def test_the_link_does_nothing_else_and_a_guess_leads_nowhere(campus, rosa, visit):
    browser, path = visit(), unsubscribe_path(campus, rosa)
    browser.post(path)
    assert browser.get("/profile", follow_redirects=False).status_code == 303
    for wrong in (
        path[:-1],
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        f"/notifications/unsubscribe/{rosa.code}",
        "/notifications/unsubscribe/-",
    ):
        assert browser.post(wrong).status_code == 404


def test_what_people_wrote_stays_text_in_html(campus):
    at_work(campus, MONDAY - timedelta(hours=2))
    person = reader(campus, with_work(campus, DUE, title="<script>alert(1)</script> & more"), given_name="<b>Rosa</b>")
    at_work(campus, MONDAY)
    (sent,) = stories.digests(campus, person)
    assert "<script>" not in sent.body_html
    assert "<b>Rosa" not in sent.body_html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in sent.body_html
    assert "<script>alert(1)</script> & more" in sent.body_text
