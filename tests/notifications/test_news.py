"""What is new for somebody: kept once, in the transaction of what happened, and read in the reader's language."""

from datetime import timedelta

import pytest

from lms.accounts import erasing
from lms.certificates import issuing
from lms.enrollment import applying, enrolling
from lms.enrollment.events import Enrolled
from lms.kernel import clock, i18n
from lms.kernel.notices import in_words
from lms.kernel.permissions import SYSTEM
from lms.notifications import keeping
from tests.accounts.stories import submit
from tests.enrollment.stories import applied, calling_cohort, enrolments, self_cohort
from tests.factories import actor_of, make_cohort, make_person, sign_in
from tests.grading.stories import Class
from tests.notifications.stories import given_a_place, news_of
from tests.watching import counting, words


def said(campus, person) -> list[str]:
    return [in_words(told.kind, told.facts) for told in news_of(campus, person)]


def test_a_place_is_news_that_leads_to_the_course(client, campus):
    person, cohort = given_a_place(campus, title="Influencing policy")
    sign_in(client, campus, person)
    page = client.get("/notifications")
    assert "You have a place in “Influencing policy”. New" in words(page)
    (told,) = news_of(campus, person)
    answer = client.get(f"/notifications/{told.code}", follow_redirects=False)
    assert answer.headers["location"] == f"/learn/{cohort.code}"
    assert news_of(campus, person)[0].read_at is not None
    assert " New " not in words(client.get("/notifications"))


def test_what_somebody_did_is_no_news_to_her(campus):
    person, cohort = make_person(campus), self_cohort(campus)
    with campus.database.transaction() as session:
        enrolling.enrol_self(session, actor_of(campus, person), cohort)
    assert said(campus, person) == []


def test_an_accepted_application_is_one_piece_of_news_and_a_rejected_one_another(campus):
    cohort, lucky, other = calling_cohort(campus, title="Next course"), make_person(campus), make_person(campus)
    first, second = applied(campus, cohort, lucky), applied(campus, cohort, other)
    with campus.database.transaction() as session:
        applying.sort(session, SYSTEM, first.id or 0, "waitlisted")
        applying.accept(session, SYSTEM, first.id or 0)
        applying.reject(session, SYSTEM, second.id or 0)
    assert said(campus, lucky) == ["You have a place in “Next course”."]
    assert said(campus, other) == ["Your application to “Next course” was not accepted."]


def test_a_place_that_is_lost_and_given_again_is_told_each_time(campus):
    person, cohort = given_a_place(campus, title="A")
    (enrolment,) = enrolments(campus, cohort)
    with campus.database.transaction() as session:
        enrolling.withdraw(session, SYSTEM, enrolment.id or 0)
        enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
    assert said(campus, person) == ["You have a place in “A”.", "You no longer have a place in “A”.", "You have a place in “A”."]


def test_work_that_came_back_and_a_changed_grade(client, campus):
    room = Class(campus)
    tutor, rosa = room.tutor(), room.trainee()
    submission = room.hand_in(rosa)
    grade = room.mark(tutor, submission, 16)
    assert not [told for told in news_of(campus, rosa) if told.kind.startswith("grading")]
    room.release(tutor)
    room.mark(tutor, submission, "17.5", version=grade.version + 1)
    assert said(campus, rosa)[1:] == [
        "Your work for “Map of actors” is marked: 16 of 20 points.", "Your grade for “Map of actors” has changed: 17.5 of 20 points.",
    ]  # fmt: skip
    with i18n.using("es"):
        assert "17,5" in said(campus, rosa)[2] or "17.5" in said(campus, rosa)[2]
    assert news_of(campus, rosa)[1].url == f"{room.url}#returned"


def test_a_certificate_is_news_and_so_is_its_end(campus):
    cohort, person = make_cohort(campus, title="A"), make_person(campus)
    with campus.database.transaction() as session:
        enrolment = enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
        enrolling.complete(session, SYSTEM, enrolment.id or 0)
    with campus.database.transaction() as session:
        certificate = issuing.issue(session, SYSTEM, enrolment.id or 0)
        issuing.revoke(session, SYSTEM, certificate.serial, "A mistake.")
    assert said(campus, person)[1:] == ["Your certificate for “A” is there.", "Your certificate for “A” is not valid any more."]


