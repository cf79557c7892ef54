"""Pages of staff and tutors: the list of cohorts, a cohort, its settings, its tutors."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from lms.accounts.models import Person
from lms.accounts.zones import timezones
from lms.courses import cohorts, learning, loading, queries
from lms.courses.forms import CohortForm, NewCohortForm, VersionForm
from lms.courses.learning_pages import types_of
from lms.courses.models import Cohort, Course
from lms.courses.refusing import Stand, keeping_both, told_at
from lms.courses.staff_pages import COHORT_STATUS_TITLES, language_options, status_options
from lms.kernel import i18n
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, LazyText, _
from lms.kernel.lists import next_url
from lms.kernel.permissions import Actor
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, page, panels, read_form, redirect, redisplay

pages = Router()
_Person: Any = Person

METHOD_TITLES: dict[str, LazyText] = {
    "staff": N_("Staff enrol people"), "self": N_("People enrol themselves"), "application": N_("People apply, staff choose"),
}  # fmt: skip


def from_clock(value: datetime | None, zone: str) -> datetime | None:
    """The instant at which the clocks of the zone show this."""
    return value.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if value else None


def on_clock(value: datetime | None, zone: str) -> str:
    """What the clocks of the zone show, as a date-and-time field wants it."""
    return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if value else ""


@pages.get("/staff/cohorts", permission="courses.adapt")
def cohorts_page(request: Request, me: Me, session: Read, q: str = "", status: str = "", after: str = "") -> Response:
    """The cohorts that this person looks after."""
    found, following = queries.staff_cohorts(session, me.reach("courses.adapt"), i18n.locale(), q[:200], status, after)
    return page(
        request, "courses/staff_cohorts.html", cohorts=found, q=q, chosen=status, statuses=COHORT_STATUS_TITLES,
        next_url=next_url(request, after=following), status_options=status_options(COHORT_STATUS_TITLES),
    )  # fmt: skip


@pages.get("/staff/courses/{code}/cohorts/new", permission="courses.run")
def new_cohort_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """The form for a cohort of this course."""
    course = loading.load_course(session, me, code, "courses.run")
    suggested = {"title": course.title, "language": course.language, "timezone": me.timezone, "weekly": "on", "code": f"{course.code}-"}
    return page(
        request, "courses/cohort_form.html", form=FormInput({**suggested, "regions": ""}), **_form_context(session, campus, course, None)
    )


@pages.post("/staff/courses/{code}/cohorts/new", permission="courses.run")
def add_cohort(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Make the cohort, with its own copy of the course."""
    course = loading.load_course(session, me, code, "courses.run")
    with redisplay(request, "courses/cohort_form.html", form, **_form_context(session, campus, course, None)):
        given = read_form(NewCohortForm, form)
        values = _values(campus, given)
        cohort = cohorts.create(session, me, types_of(campus), course, code=given.code, regions=given.regions, **values)
    return redirect(request, f"/staff/cohorts/{cohort.code}", _("The cohort has its own copy of the course now."))


def _form_context(session: ReadSession, campus: Campus, course: Course, cohort: Cohort | None) -> dict[str, Any]:
    return {
        "course": course, "cohort": cohort, "languages": language_options(campus),
        "timezones": [(zone, zone.replace("_", " ")) for zone in timezones()],
        "regions": queries.region_options(session, i18n.locale()),
        "methods": [(name, str(title)) for name, title in METHOD_TITLES.items()], "stands": (),
    }  # fmt: skip


def _values(campus: Campus, given: CohortForm) -> dict[str, Any]:
    if given.language not in dict(language_options(campus)):
        raise Invalid({"language": _("Please choose one of the options.")})
    values = given.model_dump(exclude={"regions", "code"})
    return {**values, **{name: from_clock(values[name], given.timezone) for name in ("enrol_from", "enrol_until")}}


@pages.get("/staff/cohorts/{code}", permission="courses.adapt")
def cohort_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """A cohort as staff and tutors see it."""
    cohort = loading.load_cohort(session, me, code, "courses.adapt")
    return page(
        request, "courses/staff_cohort.html", **_cohort_context(session, campus, me, cohort),
        panels=panels(request, session, "staff.cohort", cohort),
    )  # fmt: skip


