"""What enrolments add to the pages of other plugins."""

from collections.abc import Iterator, Sequence
from typing import Any

from lms.accounts.models import Person
from lms.courses.models import Cohort
from lms.courses.queries import CohortCard
from lms.enrollment import entering, places, queries, quiet
from lms.enrollment.models import OPEN_APPLICATION_STATES
from lms.enrollment.titles import APPLICATION_TITLES, BADGES, ENROLMENT_TITLES
from lms.kernel.database import ReadSession
from lms.kernel.i18n import _, counted, format_number
from lms.kernel.permissions import Actor
from lms.plugin import CohortFigure, Panel


def way_in(session: ReadSession, actor: Actor, cohort: Cohort) -> Panel:
    """On the public page of a cohort: how to get in, or how one stands. Two queries, one for a visitor."""
    return Panel("enrollment/way_in.html", context_of(session, actor, cohort))


def context_of(session: ReadSession, actor: Actor, cohort: Cohort) -> dict[str, Any]:
    """How this person stands towards the cohort, and what can be done."""
    left = places.left(session, cohort)
    standing = queries.standing(session, cohort.id or 0, actor.id)
    return {
        "cohort": cohort, "left": left, "standing": standing, "way": entering.way_in(cohort, standing, left),
        "application_titles": APPLICATION_TITLES, "badges": BADGES,
    }  # fmt: skip


def cohort_desk(session: ReadSession, actor: Actor, cohort: Cohort) -> Panel | None:
    """On staff's page of a cohort: figures and the way to the lists. Two queries."""
    if not actor.can("enrollment.view", cohort.scope):
        return None
    counts = queries.counts(session, cohort.id or 0)
    return Panel(
        "enrollment/cohort_desk.html",
        {
            "cohort": cohort, "counts": counts, "left": None if cohort.seats is None else max(0, cohort.seats - counts.taken),
            "may_enrol": actor.can("enrollment.enrol", cohort.scope), "may_select": actor.can("enrollment.select", cohort.scope),
        },
    )  # fmt: skip


def today(session: ReadSession, actor: Actor, _subject: object) -> Panel | None:
    """On the page of today: applications that wait for an answer. One query."""
    waiting = [a for a in queries.applications_of(session, actor.id or 0) if a.status in OPEN_APPLICATION_STATES]
    return Panel("enrollment/today.html", {"applications": waiting}) if waiting else None


def staff_home(session: ReadSession, actor: Actor, _subject: object) -> Panel | None:
    """On the programme desk: where applications wait. One query."""
    boards = queries.waiting_boards(session, actor.reach("enrollment.select"))
    return Panel("enrollment/staff_home.html", {"boards": boards}) if boards else None


def person_desk(session: ReadSession, actor: Actor, person: Person) -> Panel | None:
    """On staff's page of a person: where the person takes part, as far as the viewer may know. Two queries."""
    reach = actor.reach("enrollment.view")
    return Panel(
        "enrollment/person_desk.html",
        {
            "enrolments": queries.participations(session, person.id or 0, reach),
            "applications": queries.applications_of(session, person.id or 0, reach),
            "enrolment_titles": ENROLMENT_TITLES, "application_titles": APPLICATION_TITLES, "badges": BADGES,
        },
    )  # fmt: skip


def cohort_figures(session: ReadSession, me: Actor, cohorts: Sequence[CohortCard]) -> dict[int, list[CohortFigure]]:
    """In lists of cohorts: how many take part, how many wait for a decision, how many have gone quiet. Three queries."""
    ids = [cohort.id for cohort in cohorts]
    figures, silent = queries.counts_of(session, ids, me.reach("enrollment.view")), quiet.counted(session, me, ids)
    return {cohort.id: list(_figures(cohort, figures[cohort.id], silent.get(cohort.id, 0))) for cohort in cohorts}


def _figures(cohort: CohortCard, counts: queries.Counts, silent: int) -> Iterator[CohortFigure]:
    desk = f"/staff/cohorts/{cohort.code}"
    if counts.waiting:
        text = counted("{n} application waits", "{n} applications wait", counts.waiting)
        yield CohortFigure(text, f"{desk}/applications", asks=True)
    if cohort.seats is not None:
        yield CohortFigure(
            _("{taken} of {seats} places taken").format(taken=format_number(counts.taken), seats=format_number(cohort.seats)),
            f"{desk}/trainees",
        )
    elif counts.present:
        yield CohortFigure(counted("{n} takes part", "{n} take part", counts.present), f"{desk}/trainees")
    if done := counts.enrolments.get("completed", 0):
        yield CohortFigure(counted("{n} has completed", "{n} have completed", done), f"{desk}/trainees?status=completed")
    if silent:
        yield CohortFigure(counted("{n} has gone quiet", "{n} have gone quiet", silent), f"{desk}/trainees")


def gone_quiet(session: ReadSession, me: Actor, _subject: object) -> Panel | None:
    """Beside the marking queue: of whom nothing was heard for a while. One query."""
    return Panel("enrollment/quiet.html", {"quiet": quiet.quiet(session, me)})
