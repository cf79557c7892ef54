"""A trainee who loses the line in the middle of a course: what she reads and does meanwhile, and what happens when it is back."""

import io
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Dialog, Error, expect
from sqlalchemy import select
from starlette.datastructures import FormData, UploadFile

from lms.app import create_app
from lms.courses import content
from lms.courses.activity_types import TypeForm
from lms.courses.models import Activity, Module
from lms.grading import submitting
from lms.grading.models import SubmissionFile
from lms.kernel import clock, sessions
from lms.kernel.paths import resource
from lms.kernel.permissions import SYSTEM
from tests.browser.conftest import Served, serving
from tests.browser.device import Trainee, until
from tests.browser.lines import Line, line_to
from tests.factories import actor_of, make_cohort, make_course
from tests.serving import served

pytestmark = pytest.mark.browser
ACTIVITIES: tuple[dict[str, Any], ...] = (
    {"title": "Who decides", "body": "Every policy has an address."},
    {"title": "Done when said", "completion": "marked"},
    {"title": "Map of actors", "type": "assignment", "completion": "submitted",
     "form": {"points": "20", "pass_points": "12", "allow_text": "on", "max_files": "2", "max_file_mb": "1", "file_types": "txt pdf"}},
)  # fmt: skip
HANDOUT = b"%PDF-1.7 " + b"actors " * 1000
TEXT = "Six actors and what moves them."


def fill(campus: Any) -> None:
    """A cohort with two readings, an assignment and a file."""
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=ACTIVITIES), code="ROAD")
    form = TypeForm(FormData([("file", UploadFile(io.BytesIO(HANDOUT), filename="handout.pdf"))]), campus.storage)
    with campus.database.transaction() as session:
        module = session.scalars(select(Module).where(Module.cohort_id == cohort.id)).one()  # type: ignore[arg-type]
        content.add_activity(session, SYSTEM, campus.plugins.named("activity_types"), module, "file", "Handout", "", form)


@pytest.fixture(scope="module")
def campus(tmp_path_factory, plugins) -> Iterator[Served]:
    """One campus for all tests here; each has trainees of its own."""
    with serving(tmp_path_factory.mktemp("offline"), plugins, fill) as running:
        yield running


@pytest.fixture
def line(campus) -> Iterator[Line]:
    """The line to the campus, which tests cut."""
    with line_to(int(campus.address.rpartition(":")[2])) as made:
        yield made


NOTHING: dict[str, list[str]] = {"copies": [], "rows": [], "typed": []}


@pytest.fixture
def somebody(campus, line, open_browser) -> Callable[..., Trainee]:
    """Makes trainees, each with a browser, or at the browser of another one."""
    return lambda context=None, **options: Trainee(campus.campus, context or open_browser(**options), line.address)


def test_reading_marking_and_handing_in_without_a_line_arrive_once_when_it_is_back(somebody, tmp_path):
    ana = somebody()
    ana.keep_module()
    assert ana.done() == set()
    ana.context.set_offline(True)
    ana.open(ana.reading)
    ana.says("You are offline. This page is as it was on ")
    assert "Every policy has an address." in ana.page.inner_text("main")
    ana.open(ana.marked)
    ana.page.get_by_role("button", name=re.compile("^Done")).click()
    ana.says("1 thing waits to be sent.")
    ana.open(ana.work)
    ana.write("A first thought", "Save draft")
    ana.says("2 things wait to be sent.")
    (tmp_path / "map.txt").write_text("ministry, union, press", encoding="utf-8")
    ana.page.locator("input[type=file]").set_input_files(tmp_path / "map.txt")
    ana.write(TEXT, "Hand in")
    ana.says("2 things wait to be sent.")
    ana.open("/offline")
    assert "The date on which it arrives counts" in ana.page.inner_text("#waiting")
    expect(ana.page.locator("#waiting article")).to_have_count(2)
    assert {"Map of actors", "Done when said"} == set(ana.page.locator("#waiting h3").all_inner_texts())
    assert ana.submissions() == []
    ana.context.set_offline(False)
    ana.says("Sent.")
    expect(ana.page.locator("#waiting article")).to_have_count(0)
    assert [(s.text, s.status, s.attempt) for s in ana.submissions()] == [(TEXT, "submitted", 1)]
    with ana.campus.database.reading() as session:
        assert len(list(session.scalars(select(SubmissionFile).where(SubmissionFile.submission_id == ana.submissions()[0].id)))) == 1
    assert ana.receipts() == 1
    assert ana.done() == set(ana.activities[:3])


