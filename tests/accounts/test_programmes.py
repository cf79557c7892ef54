"""The programme's own page: what it is called, who signs, its languages and its logo."""

import io

import pytest
from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from lms.accounts import programmes
from lms.accounts.models import Programme
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Forbidden, Invalid
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import StoredFile
from tests.accounts.stories import submit, words
from tests.factories import actor_of, make_person, sign_in


def picture(kind: str = "PNG", size: tuple[int, int] = (1800, 600), colour: tuple[int, ...] = (11, 93, 87, 128)) -> bytes:
    made = io.BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(made, kind)
    return made.getvalue()


def the_programme(campus) -> Programme:
    with campus.database.reading() as session:
        return session.scalars(select(Programme).order_by(col(Programme.id))).first()


def second_programme(campus) -> Programme:
    with campus.database.transaction() as session:
        return session.add(Programme(code="NORTH", name="Northern Lights", languages=["en"]))


def test_staff_change_what_the_programme_is_called_and_who_signs(client, campus):
    sign_in(client, campus, make_person(campus, "staff"))
    assert "Programmes" not in words(client.get("/staff/programme"))  # one alone is never spoken of as several
    answer = submit(
        client, "/staff/programme", "/staff/programme/main", name="  Spaces   for Engagement ", code="SFE", signatory="Ana Rojas, Director",
        languages=["en", "es"],
    )  # fmt: skip
    assert answer.url.path == "/staff/programme/SFE"
    saved = the_programme(campus)
    assert (saved.name, saved.code, saved.signatory, saved.languages) == (
        "Spaces for Engagement",
        "SFE",
        "Ana Rojas, Director",
        ["en", "es"],
    )
    with campus.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "programme.changed")).one()
    assert (entry.after["name"], entry.after["signatory"]) == ("Spaces for Engagement", "(changed)")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("name", "", "Please fill this in."), ("code", "a b", "Letters, digits and hyphens"), ("languages", [], "Please choose at least one."),
     ("languages", ["xx"], "Please choose at least one.")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_the_rest_stays_as_typed(client, campus, field, value, sentence):
    sign_in(client, campus, make_person(campus, "staff"))
    typed = {"name": "Spaces", "code": "SFE", "signatory": "Somebody", "languages": ["en"], field: value}
    answer = submit(client, "/staff/programme", "/staff/programme/main", **typed)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert 'value="Somebody"' in answer.text
    assert the_programme(campus).name == "Aula Sur"


def test_two_programmes_never_share_a_code(client, campus):
    second_programme(campus)
    sign_in(client, campus, make_person(campus, "staff"))
    answer = submit(client, "/staff/programme/main", name="Other", code="NORTH", languages=["en"])
    assert answer.status_code == 422
    assert "This code is taken." in words(answer)
    assert (the_programme(campus).code, the_programme(campus).name) == ("main", "Aula Sur")


def test_a_logo_is_drawn_anew_smaller_and_keeps_its_transparency(client, campus):
    sign_in(client, campus, make_person(campus, "staff"))
    upload = picture() + b"<script>hidden behind the picture</script>"
    submit(client, "/staff/programme", "/staff/programme/main/logo", files={"logo": ("logo.png", upload, "image/png")})
    stored = client.get("/staff/programme/main/logo")
    assert stored.headers["content-type"] == "image/png"
    assert b"<script>" not in stored.content
    drawn = Image.open(io.BytesIO(stored.content))
    assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGBA", (600, 200))
    first = the_programme(campus).logo_file_id
    submit(client, "/staff/programme", "/staff/programme/main/logo", remove="1")
    assert client.get("/staff/programme/main/logo").status_code == 404
    with campus.database.reading() as session:  # certificates that bear it can still be drawn
        assert session.get(StoredFile, first) is not None


@pytest.mark.parametrize("upload", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused(client, campus, upload):
    sign_in(client, campus, make_person(campus, "staff"))
    answer = submit(client, "/staff/programme", "/staff/programme/main/logo", files={"logo": ("logo.png", upload, "image/png")})
    assert answer.status_code == 422
    assert 'value="Aula Sur"' in answer.text
    assert the_programme(campus).logo_file_id is None


def test_staff_of_one_programme_do_not_see_the_other(client, campus):
    other = second_programme(campus)
    sign_in(client, campus, make_person(campus, "staff", scope=("programme", other.id or 0)))
    assert "Northern Lights" in words(client.get("/staff/programme"))
    assert client.get("/staff/programme/main").status_code == 404
    assert submit(client, "/staff/programme", "/staff/programme/main", name="Mine", code="X", languages=["en"]).status_code == 404
    assert submit(client, "/staff/programme", "/staff/programme/main/logo", remove="1").status_code == 404


def test_who_looks_after_several_chooses(client, campus):
    second_programme(campus)
    sign_in(client, campus, make_person(campus, "administrator"))
    shown = client.get("/staff/programme")
    assert "Northern Lights" in words(shown)
    assert "/staff/programme/main" in shown.text


def test_tutors_and_trainees_change_no_programme(client, campus):
    person = make_person(campus, "tutor", "trainee", "reporter")
    sign_in(client, campus, person)
    assert client.get("/staff/programme").status_code == 403
    with pytest.raises(Forbidden), campus.database.transaction() as session:
        programmes.save(
            session, actor_of(campus, person), the_programme(campus).id or 0, code="X", name="X", signatory="", languages=["en"]
        )
    with pytest.raises(Invalid), campus.database.transaction() as session:
        programmes.save(session, SYSTEM, the_programme(campus).id or 0, code="not a code", name="X", signatory="", languages=["en"])
