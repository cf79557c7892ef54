"""Pages: forms that come back as typed, messages shown once, links that stay on the site, panels and navigation of plugins."""

import base64
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from fastapi import Request
from pydantic import BaseModel, Field, field_validator
from starlette.datastructures import FormData, UploadFile
from starlette.responses import PlainTextResponse, Response

from lms.kernel import i18n, templates
from lms.kernel.campus import Campus
from lms.kernel.errors import Invalid
from lms.kernel.permissions import PUBLIC, SIGNED_IN, Permission
from lms.kernel.web import Form, FormInput, Me, Read, Router, Write, local_url, page, panels, read_form, redirect, redisplay
from lms.plugin import NavItem, Panel, Plugins, Slot
from tests.factories import make_person, sign_in
from tests.kernel.probe import browse, embedded_campus, send, with_pages

pages = Router()
TEMPLATES = {
    "form.html": '{% for n, e in errors.items() %}{{ n }}: {{ e }};{% endfor %}<input name="title" value="{{ form.get("title") }}">',
    "panel.html": "<p>{{ text }} {{ me.name if me else 'nobody' }}</p>",
    "here.html": "{% for panel in panels %}{{ panel }}{% endfor %}|{% for i in nav('place', code='X') %}{{ i.label }}={{ i.url }}"
    "{{ '*' if i.current }};{% endfor %}|{% for kind, text in flash_messages %}{{ kind }}:{{ text }}{% endfor %}",
}


class Draft(BaseModel):
    """What the form of the probe takes."""

    title: str = Field(min_length=3)

    @field_validator("title")
    @classmethod
    def _no_shouting(cls, value: str) -> str:
        if value.isupper():
            raise ValueError("Please write in small letters.")
        return value


@pages.post("/probe/draft", permission=PUBLIC)
def draft(request: Request, session: Write, form: Form) -> Response:
    """A form with one field."""
    with redisplay(request, "probe/form.html", form):
        given = read_form(Draft, form)
    return redirect(request, "/probe/here", f"Saved <{given.title}>.")


@pages.get("/probe/here", permission=PUBLIC)
def here(request: Request, session: Read) -> Response:
    """Panels, links and messages."""
    return page(request, "probe/here.html", panels=panels(request, session, "place", 7))


@pages.get("/probe/go", permission=PUBLIC)
def go(request: Request, to: str) -> Response:
    """Lead somewhere."""
    return redirect(request, to)


@pages.get("/probe/staff", permission="probe.dig")
def staff_only(me: Me) -> Response:
    """For some."""
    return PlainTextResponse("dug")


def shown(session: Any, actor: Any, subject: Any) -> Panel:
    return Panel("probe/panel.html", {"text": f"<{subject}>"})


def nothing(session: Any, actor: Any, subject: Any) -> None:
    return None