def test_a_file_that_is_kept_can_be_saved_without_a_line(somebody):
    ana = somebody()
    ana.keep_module()
    ana.context.set_offline(True)
    ana.open(f"/learn/ROAD/{ana.activities[3]}")
    with ana.page.expect_download() as download:
        ana.page.get_by_role("link", name=re.compile("^Download")).click()
    assert download.value.path().read_bytes() == HANDOUT


def test_an_answer_that_is_lost_does_not_make_it_twice(somebody, line):
    ana = somebody()
    ana.settle()
    ana.open(ana.work)
    line.mode = "loses answers"
    ana.write(TEXT, "Hand in")
    ana.says("1 thing waits to be sent.")
    assert len(ana.submissions()) == 1, "it has arrived, and only the answer was lost"
    ana.open("/offline")
    ana.page.get_by_role("button", name="Send now").click()
    ana.says("1 thing waits to be sent.")
    line.mode = "good"
    ana.page.get_by_role("button", name="Send now").click()
    ana.says("Sent.")
    assert [(s.text, s.attempt) for s in ana.submissions()] == [(TEXT, 1)]
    assert ana.receipts() == 1


def test_two_tabs_at_once_send_it_once(somebody):
    ana = somebody()
    ana.keep_module()
    other = ana.context.new_page()
    ana.context.set_offline(True)
    for page in (ana.page, other):
        ana.open(ana.work, page)
    ana.write("From the first tab", "Save draft")
    ana.says("1 thing waits to be sent.")
    ana.write("From the second tab", "Hand in", other)
    ana.says("1 thing waits to be sent.", other)
    ana.context.set_offline(False)
    for page in (ana.page, other):
        page.evaluate("dispatchEvent(new Event('online'))")
    ana.says("Sent.", other)
    assert [(s.text, s.status, s.attempt) for s in ana.submissions()] == [("From the second tab", "submitted", 1)]
    assert ana.receipts() == 1


def test_a_copy_is_as_the_page_was_last_but_without_what_was_said_once(somebody):
    ana = somebody()
    ana.keep_module()
    ana.open(ana.work)
    ana.write("A first thought", "Save draft")
    expect(ana.page.get_by_text("Draft saved.", exact=True)).to_be_visible()
    copy = f"caches.match({ana.work!r}, {{ ignoreVary: true }}).then((copy) => copy.text())"
    until(lambda: "A first thought" in ana.page.evaluate(copy))
    ana.context.set_offline(True)
    ana.open(ana.work)
    ana.says("You are offline.")
    assert ana.page.locator("#f-text").input_value() == "A first thought"
    expect(ana.page.get_by_text("Draft saved.", exact=True)).to_have_count(0)
    ana.write("A second thought", "Save draft")
    ana.says("1 thing waits to be sent.")
    ana.context.set_offline(False)
    ana.says("Sent.")
    assert [s.text for s in ana.submissions()] == ["A second thought"]


def test_a_draft_that_changed_elsewhere_is_shown_beside_mine(somebody):
    ana = somebody()
    ana.keep_module()
    ana.context.set_offline(True)
    ana.open(ana.work)
    ana.write("Written on the bus", "Save draft")
    ana.says("1 thing waits to be sent.")
    with ana.campus.database.transaction() as session:
        submitting.save_draft(session, actor_of(ana.campus, ana.person), session.one(Activity, ana.activities[2]), "Written at home")
    ana.context.set_offline(False)
    ana.says("Something could not be sent.")
    ana.page.get_by_role("link", name="Have a look").click()
    card = ana.page.locator("#waiting article")
    expect(card).to_contain_text("Written on the bus")
    expect(card).to_contain_text("Written at home")
    expect(card).to_contain_text("Nothing was overwritten")
    assert [s.text for s in ana.submissions()] == ["Written at home"]
    card.get_by_role("button", name="Send mine in its place").click()
    expect(card).to_have_count(0)
    assert [s.text for s in ana.submissions()] == ["Written on the bus"]


