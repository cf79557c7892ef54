"""One of everything in the world's cohort: the sample objects that fill the addresses of routes."""

import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from lms.accounts.models import Person
from lms.calendar import addresses
from lms.certificates import issuing, requesting
from lms.courses import picturing
from lms.courses.models import Activity, Cohort, Module
from lms.enrollment import applying, enrolling
from lms.grading import items, marking, submitting
from lms.imports import drafting
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import save_file
from lms.notifications import choosing
from lms.notifications.queries import news_of
from lms.webhooks import endpoints, outbox
from tests.factories import actor_of, make_person
from tests.security.world import World


def add(world: World, other: Cohort) -> None:
    """Enrol, hand in, mark, certify; an application, a job and a file: all in the world's own cohort."""
    campus = world.campus
    with campus.database.transaction() as session:
        for name, cohort in (("own trainee", world.cohort), ("other trainee", other)):
            enrolling.enrol(session, SYSTEM, cohort, world.people[name].id or 0)
    module, activities, course_module, course_activity = content(campus, world)
    certificate, enrolment_id = certify(world)
    applicant, staff = actor_of(campus, make_person(campus)), actor_of(campus, world.people["staff"])
    with campus.database.transaction() as session:
        applying.apply(session, applicant, world.cohort, "To learn.")
        manual = items.add_item(session, SYSTEM, world.cohort, name="Participation", points=Decimal(10))
        job_id = requesting.request_export(session, staff, world.cohort)
    submission, file_id = hand_in(world, activities["assignment"])
    person = world.people["own trainee"]
    for activity_id in (course_activity, activities["assignment"], activities["page"]):
        illustrate(campus, activity_id)

    def sample(pattern: str, **values: Any) -> None:
        world.samples.append((re.compile(pattern), values))

    sample(r"/staff/imports/", code=given(world))
    sample(r"/jobs/", job_id=job_id)
    sample(r"/staff/programme/", code="main")
    sample(r"/people/|/staff/people/", code=person.code)
    sample(r"/confirm/|/reset/", token="no-such-token")
    sample(r"/profile/tokens/", code="no-such-token")
    sample(r"/language/", code="es")
    sample(r"/light/", wish="on")
    sample(r"/staff/courses/.*/preview", code=world.course.code, activity_id=course_activity, number=1, width=480)
    sample(r"/courses/|/staff/courses/.*/texts/", code=world.course.code, language="es")
    sample(r"/staff/courses/", code=world.course.code)
    sample(r"/learn/", code=world.cohort.code, activity_id=activities["assignment"], number=1, width=480)
    sample(r"/staff/cohorts/.*/grades", code=world.cohort.code, item_id=manual.id)
    sample(r"/staff/cohorts/.*/certificates/exports/", code=world.cohort.code, job_id=job_id)
    sample(r"/staff/cohorts/.*/certificates", code=world.cohort.code, certificate=certificate, enrolment_id=enrolment_id)
    sample(r"/cohorts/|/apply/|/staff/cohorts/", code=world.cohort.code)
    webhook, message = tell(world)
    sample(r"/staff/webhooks/", code=webhook, delivery=message)
    sample(r"/staff/\{kind\}/", kind="cohorts", code=world.cohort.code)
    sample(r"/staff/modules/", module_id=module)
    sample(r"/staff/activities/", activity_id=activities["page"], number=1)
    sample(r"/staff/\{part\}/", part="modules", part_id=course_module, language="es")
    sample(r"/verify/|/certificates/", code=certificate)
    sample(r"/submissions/|/marking/", code=submission, file_id=file_id)
    sample(r"/reports/", name="trainees", kind="csv")
    subscribe(world, sample)


def illustrate(campus: Campus, activity_id: int) -> None:
    """An activity has a picture, drawn already."""
    picture = io.BytesIO()
    Image.new("RGB", (480, 320), "teal").save(picture, "PNG")
    with campus.database.transaction() as session:
        picture.seek(0)
        given = picturing.add(session, campus.storage, SYSTEM, activity_id, picture, "map.png", "A map", False)
        picture.seek(0)
        picturing.keep(session, campus.storage, given.file_id, picturing.draw(picture))


