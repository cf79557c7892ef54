"""Pages for everybody: getting into a cohort, applying, giving a place back, one's own courses."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from starlette.responses import Response

from lms.enrollment import applying, enrolling, queries, staff_pages
from lms.enrollment.forms import AnswerForm
from lms.enrollment.loading import load_public
from lms.enrollment.models import Application
from lms.enrollment.panels import context_of
from lms.enrollment.titles import APPLICATION_TITLES, BADGES, ENROLMENT_TITLES
from lms.kernel.errors import Forbidden, NotFound, Refused, SignInNeeded
from lms.kernel.i18n import _
from lms.kernel.permissions import PUBLIC, SIGNED_IN
from lms.kernel.web import Again, Form, Me, Read, Router, Write, page, read_form, redirect, redisplay

pages = Router()


@contextmanager
def told_at(request: Request, url: str) -> Iterator[None]:
    """Go on to a page that tells the reason, when the block refuses; what it has written is undone."""
    try:
        yield
    except (NotFound, Forbidden, SignInNeeded):
        raise
    except Refused as refusal:
        raise Again(redirect(request, url, refusal.sentence(), "no")) from refusal


@pages.get("/apply/{code}", permission=PUBLIC)
def apply_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """The question and the form; or the own application and how it stands."""
    cohort = load_public(session, me, code)
    context = context_of(session, me, cohort)
    application_id = context["standing"].application_id
    if cohort.enrolment_method != "application" and application_id is None:
        return redirect(request, f"/cohorts/{code}")
    application = session.get(Application, application_id) if application_id else None
    return page(request, "enrollment/apply.html", application=application, **context)


@pages.post("/apply/{code}", permission=SIGNED_IN)
def apply(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Apply."""
    cohort = load_public(session, me, code)
    context = context_of(session, me, cohort)
    with redisplay(request, "enrollment/apply.html", form, application=None, **context):
        applying.apply(session, me, cohort, read_form(AnswerForm, form).answer)
    return redirect(request, f"/apply/{code}", _("We received your application. A copy is in your mail."))


@pages.post("/apply/{code}/withdraw", permission=SIGNED_IN)
def withdraw_application(request: Request, code: str, me: Me, session: Write) -> Response:
    """Take the own application back."""
    cohort = load_public(session, me, code)
    standing = queries.standing(session, cohort.id or 0, me.id)
    if standing.application_id is None:
        raise NotFound()
    with told_at(request, f"/apply/{code}"):
        applying.withdraw_application(session, me, standing.application_id)
    return redirect(request, f"/cohorts/{code}", _("Your application is withdrawn."))


@pages.post("/cohorts/{code}/enrol", permission=SIGNED_IN)
def enrol(request: Request, code: str, me: Me, session: Write) -> Response:
    """Take a place."""
    cohort = load_public(session, me, code)
    with told_at(request, f"/cohorts/{code}"):
        enrolling.enrol_self(session, me, cohort)
    return redirect(request, f"/learn/{code}", _("You have a place. Welcome."))


@pages.post("/cohorts/{code}/withdraw", permission=SIGNED_IN)
def withdraw(request: Request, code: str, me: Me, session: Write) -> Response:
    """Give the own place back."""
    cohort = load_public(session, me, code)
    enrolment = queries.enrolment_of(session, cohort.id or 0, me.id or 0)
    if enrolment is None:
        raise NotFound()
    with told_at(request, f"/cohorts/{code}"):
        enrolling.withdraw(session, me, enrolment.id or 0)
    return redirect(request, f"/cohorts/{code}", _("Your place is free again. Thank you for telling us."))


@pages.get("/my-courses", permission=SIGNED_IN)
def my_courses(request: Request, me: Me, session: Read) -> Response:
    """Every cohort the person has or had a place in, and every application."""
    return page(
        request, "enrollment/my_courses.html", enrolments=queries.participations(session, me.id or 0),
        applications=queries.applications_of(session, me.id or 0), enrolment_titles=ENROLMENT_TITLES,
        application_titles=APPLICATION_TITLES, badges=BADGES,
    )  # fmt: skip


# One router to a plugin; `include_router` would lose what each route declares.
pages.routes.extend(staff_pages.pages.routes)
