"""Files made to do harm, sent at every door that takes files: refused or kept as dead bytes, at a bounded cost."""

import re
import resource
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import delete, select

from lms.accounts.models import Programme
from lms.grading.models import Assignment
from lms.kernel.sessions import RateLimit
from lms.kernel.storage import KEY, SAFE_TYPES, StoredFile, download
from lms.plugin import Plugins, discover
from tests.api.programs import Program
from tests.security import attacks, objects
from tests.security.world import Visitor, World, build

pytestmark = pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
SENDERS = ("administrator", "own trainee", "nobody")
LONGEST = 10.0
"""Seconds that any answer may take, on a busy machine."""
MEMORY = 400
"""Megabytes that the process may grow by while all of it comes in. Making the files takes some of them."""
Door = tuple[Visitor, str]
"""Who sends, and the page on which the form stands."""
KINDS = "pdf txt csv png jpg gif zip xlsx docx html svg xml json php"


class Doors(HTMLParser):
    """The forms of a page that take files: their addresses, and what they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self._action, self._files, self._fields = "", [""], {"": ""}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a field of it."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action, self._files, self._fields = given.get("action", ""), [], {}
        elif tag == "input" and given.get("type") == "file":
            self._files.append(given["name"])
        elif (
            tag in ("input", "button")
            and given.get("name", "remove") != "remove"
            and (given.get("type") not in ("radio", "checkbox") or "checked" in given)
        ):
            self._fields[given["name"]] = given.get("value", "")
        elif tag == "input" and given.get("type") == "radio":
            self._fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Keep a form that takes files."""
        if tag == "form":
            self.found += [(self._action, name, dict(self._fields)) for name in self._files]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The suite's own plugins; imports take files too."""
    return discover(["accounts", "courses", "enrollment", "grading", "certificates", "reports", "imports"])


@pytest.fixture
def world(campus) -> World:
    """The campus with two of everything, whose assignment takes every kind of file."""
    made, other = build(campus)
    objects.add(made, other)
    with campus.database.transaction() as session:
        for assignment in session.scalars(select(Assignment)):
            assignment.file_types, assignment.max_files, assignment.max_file_mb = KINDS, 10, 8
    return made


@pytest.fixture
def doors(world, app, visit) -> dict[str, Door]:
    """Every form of the site that takes a file, found by looking at all its pages."""
    found: dict[str, Door] = {}
    for name in SENDERS:
        visitor = world.browser(name, visit())
        for route in app.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.startswith("/api/"):
                address = world.path(route.path)
                for asked in (address, f"{address}?type=file") if route.path.endswith("/activities/new") else (address,):
                    answer = visitor.get(asked)
                    if answer.headers.get("content-type", "").startswith("text/html"):
                        for action, _field, _others in forms(answer.text):
                            found.setdefault(action, (visitor, asked))
    return found


def forms(text: str) -> list[tuple[str, str, dict[str, str]]]:
    """The forms of a page that take files: address, file field, other fields."""
    parser = Doors()
    parser.feed(text)
    return parser.found


def send(door: Door, action: str, name: str, content: bytes) -> Any:
    """Send a file from a page just opened, with the kind that its ending would have in a careless browser."""
    visitor, page = door
    with visitor.campus.database.transaction() as session:
        session.execute(delete(RateLimit))  # which would keep most files out: this is about what comes through
    field, others = next((field, others) for at, field, others in forms(visitor.get(page).text) if at == action)
    kind = {"html": "text/html", "svg": "image/svg+xml", "xml": "text/xml"}.get(name.rpartition(".")[2], "image/png")
    given = {**others, "title": "A file", "completion": "viewed", "type": "file", "then": "save"}
    began = time.monotonic()
    answer = visitor.browser.post(action, data=given, files={field: (name, content, kind)}, follow_redirects=False)
    took = time.monotonic() - began
    assert answer.status_code < 500, f"{action}: {name} -> {answer.status_code}"
    assert took < LONGEST, f"{action}: {name} took {took:.1f} s"
    return answer


