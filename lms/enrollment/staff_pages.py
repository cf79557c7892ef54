"""Pages of staff and tutors: the trainees of a cohort, enrolling people, the board of applications."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.accounts.queries import person_by_code
from lms.accounts.titles import ORGANISATION_TITLES
from lms.courses.loading import load_cohort
from lms.courses.models import Cohort
from lms.enrollment import batches, enrolling, queries
from lms.enrollment.batches import Outcome
from lms.enrollment.forms import AddressesForm, DecisionForm, NoteForm, PersonForm, StatusForm
from lms.enrollment.models import APPLICATION_STATES, ENROLMENT_STATES, OPEN_APPLICATION_STATES
from lms.enrollment.titles import APPLICATION_TITLES, BADGES, ENROLMENT_TITLES, METHOD_TITLES
from lms.kernel.database import ReadSession
from lms.kernel.i18n import N_, LazyText, _, counted
from lms.kernel.lists import next_url
from lms.kernel.permissions import Actor
from lms.kernel.web import Form, Me, Read, Router, Write, page, read_form, redirect, redisplay

pages = Router()
MOVE_TITLES = {
    "suspended": N_("Suspend"), "active": N_("Reactivate"), "completed": N_("Set as completed"), "failed": N_("Set as failed"),
    "withdrawn": N_("Withdraw: the place becomes free"),
}  # fmt: skip


@pages.get("/staff/cohorts/{code}/trainees", permission="enrollment.view")
def trainees_page(
    request: Request, code: str, me: Me, session: Read, q: str = "", status: str = "", after: str = "", tick: str = ""
) -> Response:
    """Who takes part. Who is suspended or has withdrawn is shown when asked for. `tick`: everybody on the page is ticked."""
    cohort = load_cohort(session, me, code, "enrollment.view")
    context = _trainees_context(request, session, me, cohort, q[:200], status, after)
    return page(request, "enrollment/trainees.html", **{**context, "tick": tick})


@pages.post("/staff/cohorts/{code}/trainees", permission="enrollment.enrol")
def change_trainees(
    request: Request, code: str, me: Me, session: Write, form: Form, q: str = "", status: str = "", after: str = ""
) -> Response:
    """Give everybody who is ticked another state."""
    cohort = load_cohort(session, me, code, "enrollment.enrol")
    seen = (q[:200], status, after)
    with redisplay(request, "enrollment/trainees.html", form, **_trainees_context(request, session, me, cohort, *seen)):
        given = read_form(StatusForm, form)
        outcome = batches.change_enrolments(session, me, cohort, given.enrolment, given.status)
    if outcome.refused:
        context = _trainees_context(request, session, me, cohort, *seen)
        return page(request, "enrollment/trainees.html", form=form, **{**context, "outcome": outcome})
    message = counted("{n} enrolment changed.", "{n} enrolments changed.", outcome.done)
    return redirect(request, f"/staff/cohorts/{code}/trainees?{request.url.query}", message)


def _trainees_context(request: Request, session: ReadSession, me: Actor, cohort: Cohort, q: str, status: str, after: str) -> dict[str, Any]:
    wanted = {"": queries.PRESENT, "all": ENROLMENT_STATES}.get(status) or tuple(s for s in ENROLMENT_STATES if s == status)
    rows, following = queries.trainees(session, cohort.id or 0, q, wanted, after)
    shared = _shared(session, me, cohort)
    counts = shared["counts"]
    return {
        **shared, "trainees": rows, "q": q, "state": status, "moves": [(key, str(title)) for key, title in MOVE_TITLES.items()],
        "next_url": next_url(request, after=following), "query": request.url.query, "method_titles": METHOD_TITLES,
        "total": None if q else sum(counts.enrolments.get(state, 0) for state in wanted),
        "state_options": _states(_("Taking part"), counts.present, ENROLMENT_TITLES, counts.enrolments),
    }  # fmt: skip


def _states(first: str, number: int, titles: dict[str, LazyText], counts: dict[str, int]) -> list[tuple[str, str]]:
    """The choice of a state, each with how many there are; `first` is what is shown when nothing is chosen."""
    options = [("", first, number), *((key, str(title), counts[key]) for key, title in titles.items() if counts.get(key))]
    return [(key, f"{title} ({n})") for key, title, n in [*options, ("all", _("Every state"), sum(counts.values()))]]


@pages.get("/staff/cohorts/{code}/enrol", permission="enrollment.enrol")
def enrol_page(request: Request, code: str, me: Me, session: Read, q: str = "", person: str = "") -> Response:
    """Look for people and enrol them; or paste their addresses. `person`: somebody who was just added."""
    cohort = load_cohort(session, me, code, "enrollment.enrol")
    return page(request, "enrollment/enrol.html", **_enrol_context(session, me, cohort, q[:200], person))


@pages.post("/staff/cohorts/{code}/enrol", permission="enrollment.enrol")
def enrol_person(request: Request, code: str, me: Me, session: Write, form: Form, q: str = "") -> Response:
    """Enrol one person who was found."""
    cohort = load_cohort(session, me, code, "enrollment.enrol")
    with redisplay(request, "enrollment/enrol.html", form, **_enrol_context(session, me, cohort, q[:200])):
        person = person_by_code(session, read_form(PersonForm, form).person)
        enrolling.enrol(session, me, cohort, person.id or 0)
    return redirect(request, f"/staff/cohorts/{code}/enrol?{request.url.query}", _("{name} is enrolled.").format(name=person.name))


@pages.post("/staff/cohorts/{code}/enrol/addresses", permission="enrollment.enrol")
def enrol_addresses(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Enrol everybody whose address was pasted; those who could not be come back with the reason."""
    cohort = load_cohort(session, me, code, "enrollment.enrol")
    with redisplay(request, "enrollment/enrol.html", form, **_enrol_context(session, me, cohort, "")):
        outcome = batches.enrol_addresses(session, me, cohort, read_form(AddressesForm, form).addresses)
    if outcome.refused:
        return page(request, "enrollment/enrol.html", **{**_enrol_context(session, me, cohort, ""), "outcome": outcome})
    message = counted("{n} person is enrolled.", "{n} people are enrolled.", outcome.done)
    return redirect(request, f"/staff/cohorts/{code}/trainees", message)