@pytest.fixture
def probe(tmp_path: Path, migrated_sqlite: Path, plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> Iterator[Campus]:
    folder = tmp_path / "templates"
    folder.mkdir()
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(templates, "_plugin_folders", {})
    i18n.register_templates("probe", folder)
    campus = embedded_campus(tmp_path, migrated_sqlite, plugins)
    yield with_pages(
        campus,
        pages,
        permissions=(Permission("probe.dig", "Dig", ("staff",)),),
        slots=(
            Slot("place", shown, PUBLIC, weight=60),
            Slot("place", lambda session, actor, subject: Panel("probe/panel.html", {"text": "first"}), PUBLIC, weight=10),
            Slot("place", nothing, PUBLIC),
            Slot("place", shown, "probe.dig", weight=70),
            Slot("elsewhere", shown, PUBLIC),
        ),
        navigation=(
            NavItem("place", "Dig", "/probe/{code}/dig", "probe.dig", 5),
            NavItem("place", "Here", "/probe/here", PUBLIC, 20),
            NavItem("place", "Mine", "/probe/mine", SIGNED_IN, 10),
        ),
    )
    campus.close()
    monkeypatch.undo()
    i18n.forget()


def test_a_form_that_is_refused_comes_back_as_typed_with_the_reason(probe: Campus) -> None:
    with browse(probe) as browser:
        answer = send(probe, browser, "/probe/draft", title='"><B>SHOUT')
        assert (answer.status_code, answer.text) == (
            422,
            'title: Please write in small letters.;<input name="title" value="&#34;&gt;&lt;B&gt;SHOUT">',
        )
        assert "title: Please fill this in." in send(probe, browser, "/probe/draft").text


def test_a_message_is_shown_once_on_the_next_page_and_escaped(probe: Campus) -> None:
    with browse(probe) as browser:
        answer = send(probe, browser, "/probe/draft", title="a pear")
        assert (answer.status_code, answer.headers["location"]) == (303, "/probe/here")
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert browser.get("/probe/here").text.endswith("|ok:Saved &lt;a pear&gt;.")
        assert browser.get("/probe/here").text.endswith("|")


@pytest.mark.parametrize("value", [1, [], [1, 2, 3], None, {"a": 1}, "ab", ["<b>", {"x": 1}]])
def test_a_message_that_we_did_not_write_breaks_nothing(probe: Campus, value: Any) -> None:
    cookie = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    answer = browse(probe).get("/probe/here", headers={"cookie": f"flash={cookie}"})
    assert answer.status_code == 200
    assert "<b>" not in answer.text


AWAY = (
    "https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r\n/evil.example", " //evil.example", "javascript:alert(1)", "evil.example", "", "/\u2028/evil.example",
)  # fmt: skip


@pytest.mark.parametrize("url", AWAY)
def test_no_link_leads_off_the_site(probe: Campus, url: str) -> None:
    assert local_url(url) == "/"
    answer = browse(probe).get("/probe/go", params={"to": url})
    assert answer.headers.get("location") == "/" or answer.status_code == 404


@pytest.mark.parametrize("url", ["/", "/courses/X?week=2#top", "/a//b", "/cohorts/PERÚ"])
def test_links_on_the_site_are_kept(url: str) -> None:
    assert local_url(url) == url


def test_signing_in_leads_back_to_the_whole_address_and_nowhere_else(probe: Campus) -> None:
    browser = browse(probe)
    asked = browser.get("/profile?from=a%26b&x=1")
    assert asked.headers["location"] == "/sign-in?next=/profile%3Ffrom%3Da%2526b%26x%3D1"
    form = browser.get(asked.headers["location"])
    assert 'value="/profile?from=a%26b&amp;x=1"' in form.text


def test_a_page_of_a_permission_is_closed_to_others_and_asks_strangers_to_sign_in(probe: Campus) -> None:
    staff, trainee = (sign_in(browse(probe), probe, make_person(probe, role)) for role in ("staff", "trainee"))
    assert [b.get("/probe/staff").status_code for b in (staff, trainee, browse(probe))] == [200, 403, 303]
    assert browse(probe).get("/probe/staff", headers={"accept": "application/json"}).status_code == 401


def test_panels_of_a_place_come_in_order_to_those_who_may_see_them(probe: Campus) -> None:
    staff = sign_in(browse(probe), probe, make_person(probe, "staff", given_name="Ana", family_name="Rojas"))
    assert browse(probe).get("/probe/here").text.partition("|")[0] == "<p>first nobody</p><p>&lt;7&gt; nobody</p>"
    assert staff.get("/probe/here").text.count("Ana Rojas") == 3


def test_navigation_shows_what_is_open_to_the_person_and_where_one_is(probe: Campus) -> None:
    staff, trainee = (sign_in(browse(probe), probe, make_person(probe, role)) for role in ("staff", "trainee"))
    shown = [b.get("/probe/here").text.split("|")[1] for b in (staff, trainee, browse(probe))]
    assert shown == ["Dig=/probe/X/dig;Mine=/probe/mine;Here=/probe/here*;", "Mine=/probe/mine;Here=/probe/here*;", "Here=/probe/here*;"]


class Colour(StrEnum):
    """Two."""

    red = "red"
    blue = "blue"


class Everything(BaseModel):
    """One field of every kind."""

    title: str = Field(default="none", max_length=5)
    seats: Annotated[int, Field(ge=1, le=9)] | None = None
    points: Decimal | None = None
    starts: date | None = None
    colour: Colour | None = None
    state: Literal["on", "off"] = "on"
    tags: list[str] = Field(default_factory=list)
    agreed: bool = False


def test_a_form_becomes_typed_values_and_blanks_count_as_not_sent() -> None:
    form = FormInput(FormData([("title", "  "), ("seats", " 3 "), ("points", "2.5"), ("starts", "2026-03-31"), ("colour", "red"),
                               ("tags", "a"), ("tags", "b"), ("agreed", "on"), ("unknown", "x")]))  # fmt: skip
    given = read_form(Everything, form)
    assert given == Everything(
        title="none", seats=3, points=Decimal("2.5"), starts=date(2026, 3, 31), colour=Colour.red, tags=["a", "b"], agreed=True
    )
    assert read_form(Everything, FormInput({})) == Everything()


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("title", "too long", "At most 5 characters."),
        ("seats", "three", "Please write a whole number."),
        ("seats", "2.5", "Please write a whole number."),
        ("seats", "0", "At least 1."),
        ("seats", "10", "At most 9."),
        ("points", "much", "Please write a number."),
        ("starts", "31/03/2026", "Please write a date as year-month-day, for example 2026-03-31."),
        ("starts", "2026-02-31", "Please write a date as year-month-day, for example 2026-03-31."),
        ("colour", "green", "Please choose one of the options."),
        ("state", "maybe", "Please choose one of the options."),
        ("agreed", "perhaps", "This is not understood."),
    ],
)
def test_every_mistake_has_a_sentence_that_a_person_understands(field: str, text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_form(Everything, FormInput({field: text}))
    assert refusal.value.errors == {field: sentence}


def test_a_form_tells_files_from_texts() -> None:
    form = FormInput(FormData([("f", UploadFile(b"", filename="")), ("f", UploadFile(b"", filename="a.pdf")), ("t", "x")]))  # type: ignore[arg-type]
    assert [file.filename for file in form.files("f")] == ["a.pdf"]
    assert (form.get("f"), form.get("t"), form.get("none", "-"), form.getlist("f"), "t" in form) == ("", "x", "-", [], True)
    assert FormInput({"seats": None}).get("seats") == ""
    assert FormInput({}).files("f") == []


def test_a_route_without_a_permission_cannot_even_be_written() -> None:
    with pytest.raises(TypeError):
        Router().get("/open")(here)  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError, match="declares no permission"):
        Router().add_api_route("/open", here)
