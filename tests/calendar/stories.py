"""Words that the stories of this folder share: a cohort with dates, and a calendar as another program reads it."""

import re
from datetime import UTC, datetime
from typing import Any

from lms.courses.models import Activity, Cohort, Module
from lms.kernel.campus import Campus
from tests.courses.stories import activities_of, modules_of
from tests.factories import make_cohort, make_course

NOW = datetime(2026, 3, 11, 15, tzinfo=UTC)
"""A Wednesday."""
COURSE: dict[str, Any] = {"modules": 2, "activities": ({}, {})}


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def dated_cohort(campus: Campus, *dues: datetime, cutoff: datetime | None = None, titles: tuple[str, ...] = (), **values: Any) -> Cohort:
    """A cohort from 4 March to 15 April, whose first activities are due at these instants, the first with a cut-off."""
    cohort = make_cohort(campus, make_course(campus, **COURSE), **{"title": "Influencing policy", **values})
    with campus.database.transaction() as session:
        for number, activity in enumerate(activities_of(campus, cohort)):
            held = session.one(Activity, activity.id)
            held.due_at = dues[number] if number < len(dues) else None
            held.cutoff_at = cutoff if number == 0 else None
            held.title = titles[number] if number < len(titles) else held.title
    return cohort


def change(campus: Campus, part: Activity | Module | Cohort, **values: Any) -> None:
    """Set columns of a part."""
    with campus.database.transaction() as session:
        held = session.one(type(part), part.id)
        for name, value in values.items():
            setattr(held, name, value)


def open_week(campus: Campus, cohort: Cohort, number: int, opens_at: datetime) -> Module:
    """Let a module of the cohort open at this instant."""
    module = modules_of(campus, cohort)[number]
    change(campus, module, opens_at=opens_at)
    return module


def address(client: Any) -> str:
    """The path of the secret address that the page shows."""
    found = re.search(r'value="http://testserver(/calendar/[^"]+\.ics)"', client.get("/calendar/subscribe").text)
    assert found
    return found[1]


def shown(client: Any, month: str = "2026-03") -> list[tuple[str, str, str]]:
    """Day, kind and title of every entry on the page of a month."""
    found = []
    for day, text in re.findall(
        r'<time datetime="([^"]+)">.*?</time>(.*?)(?=<time datetime|</main>)', client.get(f"/calendar?month={month}").text, re.S
    ):
        for kind, title in re.findall(
            r'<span class="small"><span class="soft">(.*?)(?: <span class="num">.*?)?</span>.*?<a href="[^"]*">(.*?)</a>', text, re.S
        ):
            found.append((day, kind, title))
    return found