def test_what_comes_after_the_cut_off_stays_until_she_decides(somebody):
    ana = somebody()
    ana.keep_module()
    ana.context.set_offline(True)
    ana.open(ana.work)
    ana.write(TEXT, "Hand in")
    ana.says("1 thing waits to be sent.")
    set_cut_off(ana, clock.now() - timedelta(hours=1))
    try:
        ana.context.set_offline(False)
        ana.says("Something could not be sent.")
        ana.open("/offline")
        card = ana.page.locator("#waiting article")
        expect(card).to_contain_text("The cut-off was on")
        expect(card).to_contain_text(TEXT)
        card.get_by_role("button", name="Discard").click()
        expect(card).to_have_count(1)
        card.get_by_role("button", name="Press again to discard it").click()
        expect(card).to_have_count(0)
        assert ana.submissions() == []
    finally:
        set_cut_off(ana, None)


def set_cut_off(ana: Trainee, moment: Any) -> None:
    """Until when the assignment takes work."""
    with ana.campus.database.transaction() as session:
        activity = session.one(Activity, ana.activities[2])
        activity.due_at = activity.cutoff_at = moment


def test_signing_out_leaves_nothing_private(somebody):
    ana = somebody()
    ana.keep_module()
    ana.open(ana.work)
    ana.page.locator("#f-text").fill("Half a thought")
    ana.page.on("dialog", lambda dialog: dialog.accept())
    ana.open("/today")
    before = ana.on_device()
    assert before["copies"]
    assert before["rows"]
    assert before["typed"]
    ana.page.locator("details:has([action='/sign-out']) summary").click()
    ana.page.get_by_role("button", name="Sign out").click()
    ana.page.wait_for_url(ana.address + "/")
    assert ana.on_device() == NOTHING
    ana.context.set_offline(True)
    with suppress(Error):  # there may be no worker left to say so
        ana.open(ana.reading)
    expect(ana.page.get_by_text("Every policy has an address.")).to_have_count(0)


def test_signing_out_warns_before_what_waits_is_deleted(somebody):
    ana = somebody()
    ana.keep_module()
    ana.context.set_offline(True)
    ana.open(ana.work)
    ana.write(TEXT, "Save draft")
    ana.says("1 thing waits to be sent.")
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    ana.page.on("dialog", refuse)
    ana.page.locator("details:has([action='/sign-out']) summary").click()
    ana.page.get_by_role("button", name="Sign out").click()
    assert "deleted from this device" in asked[0]
    assert ana.on_device()["rows"]


def test_a_session_that_has_ended_empties_the_device_but_for_what_is_half_typed(somebody):
    ana = somebody()
    ana.keep_module()
    ana.open(ana.work)
    ana.page.locator("#f-text").fill("Half a thought")
    ana.page.on("dialog", lambda dialog: dialog.accept())
    with ana.campus.database.transaction() as session:
        sessions.close_all_sessions(session, ana.person.id or 0)
    ana.open("/today")
    assert "/sign-in" in ana.page.url
    until(lambda: {**ana.on_device(), "typed": []} == NOTHING)


def test_the_next_person_at_the_same_browser_sees_nothing_of_the_first(somebody):
    ana = somebody()
    ana.keep_module()
    ana.context.set_offline(True)
    ana.open(ana.work)
    ana.write("Written by Ana", "Save draft")
    ana.says("1 thing waits to be sent.")
    ana.page.goto("about:blank")
    bea = somebody(ana.context)
    ana.context.set_offline(False)
    bea.open("/offline")
    expect(bea.page.locator("#device")).to_be_visible()
    assert "Map of actors" not in bea.page.inner_text("main")
    assert bea.on_device()["copies"] == [f"kept-{bea.person.id}"]
    bea.context.set_offline(True)
    bea.open(bea.work)
    expect(bea.page.get_by_text("is not kept on this device")).to_be_visible()
    assert "Written by Ana" not in bea.page.content()
    bea.context.set_offline(False)
    bea.open(bea.work)
    assert bea.page.locator("#f-text").input_value() == ""
    assert (ana.submissions(), bea.submissions()) == ([], [])


