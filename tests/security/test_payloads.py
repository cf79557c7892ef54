"""Texts made to do harm, in every field that is shown again: they stay text on every page, and upset nothing."""

from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute

from lms.courses import editing
from lms.courses.models import Activity
from lms.enrollment import enrolling
from lms.grading import marking, submitting
from lms.kernel.errors import Refused
from lms.kernel.permissions import SYSTEM
from tests.courses.test_safety import harm_in
from tests.factories import actor_of, make_cohort, make_course, make_person
from tests.security import objects, payloads
from tests.security.world import World, build

pytestmark = pytest.mark.parametrize("campus", ["sqlite"], indirect=True)
ASKED = ("q", "role", "after", "before", "status", "cohort", "state", "action", "kind", "year", "by", "language", "next", "person", "email")


@pytest.fixture
def world(campus) -> World:
    """The campus with two of everything, and a payload in every text of it."""
    made, other = build(campus)
    objects.add(made, other)
    fill(made, payloads.PAYLOADS)
    return made


def fill(world: World, texts: tuple[str, ...]) -> None:
    """A course, its parts, people and their work, all of them named by payloads."""
    campus = world.campus
    everything = "\n\n".join(texts)
    activities = tuple({"title": text.strip() or "x", "body": everything} for text in texts[:30])
    exercise = {"title": texts[0], "type": "assignment", "completion": "submitted", "body": everything,
                "form": {"points": "10", "pass_points": "5", "allow_text": "on", "max_files": "0"}}  # fmt: skip
    course = make_course(
        campus, "EVIL", title=texts[1], summary=texts[2], description=everything, activities=(exercise, *activities), modules=1
    )
    with campus.database.transaction() as session:
        editing.save_course_text(session, SYSTEM, course, "es", title=texts[3], summary=texts[4], description=everything)
    cohort = make_cohort(campus, course, code="EVIL-1", title=texts[5], question=texts[6], seats=200)
    _module, ids, _course_module, _course_activity = objects.content(campus, World(campus, course, cohort))
    for number, text in enumerate(texts):
        try:
            person = make_person(
                campus, given_name=text[:120], family_name=text[-120:], certificate_name=text[:200], email=f"p{number}@example.org"
            )
        except Refused:
            continue  # a name of nothing but invisible signs is none
        with campus.database.transaction() as session:
            enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
        trainee = actor_of(campus, person)
        with campus.database.transaction() as session:
            activity = session.one(Activity, ids["assignment"])
            work = submitting.hand_in(session, trainee, activity, text if text.strip("\0 \ufeff") else "x")
            marking.save_grade(session, SYSTEM, work.id or 0, version=0, points=None, feedback=everything)


def addresses(world: World, app) -> list[str]:
    """Every page of the site, of the world's own objects and of those named by payloads."""
    paths = [r.path for r in app.routes if isinstance(r, APIRoute) and "GET" in (r.methods or ()) and not r.path.startswith("/api/")]
    own = [world.path(path) for path in paths]
    return [*own, *(path.replace("MINE-1", "EVIL-1").replace("/MINE", "/EVIL") for path in own if "MINE" in path)]


@pytest.mark.parametrize("name", ["administrator", "own trainee", "nobody"])
def test_no_payload_becomes_an_element_or_an_attribute_that_acts(world, app, visit, name):
    visitor = world.browser(name, visit())
    wrong, seen = [], 0
    for path in addresses(world, app):
        answer = visitor.get(path)
        if answer.status_code >= 500:
            wrong.append(f"{path}: {answer.status_code}")
        elif answer.headers.get("content-type", "").startswith("text/html"):
            seen += answer.text.count("alert(1)")
            wrong += [f"{path}: {harm}" for harm in harm_in(answer.text)]
    assert wrong == []
    assert seen > 20 or name != "administrator", "no payload was shown: this tries nothing"


def test_no_payload_breaks_a_search(world, app, visit):
    visitor = world.browser("administrator", visit())
    wrong = []
    pages = ["/", "/staff/people", "/staff/audit", "/staff/mail", "/marking", "/reports/trainees", "/staff/cohorts", "/sign-in",
             "/staff/cohorts/EVIL-1/trainees", "/staff/cohorts/EVIL-1/applications", "/staff/cohorts/EVIL-1/enrol"]  # fmt: skip
    for path in pages:
        assert visitor.get(path).status_code in (200, 303)
        for text in (*payloads.PAYLOADS, *payloads.naughty()[:: 1 if payloads.FULL else 50]):
            answer = visitor.get(f"{path}?" + "&".join(f"{name}={quote(text)}" for name in ASKED))
            if answer.status_code >= 500 or harm_in(answer.text):
                wrong.append(f"{path} {text!r}: {answer.status_code} {harm_in(answer.text)}")
    assert wrong == []


def test_naughty_strings_are_kept_or_refused_in_the_fields_that_people_fill(world, visit):
    """Every one of them goes into the profile and comes back as it was tidied, or is refused with a sentence."""
    visitor = world.browser("own trainee", visit())
    wrong = []
    for text in (*payloads.PAYLOADS, *payloads.naughty()[:: 1 if payloads.FULL else 15]):
        given = {"given_name": text[:120], "family_name": "Quispe", "certificate_name": text[:200], "organisation": text[:200],
                 "language": "en", "timezone": "UTC", "gender": "undisclosed", "organisation_type": "other"}  # fmt: skip
        answer = visitor.post("/profile", **given)
        shown = visitor.get("/profile")
        if answer.status_code not in (303, 422) or shown.status_code != 200 or harm_in(shown.text) or harm_in(answer.text):
            wrong.append(f"{text!r}: {answer.status_code} {harm_in(shown.text)}")
    assert wrong == []