def _enrol_context(session: ReadSession, me: Actor, cohort: Cohort, q: str, person: str = "") -> dict[str, Any]:
    # Only who may see people may look for them; an address one knows is enough to enrol somebody.
    may_search = me.can("accounts.view_people")
    found, has_more = queries.candidates(session, cohort.id or 0, q, person) if may_search else ([], False)
    return {**_shared(session, me, cohort), "q": q, "candidates": found, "has_more": has_more, "may_search": may_search,
            "may_add": me.can("accounts.edit_people")}  # fmt: skip


@pages.get("/staff/cohorts/{code}/applications", permission="enrollment.select")
def applications_page(request: Request, code: str, me: Me, session: Read, status: str = "", after: str = "", tick: str = "") -> Response:
    """The board: what applicants answered, first come first. `tick`: everybody on the page is ticked."""
    cohort = load_cohort(session, me, code, "enrollment.select")
    return page(request, "enrollment/applications.html", **{**_board_context(request, session, me, cohort, status, after), "tick": tick})


@pages.post("/staff/cohorts/{code}/applications", permission="enrollment.select")
def decide_applications(request: Request, code: str, me: Me, session: Write, form: Form, status: str = "", after: str = "") -> Response:
    """Accept or reject everybody who is ticked, or the one whose own button was used."""
    cohort = load_cohort(session, me, code, "enrollment.select")
    with redisplay(request, "enrollment/applications.html", form, **_board_context(request, session, me, cohort, status, after)):
        given = read_form(DecisionForm, form)
        decision = "accepted" if given.accept else "rejected" if given.reject else given.decision
        alone = given.accept or given.reject
        outcome = batches.decide(session, me, cohort, [alone] if alone else given.application, decision, given.note)
    if outcome.refused:
        context = _board_context(request, session, me, cohort, status, after)
        return page(request, "enrollment/applications.html", form=form, **{**context, "outcome": outcome})
    done = {"accepted": counted("{n} person is accepted.", "{n} people are accepted.", outcome.done),
            "rejected": counted("{n} person is rejected.", "{n} people are rejected.", outcome.done)}[decision]  # fmt: skip
    return redirect(request, f"/staff/cohorts/{code}/applications?status={status}", done)


@pages.post("/staff/cohorts/{code}/applications/rest", permission="enrollment.select")
def reject_rest(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Reject everybody who still waits."""
    cohort = load_cohort(session, me, code, "enrollment.select")
    with redisplay(request, "enrollment/applications.html", form, **_board_context(request, session, me, cohort, "", "")):
        outcome = batches.reject_rest(session, me, cohort, read_form(NoteForm, form).note)
    message = counted("{n} person is rejected.", "{n} people are rejected.", outcome.done)
    return redirect(request, f"/staff/cohorts/{code}/applications", message)


def _board_context(request: Request, session: ReadSession, me: Actor, cohort: Cohort, status: str, after: str) -> dict[str, Any]:
    wanted = {"": OPEN_APPLICATION_STATES, "all": APPLICATION_STATES}.get(status) or tuple(s for s in APPLICATION_STATES if s == status)
    rows, following = queries.applicants(session, cohort.id or 0, wanted, after)
    shared = _shared(session, me, cohort)
    counts = shared["counts"]
    return {
        **shared, "applicants": rows, "state": status, "query": request.url.query, "next_url": next_url(request, after=following),
        "organisation_titles": ORGANISATION_TITLES,
        "state_options": _states(_("All that wait"), counts.waiting, APPLICATION_TITLES, counts.applications),
    }  # fmt: skip


def _shared(session: ReadSession, me: Actor, cohort: Cohort) -> dict[str, Any]:
    counts = queries.counts(session, cohort.id or 0)
    return {
        "cohort": cohort, "counts": counts, "left": None if cohort.seats is None else max(0, cohort.seats - counts.taken),
        "may_enrol": me.can("enrollment.enrol", cohort.scope), "may_select": me.can("enrollment.select", cohort.scope),
        "may_see_people": me.can("accounts.view_people"), "outcome": Outcome(), "tick": "", "enrolment_titles": ENROLMENT_TITLES,
        "application_titles": APPLICATION_TITLES, "badges": BADGES,
    }  # fmt: skip