def grown(before: int) -> float:
    """Megabytes by which the process has grown."""
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def test_every_door_that_takes_files_is_known(doors):
    """A new one is tried by the tests below without a word; this list makes somebody think of it."""
    kinds = {re.sub(r"/[A-Z0-9-]*\d[\w-]*", "/…", action) for action in doors}
    assert kinds == {
        "/profile/photo", "/staff/programme/main/logo", "/verify", "/learn/…/…/submission", "/staff/modules/…/activities/new",
        "/staff/imports/new", "/staff/activities/…/pictures",
    }  # fmt: skip


def test_files_made_to_do_harm_are_refused_or_kept_dead_at_every_door(world, doors):
    # Making them takes memory too: once before.
    files = [*attacks.harmful(), *attacks.given()]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for action, door in doors.items():
        for name, content in files:
            if len(content) < 3 * attacks.MB or "/verify" not in action:
                send(door, action, name, content)
    assert grown(before) < MEMORY
    assert_dead(world)


def test_names_made_to_do_harm_become_harmless_at_every_door(world, doors):
    for action, door in doors.items():
        for name, content in attacks.named():
            answer = send(door, action, name, content)
            assert "stolen" not in answer.headers
    kept = assert_dead(world)
    assert len(kept) > 10


def test_the_same_files_do_no_harm_through_the_api(world, campus, visit):
    program = Program(visit(), campus, world.people["own trainee"])
    assignment = program.items("/assignments", cohort=world.cohort.code)[0]
    for name, content in (*attacks.named(), *attacks.harmful()):
        began = time.monotonic()
        files = [("files", (name, content, "text/html"))]
        answer = program.post("/submissions", data={"assignment": assignment["id"], "text": name[:20]}, files=files)
        assert answer.status_code in (201, 422), f"{name} -> {answer.status_code}"
        assert time.monotonic() - began < LONGEST
    assert len(assert_dead(world)) > 10


def assert_dead(world: World) -> list[StoredFile]:
    """Everything that was kept is served as something to keep, under a harmless name, and can run nowhere."""
    with world.campus.database.reading() as session:
        kept = list(session.scalars(select(StoredFile)))
    for file in kept:
        assert not re.search(r'[/\\\x00-\x1f<>:"|?*%\u202e]', file.name), file.name
        assert 0 < len(file.name) <= 120
        assert KEY.fullmatch(file.key)
        answer = download(world.campus.storage, file)
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox"
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in SAFE_TYPES or kind == "application/octet-stream"
        assert kind not in ("text/html", "image/svg+xml", "text/xml", "application/xml")
    folder = world.campus.settings.data_dir / "files"
    assert all(KEY.fullmatch(path.name) for path in folder.rglob("*") if path.is_file())
    return kept


def test_a_picture_is_drawn_anew_and_keeps_nothing_of_what_was_sent(world, doors, campus):
    """Neither code behind the pixels nor where and by whom it was taken."""
    import io

    from PIL import Image

    picture = Image.new("RGB", (64, 64), "teal")
    exif = Image.Exif()
    exif[0x010E], exif[0x8825] = "<?php phpinfo(); ?>", {1: "S", 2: (12.0, 3.0, 0.0)}
    raw = io.BytesIO()
    picture.save(raw, "JPEG", exif=exif)
    send(doors["/profile/photo"], "/profile/photo", "me.jpg", raw.getvalue() + attacks.SCRIPT)
    send(doors["/staff/programme/main/logo"], "/staff/programme/main/logo", "logo.jpg", raw.getvalue() + attacks.SCRIPT)
    with campus.database.reading() as session:
        person = world.people["administrator"]
        photo = session.one(StoredFile, session.one(type(person), person.id).photo_file_id)
        logo = session.one(StoredFile, session.scalars(select(Programme).where(Programme.code == "main")).one().logo_file_id)  # type: ignore[arg-type]
    for file in (photo, logo):
        with campus.storage.open(file.key) as stream:
            content = stream.read()
        assert b"php" not in content
        assert b"script" not in content
        assert not Image.open(io.BytesIO(content)).getexif()
