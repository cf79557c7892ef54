"""Stories about filling: once, whole, and only where nobody is yet."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.accounts.models import Person
from lms.accounts.queries import DEMO_PASSWORD
from lms.courses import learning
from lms.demo import campus as demo
from lms.demo import certifying, plan
from lms.demo.people import sign_ins
from lms.grading import queue
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.errors import Refused
from tests.demo.stories import everything
from tests.factories import actor_of, make_person


def test_a_second_time_changes_nothing_and_says_again_who_signs_in(campus: Campus, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(campus)
    demo.fill(campus)
    assert everything(campus) == before
    said = capsys.readouterr().out
    assert DEMO_PASSWORD in said
    assert all(person.email in said for person in sign_ins())


def test_what_people_try_in_the_demo_stays_when_it_is_filled_again(campus: Campus) -> None:
    person = make_person(campus, given_name="Nueva", family_name="Persona")
    demo.fill(campus)
    assert actor_of(campus, person).name == "Nueva Persona"


def test_invented_people_are_not_mixed_with_real_ones(empty: Campus) -> None:
    make_person(empty)
    before = everything(empty)
    with pytest.raises(demo.NotEmpty) as refusal:
        demo.fill(empty)
    assert isinstance(refusal.value, Refused)
    assert "empty database" in str(refusal.value)
    assert everything(empty) == before


def test_what_breaks_in_the_middle_leaves_nothing(empty: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_anything: object) -> None:
        raise RuntimeError("the lights went out")

    plan.closed_seats()  # kept from here on: it is made of all cohorts
    monkeypatch.setattr(plan, "PAST", plan.PAST[:1])
    monkeypatch.setattr(certifying, "certify", breaks)
    before = everything(empty)
    with pytest.raises(RuntimeError):
        demo.fill(empty)
    assert everything(empty) == before
    files = Path(empty.settings.data_dir) / "files"
    assert [path for path in files.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("day", "hour"), [(0, time(3, 5)), (6, time(23, 55))], ids=["monday-morning", "sunday-night"])
def test_there_is_something_due_and_something_to_mark_on_every_day(empty: Campus, day: int, hour: time) -> None:
    """Three o'clock UTC on a Monday is midnight in Buenos Aires: the week has just begun there."""
    today = clock.today()
    monday = today - timedelta(days=today.weekday())
    with clock.frozen(datetime.combine(monday + timedelta(days=day), hour, UTC)):
        demo.fill(empty)
        due, waiting = _seen_by_the_people_who_sign_in(empty)
    assert due == {"rosa": True, "tendai": True}
    assert all(number >= 5 for number in waiting.values())


def _seen_by_the_people_who_sign_in(campus: Campus) -> tuple[dict[str, bool], dict[str, int]]:
    """Whether something is due for each trainee, and how much waits for each tutor."""
    due, waiting = {}, {}
    with campus.database.reading() as session:
        ids = {p.email.partition("@")[0]: p for p in session.scalars(select(Person)) if p.email.endswith("@demo.example")}
        for name in ("rosa", "tendai"):
            actor = actor_of(campus, ids[name])
            due[name] = bool(learning.due(learning.mine(session, ids[name].id, sorted(actor.reach("courses.learn").cohorts))))
        for name in ("ines", "vera"):
            waiting[name] = queue.queue(session, actor_of(campus, ids[name])).counts["waiting"]
    return due, waiting
