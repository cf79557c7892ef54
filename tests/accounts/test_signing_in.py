"""Getting in and out."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lms.accounts import zones
from lms.kernel import clock, sessions
from lms.kernel.sessions import SignIn
from tests.accounts.stories import PASSWORD, enter, link, mails, sign_in, somebody, submit, words


@pytest.mark.parametrize(
    ("role", "home"),
    [("trainee", "/today"), ("tutor", "/marking"), ("staff", "/staff"), ("administrator", "/staff"), ("reporter", "/reports")],
)
def test_each_role_begins_at_its_own_front_page(client, campus, role, home):
    somebody(campus, "ana@example.org", role, password=PASSWORD)
    client.follow_redirects = False
    answer = sign_in(client, " ANA@example.org ")
    assert (answer.status_code, answer.headers["location"]) == (303, home)


def test_after_signing_in_one_is_back_at_the_page_one_wanted(client, campus):
    somebody(campus, password=PASSWORD)
    answer = client.get("/profile")
    assert answer.url.path == "/sign-in"
    assert answer.url.params["next"] == "/profile"
    assert sign_in(client, "ana@example.org", next="/profile").url.path == "/profile"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(client, campus, target):
    somebody(campus, password=PASSWORD)
    client.follow_redirects = False
    assert sign_in(client, "ana@example.org", next=target).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(client, campus):
    somebody(campus, password=PASSWORD)
    wrong, unknown = sign_in(client, "ana@example.org", "not the password"), sign_in(client, "nobody@example.org", "not the password")
    assert wrong.status_code == unknown.status_code == 422
    assert "E-mail address or password is not right." in words(wrong)
    assert wrong.text.replace("ana@", "").split("csrf_token")[0] == unknown.text.replace("nobody@", "").split("csrf_token")[0]
    assert "not the password" not in wrong.text


def test_guessing_is_stopped_but_only_for_a_while_and_only_from_there(client, campus):
    somebody(campus, password=PASSWORD)
    for _try in range(10):
        assert sign_in(client, "ana@example.org", "a wrong guess").status_code == 422
    refused = sign_in(client, "ana@example.org")
    assert refused.status_code == 429
    assert "Too many attempts" in words(refused)
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert sign_in(client, "ana@example.org", next="/profile").url.path == "/profile"


def test_every_sign_in_gets_a_new_token_and_closes_the_old_one(client, campus):
    somebody(campus, password=PASSWORD)
    client.cookies.set("session", "chosen-by-an-attacker")
    client.cookies.clear()
    sign_in(client, "ana@example.org", next="/privacy")
    first = client.cookies["session"]
    client.follow_redirects = False
    token = submit(client, "/privacy", "/sign-in", email="ana@example.org", password=PASSWORD)
    assert token.status_code == 303
    assert "HttpOnly" in token.headers["set-cookie"]
    assert "SameSite=lax" in token.headers["set-cookie"]
    assert client.cookies["session"] != first
    with campus.database.reading() as session:
        assert sessions.find_session(session, first) is None


def test_signing_out_ends_the_session_on_the_server(client, campus):
    enter(client, campus)
    token = client.cookies["session"]
    submit(client, "/profile", "/sign-out")
    with campus.database.reading() as session:
        assert sessions.find_session(session, token) is None
    assert client.get("/profile").url.path == "/sign-in"


def test_signing_out_everywhere_ends_every_session(client, campus):
    me = enter(client, campus)
    with campus.database.transaction() as session:
        sessions.open_session(session, me.id or 0, 14)
    submit(client, "/profile", "/sign-out-everywhere")
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_an_address_nobody_confirmed_does_not_sign_in(client, campus):
    somebody(campus, password=PASSWORD, confirmed=False)
    answer = sign_in(client, "ana@example.org")
    assert answer.status_code == 422
    assert "confirm your e-mail address" in words(answer)


def test_a_person_reads_the_site_in_her_language_after_signing_in(client, campus):
    somebody(campus, password=PASSWORD, language="es")
    sign_in(client, "ana@example.org", next="/privacy")
    assert client.cookies["lang"] == "es"
    assert '<html lang="es"' in client.get("/privacy").text


def test_anybody_chooses_the_language_and_stays_on_the_page(client, campus):
    answer = client.get("/language/es?next=/join")
    assert answer.url.path == "/join"
    assert '<html lang="es"' in answer.text
    assert client.get("/language/tlh").status_code == 404


def test_joining_is_confirmed_by_mail_and_the_password_is_chosen_behind_the_link(client, campus):
    sent = submit(client, "/join", given_name="Hương", family_name="Nguyễn Thị", email="Huong@Example.org", country_code="VN")
    assert "huong@example.org" in sent.text
    path = link(mails(campus)[0])
    assert client.get(path).status_code == client.get(path).status_code == 200  # a mail scanner looks too
    done = submit(client, path, password=PASSWORD)
    assert done.status_code in (200, 404)  # the front page belongs to another plugin
    assert "Hương" in client.get("/profile").text
    assert client.get(path).status_code == 404


def test_joining_with_a_known_address_looks_the_same_and_tells_its_owner_alone(client, campus):
    somebody(campus, password=PASSWORD)
    known = submit(client, "/join", given_name="X", email="ana@example.org")
    fresh = submit(client, "/join", given_name="X", email="eva@example.org")
    assert known.text.replace("ana@", "") == fresh.text.replace("eva@", "")
    assert [(m.to, m.subject) for m in mails(campus)] == [
        ("ana@example.org", "You have an account already"), ("eva@example.org", "Confirm your e-mail address"),
    ]  # fmt: skip


def test_a_new_password_signs_out_every_other_browser_and_its_link_works_once(client, campus):
    person = somebody(campus, password="the old password")
    with campus.database.transaction() as session:
        stolen = sessions.open_session(session, person.id or 0, 14)
    submit(client, "/reset", email="ana@example.org")
    path = link(mails(campus)[0])
    assert submit(client, path, password="short").status_code == 422
    submit(client, path, password=PASSWORD)
    with campus.database.reading() as session:
        assert sessions.find_session(session, stolen) is None
    client.cookies.clear()
    assert client.get(path).status_code == 404
    assert sign_in(client, "ana@example.org", "the old password").status_code == 422
    assert sign_in(client, "ana@example.org", next="/profile").url.path == "/profile"


def test_a_link_for_a_new_password_is_too_old_after_two_hours(client, campus):
    somebody(campus, password=PASSWORD)
    submit(client, "/reset", email="ana@example.org")
    with clock.frozen(clock.now() + timedelta(hours=2, minutes=1)):
        assert client.get(link(mails(campus)[0])).status_code == 404


def test_nobody_is_told_whether_an_address_is_known_when_asking_for_a_password(client, campus):
    answer = submit(client, "/reset", email="nobody@example.org")
    assert answer.status_code == 200
    assert mails(campus) == []


def test_a_form_without_its_token_changes_nothing(client, campus):
    somebody(campus, password=PASSWORD)
    assert client.post("/sign-in", data={"email": "ana@example.org", "password": PASSWORD}).status_code == 403


def test_demo_sign_ins_are_shown_in_a_demo_only(client, campus):
    somebody(campus, "tutor@demo.example", "tutor", password="aula-sur-demo")
    assert "tutor@demo.example" not in client.get("/sign-in").text
    campus.settings.demo = True
    shown = client.get("/sign-in")
    assert "tutor@demo.example" in shown.text
    assert "aula-sur-demo" in shown.text


@pytest.mark.parametrize(
    ("country", "zone"), [("PE", "America/Lima"), ("BR", "America/Sao_Paulo"), ("BD", "Asia/Dhaka"), ("AQ", "UTC"), (None, "UTC")]
)
def test_the_country_says_which_clock_a_new_person_lives_by(country, zone):
    assert zones.of_country(country, "UTC") == zone


def test_who_makes_an_account_on_the_way_is_back_at_the_page_behind_the_mail(client, campus):
    assert "/join?next=/accessibility" in client.get("/sign-in?next=/accessibility").text
    submit(client, "/join?next=/accessibility", "/join", email="eva@example.org", given_name="Eva", next="/accessibility")
    path = link(mails(campus)[0])
    assert path.endswith("?next=/accessibility")
    page = client.get(path)
    assert 'name="next" value="/accessibility"' in page.text
    answer = submit(client, path, path.partition("?")[0], password=PASSWORD, next="/accessibility")
    assert answer.url.path == "/accessibility"


def test_the_mail_of_a_new_account_never_leads_to_another_site(client, campus):
    submit(client, "/join", email="eva@example.org", given_name="Eva", next="//evil.example/")
    assert "evil" not in mails(campus)[0].body_text
    client.follow_redirects = False
    path = link(mails(campus)[0]).partition("?")[0]
    assert submit(client, f"{path}?next=//evil.example/", path, password=PASSWORD, next="//evil.example/").headers["location"] == "/"


def test_a_password_counts_as_it_was_typed_with_the_spaces_around_it(client, campus):
    somebody(campus, password="the old password")
    submit(client, "/reset", email="ana@example.org")
    path = link(mails(campus)[0])
    submit(client, path, password=f" {PASSWORD} ")
    client.cookies.clear()
    assert sign_in(client, "ana@example.org", PASSWORD).status_code == 422
    assert sign_in(client, "ana@example.org", f" {PASSWORD} ", next="/profile").url.path == "/profile"


def test_a_shared_browser_forgets_what_it_showed(client, campus):
    somebody(campus, password=PASSWORD)
    sign_in(client, "ana@example.org")
    (token, *_rest) = re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/profile").text)
    answer = client.post("/sign-out", data={"csrf_token": token}, follow_redirects=False)
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
