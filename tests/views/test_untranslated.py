"""No page, mail or answer shows a text that translators never see."""

import json
import re
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.accounts import joining
from lms.courses.models import Activity
from lms.enrollment import applying, enrolling
from lms.grading import marking, submitting
from lms.kernel import pseudo
from lms.kernel.mail import OutboxMessage
from lms.kernel.middleware import LANGUAGE_COOKIE
from lms.kernel.permissions import SYSTEM
from tests.factories import actor_of, make_person
from tests.security import objects
from tests.security.test_routes import table
from tests.security.world import World
from tests.views.reading import Data, pieces, untranslated

pytestmark = pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
ROLES = ("nobody", "member", "own trainee", "own tutor", "reporter", "staff", "administrator")
GIVEN = ("email", "Ana", "Rosa Quispe", "Tendai Mukwashi")
"""What stands in the file that staff gave to be imported, and who is named in the style guide."""


def marked_visitor(world: World, name, browser):
    """Somebody who reads the marked locale."""
    visitor = world.browser(name, browser)
    browser.cookies.set(LANGUAGE_COOKIE, pseudo.MARKED)
    return visitor


def faults(answer, data, where):
    """What is not translated in a page."""
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return []
    assert "⟦" in answer.text, where
    return [(text, where) for text in untranslated(pieces(answer.text), data)]


def as_lines(found):
    """Each text once, with the first place where it is."""
    return "\n".join(f"{text!r}  {where}" for text, where in dict(reversed(found)).items())


@pytest.mark.parametrize("name", ROLES)
def test_every_page_is_translated(world, app, visit, name):
    visitor = marked_visitor(world, name, visit())
    data = Data.of(world.campus, *GIVEN)
    found = []
    for entry in table(app):
        if entry.method == "GET" and not entry.path.startswith("/language/"):
            found += faults(visitor.get(world.path(entry.path)), data, f"{name}: {entry.path}")
    assert not found, as_lines(found)


@pytest.mark.parametrize("name", ["nobody", "own trainee", "own tutor", "staff", "administrator"])
def test_every_answer_to_a_form_is_translated(world, app, visit, name):
    """Forms sent empty, and what is said on the page that follows."""
    visitor = marked_visitor(world, name, visit())
    last = ("/sign-out", "/delete", "/erase", "/password", "/withdraw")
    found = []
    for entry in sorted((e for e in table(app) if e.method == "POST"), key=lambda e: any(word in e.path for word in last)):
        answer = visitor.post(world.path(entry.path))
        where = f"{name}: POST {entry.path} {answer.status_code}"
        if answer.status_code == 303:
            answer = visitor.get(answer.headers["location"])
        found += faults(answer, Data.of(world.campus, *GIVEN), where)
    assert not found, as_lines(found)


def test_every_mail_is_translated(world):
    """The mails about joining, a place, an application, work, its grade and a certificate, to somebody who reads the marked locale."""
    campus = world.campus
    rosa, berta = (make_person(campus, language=pseudo.MARKED, family_name=name) for name in ("Quispe Ñahui", "Berta"))
    _module, activities, *_rest = objects.content(campus, world)
    with campus.database.transaction() as session:
        joining.invite(session, "http://testserver", rosa)
        joining.ask_reset(session, "http://testserver", rosa.email or "")
        application = applying.apply(session, actor_of(campus, rosa), world.cohort, "Para aprender.")
        applying.reject(session, SYSTEM, applying.apply(session, actor_of(campus, berta), world.cohort, "Para.").id or 0, "Otra vez.")
        enrolment = applying.accept(session, SYSTEM, application.id or 0, "Bienvenida.")
    trainee = actor_of(campus, rosa)
    with campus.database.transaction() as session:
        work = submitting.hand_in(session, trainee, session.one(Activity, activities["assignment"]), "Mi mapa.")
        grade = marking.save_grade(session, SYSTEM, work.id or 0, version=0, points=Decimal(80), feedback="Bien.")
        marking.release(session, SYSTEM, [grade.id or 0])
        enrolling.complete(session, SYSTEM, enrolment.id or 0)
    with campus.database.reading() as session:
        found = session.scalars(select(OutboxMessage).where(col(OutboxMessage.locale) == pseudo.MARKED)).all()
        texts = [line for mail in found for line in (mail.subject, *mail.body_text.splitlines())]
    assert len(found) >= 7
    assert untranslated(texts, Data.of(campus, leaving_out="outbox_message")) == []


def test_problems_of_the_api_are_translated(world, app, visit):
    client = visit()
    texts = []
    for path in ("/api/v1/people", "/api/v1/nothing", "/api/v1/cohorts?limit=x", "/api/v1/cohorts?cursor=!"):
        answer = client.get(path, headers={"accept-language": "en-XM"})
        texts += _strings(answer.json(), ("title", "detail"))
    assert texts
    assert untranslated(texts, Data.of(world.campus)) == []


def _strings(value, keys):
    found = re.findall(rf'"(?:{"|".join(keys)})": "((?:[^"\\]|\\.)*)"', json.dumps(value, ensure_ascii=False))
    return [json.loads(f'"{text}"') for text in found]
