"""Tests of the plugin: a campus in a temporary folder, the services as pages call them, and one walk through the pages themselves."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from aula_sur_journal import personal, queries, reminding, writing
from aula_sur_journal.models import JournalEntry, JournalPrompt
from lms.accounts import people, roles
from lms.accounts.models import Person
from lms.app import create_app
from lms.courses import cohorts, content, editing
from lms.courses.activity_types import TypeForm
from lms.courses.models import Activity, Cohort, Progress
from lms.kernel import clock, migrations, sessions
from lms.kernel.campus import Campus
from lms.kernel.errors import Forbidden, Invalid
from lms.kernel.jobs import enqueue
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM, Actor
from lms.kernel.web import viewer_of
from lms.settings import Settings

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity


@dataclass
class World:
    """A cohort with one journal in it, a trainee, a tutor, and somebody else."""

    campus: Campus
    cohort: Cohort
    activity: Activity
    trainee: Person
    tutor: Person
    stranger: Person

    def actor(self, person: Person) -> Actor:
        """The person as services see her."""
        with self.campus.database.reading() as session:
            found = viewer_of(self.campus, session, person.id or 0)
        assert found is not None
        return found

    def write(self, text: str = "I will ask the ministry.", **values: Any) -> None:
        """The trainee writes."""
        given = {"intention": "yes", "is_shared": False, **values}
        with self.campus.database.transaction() as session:
            writing.write(session, self.actor(self.trainee), self.cohort, session.one(Activity, self.activity.id), text=text, **given)

    def entries(self) -> list[JournalEntry]:
        """Everything that is kept."""
        with self.campus.database.reading() as session:
            return list(session.scalars(select(JournalEntry)))


def open_campus(folder: Path) -> Campus:
    return Campus.open(Settings(data_dir=folder, base_url="http://testserver", _env_file=None))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at the newest migration, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("migrated")
    campus = open_campus(folder)
    migrations.upgrade(campus)
    campus.close()
    return folder / "lms.db"


@pytest.fixture
def world(tmp_path: Path, migrated: Path) -> Iterator[World]:
    shutil.copy(migrated, tmp_path)
    campus = open_campus(tmp_path)
    types = campus.plugins.named("activity_types")
    with campus.database.transaction() as session:
        trainee, tutor, stranger = (
            people.create(session, SYSTEM, given_name=name, email=f"{name}@example.org") for name in ("rosa", "tito", "eva")
        )  # fmt: skip
        course = editing.create_course(session, SYSTEM, code="EVIDENCE", title="Evidence at work")
        module = content.add_module(session, SYSTEM, course, "Week 1")
        form = TypeForm({"question": "What will you try?", "remind_after": "30"})
        content.add_activity(session, SYSTEM, types, module, "journal", "My week", "", form)
        editing.publish(session, SYSTEM, course)
        today = clock.today()
        cohort = cohorts.create(
            session, SYSTEM, types, course, code="EVIDENCE-1", status="published", starts_on=today, ends_on=today + timedelta(days=40),
            tutors=[tutor.id or 0],
        )  # fmt: skip
        roles.give(session, SYSTEM, trainee.id or 0, "trainee", "cohort", cohort.id or 0)
        activity = session.scalars(select(Activity).where(_Activity.cohort_id == cohort.id)).one()
    yield World(campus, cohort, activity, trainee, tutor, stranger)
    campus.close()


def test_the_tables_are_what_the_models_say(world: World) -> None:
    assert migrations.is_current(world.campus)
    assert migrations.differences(world.campus) == []


def test_a_cohort_gets_its_own_question(world: World) -> None:
    with world.campus.database.reading() as session:
        prompts = list(session.scalars(select(JournalPrompt)))
    assert [(p.question, p.remind_after) for p in prompts] == [("What will you try?", 30)] * 2


def test_writing_completes_the_activity_and_writing_anew_replaces(world: World) -> None:
    world.write("First.")
    world.write("Second.", intention="perhaps")
    assert [(e.text, e.intention) for e in world.entries()] == [("Second.", "perhaps")]
    with world.campus.database.reading() as session:
        assert session.one(Progress, (world.trainee.id, world.activity.id)).completed_at


def test_what_says_nothing_is_refused_field_by_field(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        world.write("  ", intention="never")
    assert refusal.value.errors.keys() == {"text", "intention"}


def test_only_trainees_of_the_cohort_write(world: World) -> None:
    for person in (world.tutor, world.stranger):
        with pytest.raises(Forbidden), world.campus.database.transaction() as session:
            writing.write(session, world.actor(person), world.cohort, world.activity, text="x", intention="yes", is_shared=True)


def test_tutors_read_only_what_is_shared(world: World) -> None:
    world.write("For myself.")
    with world.campus.database.reading() as session:
        assert queries.shared(session, world.cohort.id or 0) == []
    world.write("For you too.", is_shared=True)
    with world.campus.database.reading() as session:
        assert [e.text for e in queries.shared(session, world.cohort.id or 0)] == ["For you too."]


def test_the_letter_comes_once_weeks_after_the_cohort_was_completed(world: World) -> None:
    world.write()  # completes the only activity, and with it the cohort
    (entry,) = world.entries()
    assert entry.remind_on == clock.today() + timedelta(days=30)
    for _ in range(2):
        with world.campus.database.transaction() as session:
            entry = session.lock(JournalEntry, entry.id)
            entry.remind_on = clock.today()
        with world.campus.database.transaction() as session:
            enqueue(session, "journal.remind", {})
        world.campus.run_jobs()
    with world.campus.database.reading() as session:
        assert [m.subject for m in session.scalars(select(OutboxMessage))] == ["What became of it? Your journal: My week"]
        reminding.check(session)


def test_what_people_wrote_keeps_the_activity_from_being_deleted(world: World) -> None:
    world.write()
    with world.campus.database.transaction() as session, pytest.raises(writing.EntriesAreKept):
        session.guard("courses.delete_activity", world.activity)


def test_an_erased_person_leaves_a_count_and_no_words(world: World) -> None:
    world.write("A secret.", is_shared=True)
    with world.campus.database.reading() as session:
        assert "A secret." in str(personal.export(session, world.trainee.id or 0))
    with world.campus.database.transaction() as session:
        personal.erase(session, world.trainee.id or 0)
    assert [(e.text, e.is_shared, e.intention) for e in world.entries()] == [("", False, "yes")]


def test_the_pages_show_and_take_it(world: World) -> None:
    with TestClient(create_app(world.campus), base_url="http://testserver") as browser:
        with world.campus.database.transaction() as session:
            browser.cookies.set(sessions.COOKIE, sessions.open_session(session, world.trainee.id or 0, days=1))
        address = f"/learn/{world.cohort.code}/{world.activity.id}"
        page = browser.get(address)
        assert "What will you try?" in page.text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token
        sent = {"csrf_token": token[1], "text": "I will <b>ask</b>."}
        refused = browser.post(f"/journal/{world.cohort.code}/{world.activity.id}", data=sent)
        assert refused.status_code == 422
        assert "I will &lt;b&gt;ask&lt;/b&gt;." in refused.text
        kept = browser.post(f"/journal/{world.cohort.code}/{world.activity.id}", data={**sent, "intention": "yes"})
        assert "Your entry is kept." in kept.text
        assert "I will &lt;b&gt;ask&lt;/b&gt;." in browser.get("/journal").text
        assert browser.get(f"/journal/{world.cohort.code}").status_code == 403
