"""The private calendar that other programs read, checked by two of them."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import icalendar
import pytest
import vobject

from lms.accounts import erasing
from lms.calendar import feeds
from lms.enrollment import enrolling
from lms.kernel import clock, dates
from lms.kernel.dates import Dated
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit
from tests.calendar.stories import NOW, address, at, change, dated_cohort, shown
from tests.courses.stories import activities_of, learner
from tests.factories import make_cohort, make_person, sign_in
from tests.watching import words

AWKWARD = (
    "Comma, semicolon; backslash\\ and \"quotes\": 100 %", "Two\nlines\r\nand a third", "নীতি নির্ধারণে প্রমাণের ব্যবহার, প্রথম সপ্তাহ",
    "👩‍👩‍👧‍👧 Family; of, emoji 🇧🇩", "é" * 300, "BEGIN:VEVENT", "العربية, ثم English; ثم العربية", "\\n is not a line", "tab\there",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _march():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def cohort(campus):
    return dated_cohort(campus, at(13, 22), cutoff=at(20, 22), titles=("Map, of; actors",))


@pytest.fixture
def mine(client, campus, cohort):
    """A browser of a trainee, who has an address."""
    sign_in(client, campus, learner(campus, cohort, timezone="America/Lima"))
    submit(client, "/calendar/subscribe")
    return client


def test_somebody_makes_an_address_and_reads_that_it_is_a_secret(client, campus):
    sign_in(client, campus, make_person(campus))
    assert "Your secret address" not in words(client.get("/calendar/subscribe"))
    page = submit(client, "/calendar/subscribe")
    assert "Whoever knows it can read your dates" in words(page)
    assert f'href="webcal://testserver{address(client)}"' in page.text
    assert page.headers["cache-control"] == "private, no-store"


def test_two_programs_read_in_it_what_the_page_shows(mine, visit):
    answer = visit().get(address(mine))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"].startswith("private")
    expected = sorted((day, f"{kind}: {title}") for month in ("2026-03", "2026-04") for day, kind, title in shown(mine, month))
    assert len(expected) == 4
    assert sorted(_by_icalendar(answer.content)) == expected
    assert sorted(_by_vobject(answer.text)) == expected


def read(content: bytes) -> Any:
    """A calendar as one of the two programs reads it."""
    return icalendar.Calendar.from_ical(content)


def _lima(at: datetime | date) -> str:
    return f"{at - timedelta(hours=5):%Y-%m-%d}" if isinstance(at, datetime) else f"{at}"


def _by_icalendar(content: bytes) -> list[tuple[str, str]]:
    found = read(content)
    return [(_lima(event["dtstart"].dt), str(event["summary"])) for event in found.walk("VEVENT")]


def _by_vobject(text: str) -> list[tuple[str, str]]:
    found = vobject.readOne(text)
    return [(_lima(event.dtstart.value), event.summary.value) for event in found.vevent_list]


def test_an_entry_says_where_it_belongs_and_where_it_is(mine, campus, cohort):
    activity = activities_of(campus, cohort)[0]
    found = read(mine.get(address(mine)).content)
    (event,) = (e for e in found.walk("VEVENT") if e["uid"] == f"activity-{activity.id}-due@testserver")
    link = f"http://testserver/learn/{cohort.code}/{activity.id}"
    assert event["dtstart"].dt == at(13, 22)
    assert (str(event["description"]), str(event["url"])) == (f"{cohort.title}\n{link}", link)
    assert (event["dtstamp"].dt, event["sequence"], event["transp"]) == (NOW, 2, "TRANSPARENT")
    assert not event.walk("VALARM")
    (first,) = (e for e in found.walk("VEVENT") if e["uid"] == f"cohort-{cohort.id}-first@testserver")
    assert first["dtstart"].dt == date(2026, 3, 4)
    assert found["refresh-interval"].dt == timedelta(hours=4)
    assert (str(found["x-published-ttl"]), str(found["x-wr-calname"]), str(found["version"])) == ("PT4H", "Aula Sur: my dates", "2.0")


def test_awkward_titles_come_through_and_no_line_is_too_long():
    entries = [Dated(f"a-{n}", "Due", title, at(12), f"/learn/C/{n}?a=b;c,d", about=title) for n, title in enumerate(AWKWARD)]
    content = feeds.write(entries, "https://campus.example.org", "campus.example.org")
    lines = content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # folding cuts between characters
    expected = {f"Due: {' '.join(title.split())}" for title in AWKWARD}
    assert {str(e["summary"]) for e in read(content).walk("VEVENT")} == expected
    assert {e.summary.value for e in vobject.readOne(content.decode()).vevent_list} == expected
    assert {e.url.value for e in vobject.readOne(content.decode()).vevent_list} == {
        f"https://campus.example.org/learn/C/{n}?a=b;c,d" for n in range(len(AWKWARD))
    }


def test_something_with_an_end_keeps_it():
    entries = [
        Dated("a", "Meeting", "Hour", at(12), "/", ends=at(12, 13)),
        Dated("b", "Days", "Two", date(2026, 3, 1), "/", ends=date(2026, 3, 2)),
    ]
    found = read(feeds.write(entries, "https://campus.example.org", "campus.example.org"))
    assert [event["dtend"].dt for event in found.walk("VEVENT")] == [at(12, 13), date(2026, 3, 3)]


def test_it_speaks_the_language_of_its_owner(client, campus, cohort, visit):
    sign_in(client, campus, learner(campus, cohort, language="es"))
    submit(client, "/calendar/subscribe")
    answer = visit().get(address(client), headers={"accept-language": "en"})
    assert "Primer día" in answer.text


def test_a_calendar_that_knows_it_already_is_told_so(mine, campus, cohort):
    path = address(mine)
    first = mine.get(path)
    with clock.frozen(NOW + timedelta(hours=1)):
        again = mine.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        change(campus, activities_of(campus, cohort)[0], due_at=at(14), version=2)
        moved = mine.get(path, headers={"if-none-match": first.headers["etag"]})
    assert moved.status_code == 200
    assert "SEQUENCE:3" in moved.text


def test_a_new_address_ends_the_one_before(mine):
    old = address(mine)
    submit(mine, "/calendar/subscribe")
    assert mine.get(old).status_code == 404
    assert mine.get(address(mine)).status_code == 200


def test_an_address_that_was_taken_away_leads_nowhere(mine):
    old = address(mine)
    submit(mine, "/calendar/subscribe", remove="1")
    assert mine.get(old).status_code == 404
    assert "Your secret address" not in words(mine.get("/calendar/subscribe"))


@pytest.mark.parametrize(
    "spoil",
    [lambda t: t[:-1], lambda t: t[:-1] + ("0" if t[-1] != "0" else "1"), lambda t: t.partition("-")[0], lambda t: "é-" + t, lambda t: "-"],
)
def test_a_guess_leads_nowhere(mine, spoil):
    token = address(mine).removeprefix("/calendar/").removesuffix(".ics")
    assert mine.get(f"/calendar/{spoil(token)}.ics").status_code == 404


def test_somebody_erased_has_no_calendar(campus, cohort, visit):
    person, browser = learner(campus, cohort), visit()
    sign_in(browser, campus, person)
    submit(browser, "/calendar/subscribe")
    path = address(browser)
    erasers = [plugin.personal_data.erase for plugin in campus.plugins if plugin.personal_data and plugin.personal_data.erase]
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, person.id or 0, erasers)
    assert visit().get(path).status_code == 404


def test_somebody_suspended_reads_nothing_of_that_cohort(campus, visit):
    cohort, person, browser = make_cohort(campus), make_person(campus), visit()
    with campus.database.transaction() as session:
        enrolment = enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
    sign_in(browser, campus, person)
    submit(browser, "/calendar/subscribe")
    path = address(browser)
    assert cohort.title in browser.get(path).text
    with campus.database.transaction() as session:
        enrolling.set_status(session, SYSTEM, enrolment.id or 0, "suspended")
    assert cohort.title not in browser.get(path).text


def test_an_address_is_not_read_without_end(mine, campus, monkeypatch):
    monkeypatch.setattr("lms.calendar.pages.LOOKS", 2)
    path = address(mine)
    assert [mine.get(path).status_code for _ in range(3)] == [200, 200, 429]
    with clock.frozen(NOW + timedelta(hours=2)):
        assert mine.get(path).status_code == 200


def test_the_address_is_not_in_the_log_nor_in_the_database(mine, caplog, campus):
    token = address(mine).removeprefix("/calendar/").removesuffix(".ics")
    with caplog.at_level("INFO"):
        mine.get(address(mine))
    ours = [record.__dict__ for record in caplog.records if record.name.startswith("lms.")]
    assert ours
    assert token not in str(ours)
    with campus.database.reading() as session:
        data = [plugin.personal_data.export(session, 1) for plugin in campus.plugins if plugin.personal_data]
    assert token not in str(data)


def test_what_plugins_tell_is_in_order_of_time(campus):
    def told(*_asked):
        return [
            Dated("b", "", "", at(12), "/"),
            Dated("c", "", "", date(2026, 3, 12), "/"),
            Dated("a", "", "", datetime(2026, 3, 11, tzinfo=UTC), "/"),
        ]

    with campus.database.reading() as session:
        found = dates.gather([SimpleNamespace(dates=told), SimpleNamespace(dates=None)], session, SYSTEM, at(1), at(30))
    assert [entry.uid for entry in found] == ["a", "c", "b"]