def test_a_line_that_does_not_answer_shows_the_copy_after_a_while(somebody, line):
    ana = somebody()
    ana.settle()
    ana.open(ana.reading)
    ana.open("/")
    line.mode = "slow"
    ana.open(ana.reading)
    ana.says("The line is slow. This page is as it was on ")
    assert "Every policy has an address." in ana.page.inner_text("main")


def test_pages_that_may_not_be_kept_are_not(somebody):
    ana = somebody()
    ana.settle()
    for path in ("/profile", "/grades", "/", ana.reading):
        ana.open(path)
    ana.context.set_offline(True)
    for path in ("/profile", "/grades", "/"):
        ana.open(path)
        expect(ana.page.get_by_text("is not kept on this device")).to_be_visible()
    ana.page.get_by_role("link", name="Who decides").click()
    ana.says("You are offline.")
    assert "Every policy has an address." in ana.page.inner_text("main")


def test_what_is_kept_can_be_removed(somebody):
    ana = somebody()
    ana.keep_module()
    ana.open("/offline")
    modules = ana.page.locator("#modules li")
    expect(modules).to_have_count(1)
    expect(modules).to_contain_text("kB, as of")
    modules.get_by_role("button", name="Remove").click()
    expect(modules).to_have_count(0)
    ana.open("/learn/ROAD")
    expect(ana.page.get_by_role("button", name=re.compile("^Keep offline"))).to_be_visible()
    ana.context.set_offline(True)
    ana.open(ana.reading)
    expect(ana.page.get_by_text("is not kept on this device")).to_be_visible()


def test_without_a_worker_everything_works_as_before(somebody):
    ana = somebody(service_workers="block")
    ana.open("/learn/ROAD")
    expect(ana.page.get_by_role("button", name=re.compile("^Keep offline"))).to_be_hidden()
    ana.open(ana.work)
    ana.write(TEXT, "Hand in")
    expect(ana.page.get_by_text("We received your work.")).to_be_visible()
    ana.open("/offline")
    expect(ana.page.get_by_text("Nothing is kept here")).to_be_visible()


def test_with_a_line_the_worker_is_not_noticed(somebody):
    ana = somebody()
    ana.settle()
    ana.open(ana.work)
    ana.write(TEXT, "Hand in")
    expect(ana.page.get_by_text("We received your work.")).to_be_visible()
    ana.open(ana.marked)
    ana.page.get_by_role("button", name=re.compile("^Done")).click()
    expect(ana.page.get_by_text("Done.", exact=True)).to_be_visible()
    assert ana.on_device()["rows"] == []
    assert ana.receipts() == 1


def test_an_update_of_the_assets_replaces_the_old_ones(campus, somebody, line, tmp_path, monkeypatch):
    ana = somebody()
    ana.keep_module()
    old = assets_of(ana)
    shutil.copytree(resource("static"), tmp_path / "static")
    with (tmp_path / "static" / "style.css").open("a") as style:
        style.write("h1{letter-spacing:.5px}")
    monkeypatch.setattr("lms.app.resource", lambda name: tmp_path / name)
    with served(create_app(campus.campus)) as port:
        line.lead_to(port)
        ana.open("/today")
        ana.page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update())")
        until(lambda: len(assets := assets_of(ana)) == 1 and assets != old)
        ana.context.new_cdp_session(ana.page).send("Network.clearBrowserCache")  # which may hold the old stylesheet
        ana.context.set_offline(True)
        ana.open(ana.reading)
        assert "Every policy has an address." in ana.page.inner_text("main")
        assert ana.page.evaluate("getComputedStyle(document.querySelector('h1')).letterSpacing") == "0.5px"
        ana.context.set_offline(False)


def assets_of(ana: Trainee) -> list[str]:
    """The names of the caches of assets."""
    return [name for name in ana.page.evaluate("caches.keys()") if name.startswith("static-")]
