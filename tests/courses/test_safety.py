"""What people write and upload does no harm, previews leave no trace, and people's own data tells their way."""

import re
from html.parser import HTMLParser

from sqlalchemy import func, select
from sqlmodel import col

from lms.courses import editing
from lms.courses.models import Progress
from lms.kernel.audit import AuditEntry
from lms.kernel.paths import resource
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit, words
from tests.courses.stories import MARKED, activities_of, add_words, learner, modules_of, staff
from tests.factories import make_cohort, make_course, sign_in

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7*7 }}%(x)s'
EVIL_TEXT = f"{EVIL}\n\n[click](javascript:alert(3)) <svg onload=alert(4)> ![x](https://spy.example/p.png)\n\n<style>*{{}}</style>"


ICON = re.findall(r'rel="icon"[^>]* href="([^"]+)"', (resource("templates") / "base.html").read_text("utf-8"))[0]
"""The mark of the suite, which lies in every page."""


class _Harm(HTMLParser):
    """Collects what a page must not hold: scripts of its own, handlers, styles, and addresses that run or that tell others."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        leads = given.get("href") or given.get("src") or given.get("action") or ""
        if tag in ("script", "style", "iframe", "object") and not leads.startswith("/static/"):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if leads == ICON:
            return
        if re.match(r"\s*(javascript|data|vbscript):", leads) or (tag == "img" and leads and not leads.startswith("/")):
            self.found.append(leads)


def harm_in(text: str) -> list[str]:
    """What of a page could run, or could tell another site who reads."""
    reader = _Harm()
    reader.feed(text)
    return reader.found


def test_what_people_write_is_shown_as_text_on_every_page(client, campus, visit):
    page = {"title": EVIL, "body": EVIL_TEXT, **MARKED}
    link = {"type": "link", "title": EVIL, "form": {"url": 'https://example.org/?a="><script>'}}
    course = make_course(campus, "POLI", title=EVIL, summary=EVIL, description=EVIL_TEXT, activities=(page, link), modules=1)
    with campus.database.transaction() as session:
        editing.save_course_text(session, SYSTEM, course, "es", title=EVIL, summary=EVIL, description=EVIL_TEXT)
    add_words(campus, modules_of(campus, course)[0], "es", EVIL, EVIL)
    cohort = make_cohort(campus, course, code="C", title=EVIL, question=EVIL, enrolment_method="application")
    staff(client, campus)
    rosa = sign_in(visit(), campus, learner(campus, cohort, given_name=EVIL[:100]))
    first, second = activities_of(campus, cohort)
    in_course = activities_of(campus, course)[0].id
    module = modules_of(campus, course)[0].id
    for browser, paths in (
        (client, ["/", "/courses/POLI", "/cohorts/C", "/staff", "/staff/courses", "/staff/courses/POLI", "/staff/courses/POLI/edit",
                  "/staff/courses/POLI/preview", f"/staff/courses/POLI/preview/{in_course}", "/staff/courses/POLI/texts/es",
                  f"/staff/modules/{module}/edit", f"/staff/modules/{module}/words/es", f"/staff/activities/{in_course}/edit",
                  f"/staff/activities/{in_course}/words/es", "/staff/courses/POLI/duplicate", "/staff/courses/POLI/cohorts/new",
                  "/staff/cohorts", "/staff/cohorts/C", "/staff/cohorts/C/edit", f"/staff/courses?q={EVIL}", f"/?q={EVIL}"]),
        (rosa, ["/today", "/learn/C", f"/learn/C/{first.id}", f"/learn/C/{second.id}"]),
    ):  # fmt: skip
        for path in paths:
            answer = browser.get(path)
            assert answer.status_code == 200, path
            assert harm_in(answer.text) == [], path
            assert "49%(x)s" not in answer.text, path
            assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_what_is_refused_is_shown_again_as_text(client, campus):
    staff(client, campus)
    answer = submit(client, "/staff/courses/new", title=EVIL, code=EVIL, description=f"</textarea>{EVIL}", language="en", topic=EVIL)
    assert answer.status_code == 422
    assert harm_in(answer.text) == []
    assert "&lt;/textarea&gt;" in answer.text


def test_files_are_handed_out_as_attachments_alone(client, campus, visit):
    staff(client, campus)
    course = make_course(campus, "POLI", modules=1)
    path = f"/staff/modules/{modules_of(campus, course)[0].id}/activities/new"
    for name, kind in [("page.html", "text/html"), ("picture.svg", "image/svg+xml"), ("Guía «final».pdf", "application/pdf")]:
        given = {"type": "file", "title": name, "completion": "viewed", "published": "on", "required": "on"}
        submit(client, f"{path}?type=file", path, files={"file": (name, b"<script>alert(1)</script>", kind)}, **given)
    cohort = make_cohort(campus, course, code="C")
    rosa = sign_in(visit(), campus, learner(campus, cohort))
    for activity in activities_of(campus, cohort)[1:]:
        answer = rosa.get(f"/learn/C/{activity.id}/file")
        assert answer.content == b"<script>alert(1)</script>"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] in ("application/octet-stream", "application/pdf")
        assert "25 B" in words(rosa.get(f"/learn/C/{activity.id}"))
    in_course = activities_of(campus, course)[1].id
    assert client.get(f"/staff/courses/POLI/preview/{in_course}/file").headers["content-disposition"].startswith("attachment")
    assert rosa.get(f"/learn/C/{activities_of(campus, cohort)[0].id}/file").status_code == 404  # a page has none


def test_a_preview_shows_what_trainees_see_and_records_nothing(client, campus):
    staff(client, campus)
    course = make_course(
        campus, "POLI", modules=1, activities=({"body": "**Read** this."}, {"title": "Secret", "published": False}, MARKED)
    )
    shown, hidden, exercise = activities_of(campus, course)
    with campus.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(AuditEntry))
    outline = client.get("/staff/courses/POLI/preview")
    assert "Nothing is recorded" in words(outline)
    assert "Secret" not in words(outline)
    page = client.get(f"/staff/courses/POLI/preview/{shown.id}")
    assert "<strong>Read</strong>" in page.text
    assert "Nothing is recorded" in words(page)
    assert "Secret" not in words(page)
    assert f'rel="next" href="/staff/courses/POLI/preview/{exercise.id}"' in page.text
    assert "is not published" in words(client.get(f"/staff/courses/POLI/preview/{hidden.id}"))
    assert "/done" not in client.get(f"/staff/courses/POLI/preview/{exercise.id}").text
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Progress)) == 0
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_a_person_takes_her_own_way_along(client, campus):
    cohort = make_cohort(campus, make_course(campus, modules=1), code="C")
    rosa = learner(campus, cohort)
    sign_in(client, campus, rosa)
    client.get(f"/learn/C/{activities_of(campus, cohort)[0].id}")
    kept = client.get("/profile/data").json()["data"]["courses"]["activities"]
    assert [(entry["cohort"], entry["activity"]) for entry in kept] == [("C", "Reading 1.1")]
    with campus.database.reading() as session:
        assert session.scalar(select(col(Progress.person_id))) == rosa.id
