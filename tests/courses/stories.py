"""Words that the stories of this folder share: who learns and who teaches, what is inside a cohort, what a page costs."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from lms.accounts import roles
from lms.accounts.models import Person, Programme, Region
from lms.courses import content, editing
from lms.courses.events import CohortCompleted
from lms.courses.models import Activity, Cohort, Course, Module
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from tests.factories import make_person, sign_in

MARKED: dict[str, Any] = {"completion": "marked"}


def at(text: str) -> datetime:
    """An instant, written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def learner(campus: Campus, *cohorts: Cohort, **values: Any) -> Person:
    """A trainee of these cohorts."""
    return _holder(campus, "trainee", cohorts, values)


def tutor_of(campus: Campus, *cohorts: Cohort, **values: Any) -> Person:
    """A tutor of these cohorts."""
    return _holder(campus, "tutor", cohorts, values)


def _holder(campus: Campus, role: str, cohorts: tuple[Cohort, ...], values: dict[str, Any]) -> Person:
    person = make_person(campus, **values)
    with campus.database.transaction() as session:
        for cohort in cohorts:
            roles.give(session, SYSTEM, person.id or 0, role, "cohort", cohort.id or 0)
    return person


def staff(client: Any, campus: Campus, **values: Any) -> Person:
    """Programme staff for the whole site, who have signed in."""
    person = make_person(campus, "staff", **values)
    sign_in(client, campus, person)
    return person


def another_programme(campus: Campus) -> int:
    """A second programme on the same installation; answers its id."""
    with campus.database.transaction() as session:
        return session.add(Programme(code="other", name="The other programme", languages=["en"])).id or 0


def region(campus: Campus, code: str) -> int:
    """The id of a region of UN M49: 419 Latin America, 005 South America, 002 Africa, 142 Asia."""
    with campus.database.reading() as session:
        found: int = session.scalar(select(col(Region.id)).where(col(Region.code) == code))
    return found


def activities_of(campus: Campus, owner: Cohort | Course) -> list[Activity]:
    """The activities of a cohort's copy or of a course, in order."""
    return [activity for activity, _module in _parts(campus, owner)]


def modules_of(campus: Campus, owner: Cohort | Course) -> list[Module]:
    """The modules of a cohort's copy or of a course, in order."""
    return list({module.id: module for _activity, module in _parts(campus, owner)}.values())


def _parts(campus: Campus, owner: Cohort | Course) -> list[tuple[Activity, Module]]:
    if isinstance(owner, Cohort):
        of_owner = col(Activity.cohort_id) == owner.id
    else:
        of_owner = (col(Activity.course_id) == owner.id) & col(Activity.cohort_id).is_(None)
    statement: Any = select(Activity, Module).join(Module, col(Module.id) == col(Activity.module_id)).where(of_owner)
    with campus.database.reading() as session:
        rows: Any = session.execute(statement.order_by(col(Module.position), col(Module.id), col(Activity.position), col(Activity.id)))
        return [(activity, module) for activity, module in rows]


def topic(campus: Campus, name: str) -> int:
    """The id of a topic of this name."""
    with campus.database.transaction() as session:
        made = editing.topic(session, name)
        assert made is not None
        return made.id or 0


def add_words(campus: Campus, part: Activity | Module, language: str, title: str, body: str = "") -> None:
    """Write the words of a part in another language."""
    with campus.database.transaction() as session:
        content.save_words(session, SYSTEM, part, language, title=title, body=body)


def completions(campus: Campus) -> list[CohortCompleted]:
    """What is told about completed cohorts from now on."""
    told: list[CohortCompleted] = []
    campus.hub.subscribe(CohortCompleted, lambda _session, happened: told.append(happened))
    return told
