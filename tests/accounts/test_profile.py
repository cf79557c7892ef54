"""What people do with their own data."""

import io
import json

from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from lms.accounts import people
from lms.accounts.models import Account, Person
from lms.kernel.audit import AuditEntry
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import PASSWORD, enter, sign_in, somebody, submit, words


def test_a_person_corrects_her_name_and_keeps_what_she_typed_when_something_is_wrong(client, campus):
    enter(client, campus)
    wrong = submit(client, "/profile", given_name="María José", timezone="Mars/Base", language="es")
    assert wrong.status_code == 422
    assert "María José" in wrong.text
    submit(client, "/profile", given_name="María José", family_name="Núñez", certificate_name="Dra. M. J. Núñez", country_code="PE",
           organisation="Grupo Sur", organisation_type="think_tank", timezone="America/Lima", language="es")  # fmt: skip
    shown = client.get("/profile")
    assert 'value="Dra. M. J. Núñez"' in shown.text
    assert 'value="Grupo Sur"' in shown.text
    assert '<html lang="es"' in shown.text


def test_a_photo_is_drawn_anew_so_that_its_file_tells_nothing_else(client, campus):
    me = enter(client, campus)
    upload = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (900, 600), "teal").save(upload, "JPEG", exif=exif)
    submit(client, "/profile", "/profile/photo", files={"photo": ("x.jpg", upload.getvalue(), "image/jpeg")})
    stored = client.get(f"/people/{me.code}/photo").content
    assert b"taken at home" not in stored
    assert (Image.open(io.BytesIO(stored)).size, len(stored) < 10_000) == ((192, 192), True)
    submit(client, "/profile", "/profile/photo", remove="1")
    assert client.get(f"/people/{me.code}/photo").status_code == 404


def test_a_file_that_is_no_picture_is_refused_with_a_sentence(client, campus):
    enter(client, campus)
    answer = submit(client, "/profile", "/profile/photo", files={"photo": ("x.jpg", b"<script>alert(1)</script>", "image/jpeg")})
    assert answer.status_code == 422
    assert "not a picture" in words(answer)


def test_changing_the_password_asks_for_the_present_one(client, campus):
    enter(client, campus)
    assert submit(client, "/profile", "/profile/password", current="wrong", password="another long sentence").status_code == 422
    before = client.cookies["session"]
    submit(client, "/profile", "/profile/password", current=PASSWORD, password="another long sentence")
    assert client.cookies["session"] != before
    client.cookies.clear()
    assert sign_in(client, "me@example.org").status_code == 422
    assert sign_in(client, "me@example.org", "another long sentence", next="/profile").url.path == "/profile"


def test_everything_kept_about_a_person_can_be_downloaded_without_secrets(client, campus):
    enter(client, campus, "trainee")
    answer = client.get("/profile/data")
    assert "attachment" in answer.headers["content-disposition"]
    mine = json.loads(answer.text)["data"]["accounts"]
    assert mine["person"]["email"] == "me@example.org"
    assert mine["roles"][0]["role"] == "trainee"
    assert "argon2" not in answer.text
    assert "token" not in answer.text


def test_who_asks_to_be_forgotten_becomes_anonymous_and_still_counts(client, campus):
    person = somebody(campus, "ana@example.org", "trainee", password=PASSWORD, country_code="PE", gender="female")
    submit(client, "/reset", email="ana@example.org")  # leaves a mail behind
    sign_in(client, "ana@example.org", next="/profile")
    submit(client, "/profile", "/profile/erasure")
    assert "You asked us to delete your data" in words(client.get("/profile"))
    client.cookies.clear()
    enter(client, campus, "administrator")
    assert "Ana Rojas" in words(client.get("/staff/erasure"))
    submit(client, "/staff/erasure", f"/staff/people/{person.code}/erase")
    with campus.database.reading() as session:
        kept = session.one(Person, person.id)
        assert (kept.name, kept.email, kept.country_code, kept.gender) == ("Erased person", None, "PE", "female")
        assert session.get(Account, person.id) is None
        assert session.scalars(select(OutboxMessage).where(col(OutboxMessage.to) == "ana@example.org")).all() == []
        everything = str([entry.model_dump() for entry in session.scalars(select(AuditEntry))])
    assert "ana@example.org" not in everything
    assert "Rojas" not in everything
    assert client.get(f"/staff/people/{person.code}").status_code == 404
    client.cookies.clear()
    assert sign_in(client, "ana@example.org").status_code == 422


def test_a_wish_to_be_forgotten_can_be_taken_back(client, campus):
    enter(client, campus)
    submit(client, "/profile", "/profile/erasure")
    submit(client, "/profile", "/profile/erasure", take_back="1")
    assert "You asked us to delete your data" not in words(client.get("/profile"))


def test_names_and_addresses_stay_out_of_the_log_that_cannot_be_changed(campus):
    person = somebody(campus)
    with campus.database.transaction() as session:
        people.save(session, SYSTEM, person.id or 0, given_name="Eva", country_code="PE")
        entry = session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "person.changed")).one()
        assert entry.after == {"given_name": "(changed)", "country_code": "PE"}


def test_people_without_a_role_see_no_page_of_staff(client, campus):
    enter(client, campus, "trainee")
    for path in ("/staff/people", "/staff/people/new", "/staff/erasure", "/staff/audit", "/staff/mail"):
        assert client.get(path).status_code == 403
    client.cookies.clear()
    assert client.get("/staff/people").url.path == "/sign-in"


def test_a_zone_under_its_former_name_stays_chosen(client, campus):
    me = enter(client, campus)
    with campus.database.transaction() as session:
        session.lock(Person, me.id).timezone = "Asia/Calcutta"
    page = client.get("/profile").text
    assert "<option selected>Asia/Calcutta</option>" in page
    assert "<option>Asia/Kolkata</option>" in page
    assert "<option>Asia/Katmandu</option>" not in page, "its former name"