def _cohort_context(session: ReadSession, campus: Campus, me: Actor, cohort: Cohort) -> dict[str, Any]:
    return {
        "cohort": cohort, "course": session.one(Course, cohort.course_id), "types": types_of(campus), "statuses": COHORT_STATUS_TITLES,
        "parts": learning.outline(session, [cohort.id or 0], None, sees_all=True)[cohort.id or 0], "methods": METHOD_TITLES,
        "regions": queries.regions_of(session, i18n.locale(), [cohort.id or 0]).get(cohort.id or 0, ()),
        "tutors": list(cohorts.tutors(session, cohort.id or 0).items()), "may_edit": True, "may_run": me.can("courses.run", cohort.scope),
        "may_see_course": me.can("courses.view_drafts", cohort.scope), "owner_url": f"/staff/cohorts/{cohort.code}",
    }  # fmt: skip


@pages.get("/staff/cohorts/{code}/edit", permission="courses.run")
def edit_cohort_page(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """The form with the cohort's settings."""
    cohort = loading.load_cohort(session, me, code, "courses.run")
    known = {name: getattr(cohort, name) for name in cohorts.EDITABLE}
    known |= {name: on_clock(getattr(cohort, name), cohort.timezone) for name in ("enrol_from", "enrol_until")}
    known |= {"weekly": "on" if cohort.weekly else "", "version": cohort.version}
    context = _form_context(session, campus, session.one(Course, cohort.course_id), cohort)
    chosen = queries.region_ids(session, cohort.id or 0)
    return page(request, "courses/cohort_form.html", form=FormInput(known), chosen=chosen, **context)


@pages.post("/staff/cohorts/{code}/edit", permission="courses.run")
def save_cohort(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Save the settings."""
    cohort = loading.load_cohort(session, me, code, "courses.run")
    context = _form_context(session, campus, session.one(Course, cohort.course_id), cohort)
    with keeping_both(request, "courses/cohort_form.html", form, context, lambda: _stands(cohort)):
        given, read = read_form(CohortForm, form), read_form(VersionForm, form)
        values = _values(campus, given)
        moves = "move_dates" in form
        cohorts.save(session, me, cohort.id or 0, values, version=read.version, regions=given.regions, move_dates=moves)
    return redirect(request, f"/staff/cohorts/{code}", _("Saved."))


def _stands(cohort: Cohort) -> list[Stand]:
    zone = cohort.timezone
    return [
        (_("Title"), cohort.title), (_("First day"), i18n.format_date(cohort.starts_on)), (_("Last day"), i18n.format_date(cohort.ends_on)),
        (_("Time zone of its deadlines"), zone), (_("Places"), i18n.format_number(cohort.seats)),
        (_("How people get in"), METHOD_TITLES[cohort.enrolment_method]), (_("From"), i18n.format_datetime(cohort.enrol_from, zone)),
        (_("Until"), i18n.format_datetime(cohort.enrol_until, zone)), (_("Question to applicants"), cohort.question),
    ]  # fmt: skip


@pages.post("/staff/cohorts/{code}/status", permission="courses.run")
def set_status(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Publish, close, reopen or take back."""
    cohort = loading.load_cohort(session, me, code, "courses.run")
    with told_at(request, f"/staff/cohorts/{code}"):
        cohorts.set_status(session, me, cohort.id or 0, form.get("status"))
    return redirect(request, f"/staff/cohorts/{code}", _("Saved."))


@pages.post("/staff/cohorts/{code}/tutors", permission="courses.run")
def add_tutor(request: Request, code: str, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Make the person with this address a tutor."""
    cohort = loading.load_cohort(session, me, code, "courses.run")
    shown = {**_cohort_context(session, campus, me, cohort), "panels": panels(request, session, "staff.cohort", cohort)}
    with redisplay(request, "courses/staff_cohort.html", form, **shown):
        email = form.get("email").strip().lower()
        person_id = session.scalar(select(_Person.id).where(_Person.email == email, _Person.erased_at.is_(None))) if email else None
        if person_id is None:
            raise Invalid({"email": N_("There is nobody with this address. Add the person first.")})
        cohorts.add_tutor(session, me, cohort, person_id)
    return redirect(request, f"/staff/cohorts/{code}", _("Saved."))


@pages.post("/staff/cohorts/{code}/tutors/remove", permission="courses.run")
def remove_tutor(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Let a tutor go."""
    cohort = loading.load_cohort(session, me, code, "courses.run")
    person = form.get("person")
    if person.isascii() and person.isdigit() and len(person) < 10:
        cohorts.remove_tutor(session, me, cohort, int(person))
    return redirect(request, f"/staff/cohorts/{code}", _("Saved."))