def test_the_same_happening_is_kept_once(campus):
    person, cohort = given_a_place(campus)
    (enrolment,) = enrolments(campus, cohort)
    with campus.database.transaction() as session:
        session.emit(Enrolled(enrolment.id or 0, person.id or 0, cohort.id or 0))
    assert len(news_of(campus, person)) == 1


def test_what_is_rolled_back_is_no_news(campus):
    person, cohort = make_person(campus), make_cohort(campus)

    def enrol_and_fail() -> None:
        with campus.database.transaction() as session:
            enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        enrol_and_fail()
    assert news_of(campus, person) == []


def test_the_news_of_others_is_not_open(client, campus):
    person, _cohort = given_a_place(campus)
    (told,) = news_of(campus, person)
    sign_in(client, campus, make_person(campus))
    assert client.get(f"/notifications/{told.code}").status_code == 404
    assert "Nothing new yet" in words(client.get("/notifications"))
    submit(client, "/profile", "/notifications/read")
    assert news_of(campus, person)[0].read_at is None


def test_everything_is_marked_as_read_at_once(client, campus):
    person = make_person(campus)
    for _ in range(3):
        given_a_place(campus, person)
    sign_in(client, campus, person)
    submit(client, "/notifications", "/notifications/read")
    assert all(told.read_at for told in news_of(campus, person))
    assert "Mark all as read" not in words(client.get("/notifications"))


def test_pages_of_news_show_each_once_and_cost_the_same(client, campus, monkeypatch):
    monkeypatch.setattr("lms.notifications.queries.news_of.__defaults__", ("", 2))
    person = make_person(campus)
    at = clock.now()
    with clock.frozen(at):  # several at the same instant
        titles = [given_a_place(campus, person, title=f"Course {number}")[1].title for number in range(5)]
    sign_in(client, campus, person)
    seen, url, costs = [], "/notifications", []
    with counting(campus) as statements:
        while url:
            statements.clear()
            page = client.get(url)
            costs.append(len(statements))
            seen += [title for title in titles if title in page.text]
            found = page.text.partition('rel="next" href="')[2].partition('"')[0]
            url = found.replace("&amp;", "&")
    assert seen == sorted(titles, reverse=True) or sorted(seen) == sorted(titles)
    assert len(seen) == 5
    assert len(costs) == 3
    assert len(set(costs)) == 1


def test_today_shows_three_that_are_not_read(client, campus):
    person = make_person(campus)
    sign_in(client, campus, person)
    assert "New for you" not in words(client.get("/today"))
    for number in range(4):
        given_a_place(campus, person, title=f"Course {number}")
    page = words(client.get("/today"))
    assert page.count("You have a place in") == 3
    assert "All that is new" in page
    submit(client, "/notifications", "/notifications/read")
    assert "New for you" not in words(client.get("/today"))


def test_the_page_of_today_asks_no_more_than_before(client, campus):
    person, _cohort = given_a_place(campus)
    sign_in(client, campus, person)
    client.get("/today")
    with counting(campus) as statements:
        client.get("/today")
    assert len(statements) == 8


def test_news_of_half_a_year_ago_is_forgotten(campus):
    with clock.frozen(clock.now() - timedelta(days=181)):
        person, _cohort = given_a_place(campus, days=400)
    given_a_place(campus, person)
    with campus.database.transaction() as session:
        assert keeping.forget_before(session, clock.now() - keeping.KEPT) == {"news": 1, "turns": 0}
    assert len(news_of(campus, person)) == 1


def test_a_kind_of_a_plugin_that_is_gone_is_still_readable():
    assert in_words("orchard.ripe", {"pear": "Comice"}) == "Something is new here."
    assert in_words("enrollment.place", {"other": "fact"}) == "Something is new here."
    assert in_words("enrollment.place", {"cohort": "{a} %s <b>"}) == "You have a place in “{a} %s <b>”."


def test_what_is_kept_can_be_taken_along_and_forgotten(client, campus):
    person, _cohort = given_a_place(campus, title="Influencing policy")
    sign_in(client, campus, person)
    submit(client, "/profile", "/notifications/digest", rhythm="daily")
    mine = client.get("/profile/data").json()["data"]["notifications"]
    assert mine["news"][0]["facts"] == {"cohort": "Influencing policy"}
    assert mine["summary"]["rhythm"] == "daily"
    erasers = [plugin.personal_data.erase for plugin in campus.plugins if plugin.personal_data and plugin.personal_data.erase]
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, person.id or 0, erasers)
    assert news_of(campus, person) == []