def tell(world: World) -> tuple[str, str]:
    """Another system is told of something; answers the codes of the webhook and of a message that waits."""
    with world.campus.database.transaction() as session:
        offered = world.campus.plugins.collect("public_events")
        endpoint = endpoints.create(
            session, SYSTEM, offered, name="", url="https://example.org/", events=["cohort.created"], allows_private=False
        )
        message = outbox.add(session, endpoint.id or 0, outbox.TEST, "{}")
    return endpoint.code, message.code


def subscribe(world: World, sample: Callable[..., None]) -> None:
    """The trainee has a calendar to subscribe to, and news."""
    person, secret = world.people["own trainee"], world.campus.settings.secret
    with world.campus.database.transaction() as session:
        addresses.renew(session, actor_of(world.campus, person))
    with world.campus.database.reading() as session:
        news, _cursor = news_of(session, person.id or 0)
        sample(r"/calendar/", token=addresses.token_of(session, secret, person.id or 0))
    sample(r"/notifications/", code=news[0].code if news else "none", token=choosing.token(secret, person.code))


def given(world: World) -> str:
    """A file that staff gave to be imported; answers its code."""
    staff, importers = actor_of(world.campus, world.people["staff"]), world.campus.plugins.named("importers")
    if not importers:
        return "none"
    with world.campus.database.transaction() as session:
        file = io.BytesIO(b"email,given_name\nana@example.org,Ana\n")
        return drafting.give(session, staff, world.campus.storage, importers["people"], file, "people.csv", "upsert").code


def content(campus: Campus, world: World) -> tuple[int, dict[str, int], int, int]:
    """Ids: the first module of the cohort, its activities by type, the first module of the course and a page of it."""
    with campus.database.reading() as session:
        of_cohort = select(Module).where(col(Module.cohort_id) == world.cohort.id).order_by(col(Module.position))
        of_course = (
            select(Module).where(col(Module.course_id) == world.course.id, col(Module.cohort_id).is_(None)).order_by(col(Module.position))
        )
        module: Module = session.scalars(of_cohort.limit(1)).one()
        course_module: Module = session.scalars(of_course.limit(1)).one()
        activities = {a.type: a.id or 0 for a in session.scalars(select(Activity).where(col(Activity.module_id) == module.id))}
        page = session.scalar(select(Activity.id).where(col(Activity.module_id) == course_module.id, col(Activity.type) == "page"))  # type: ignore[call-overload]  # a column
        return module.id or 0, activities, course_module.id or 0, page


def certify(world: World) -> tuple[str, int]:
    """Another trainee of the cohort has completed it and has a certificate; answers its code and the enrolment."""
    graduate: Person = make_person(world.campus)
    with world.campus.database.transaction() as session:
        enrolment = enrolling.enrol(session, SYSTEM, world.cohort, graduate.id or 0)
        enrolling.complete(session, SYSTEM, enrolment.id or 0)
        certificate = issuing.issue(session, SYSTEM, enrolment.id or 0)
    return certificate.code, enrolment.id or 0


def hand_in(world: World, activity_id: int) -> tuple[str, int]:
    """The trainee of the cohort hands in a text and a file, which a tutor marks; answers the code of the submission and the file."""
    person = world.people["own trainee"]
    trainee = actor_of(world.campus, person)
    with world.campus.database.transaction() as session:
        file = save_file(session, world.campus.storage, b"%PDF-1.7 essay", "essay.pdf", "application/pdf", person.id)
        activity = session.one(Activity, activity_id)
        submission = submitting.hand_in(session, trainee, activity, "My map of actors.", [file])
        marking.save_grade(session, SYSTEM, submission.id or 0, version=0, points=Decimal(80), feedback="Good.")
    return submission.code, file.id or 0
