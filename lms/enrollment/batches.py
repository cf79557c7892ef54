"""One action for many people: what can be done is done, and whoever it could not be done for comes back with the reason."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.accounts.queries import names
from lms.courses.models import Cohort
from lms.enrollment import applying, enrolling, places
from lms.enrollment.models import OPEN_APPLICATION_STATES, Application, Enrolment
from lms.kernel.database import Session
from lms.kernel.errors import Invalid, NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, require

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Application: Any = Application
_Enrolment: Any = Enrolment

MANY = 500
"""People in one action."""
_BETWEEN = re.compile(r"[\s,;]+")
_BRACKETED = re.compile(r"<([^<>]*)>")


class Unknown(Refused):
    """Nobody here has this address."""

    message = N_("Nobody with this address is known here yet.")


class NoAddress(Refused):
    """Something else was pasted."""

    message = N_("This is not an e-mail address.")


class FewerPlaces(Refused):
    """More people were chosen than places are left: staff choose, not the order of a list."""

    message = N_("Ticked: {chosen}. Places left: {left}. Nobody was accepted yet; please tick fewer.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody for whom it could not be done."""

    key: str
    """What was asked for: an address, or the id of an enrolment or application."""
    name: str
    reason: str
    is_unknown: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    done: int = 0
    refused: list[Refusal] = field(default_factory=list)


def addresses(text: str) -> list[str]:
    """The addresses in a text that was pasted, each once: between spaces, commas, semicolons or lines, or `Name <address>`."""
    bracketed = _BRACKETED.findall(text)
    # "Ana Rojas <ana@example.org>": with brackets, what stands around them are names.
    plain = [word for word in _BETWEEN.split(_BRACKETED.sub(" ", text)) if "@" in word or not bracketed]
    found = [word.strip().strip("<>\"'").lower() for word in [*plain, *bracketed]]
    return list(dict.fromkeys(word for word in found if word))


def enrol_addresses(session: Session, actor: Actor, cohort: Cohort, text: str) -> Outcome:
    """Enrol everybody whose address is in the text. Raises Forbidden, Invalid."""
    require(actor, "enrollment.enrol", cohort.scope)
    wanted = addresses(text)
    if not wanted:
        raise Invalid({"addresses": N_("Please paste at least one e-mail address.")})
    if len(wanted) > MANY:
        raise Invalid({"addresses": N_("At most {many} addresses at a time.").format(many=MANY)})
    rows: Any = session.execute(select(_Person.email, _Person.id).where(_Person.email.in_(wanted), _Person.erased_at.is_(None)))
    known: dict[str, int] = dict(rows.all())
    outcome = Outcome()
    for address in wanted:
        person_id = known.get(address)
        if person_id is not None:
            _try(session, outcome, address, address, partial(enrolling.enrol, session, actor, cohort, person_id))
        else:
            reason = Unknown() if "@" in address else NoAddress()
            outcome.refused.append(Refusal(address, address, reason.sentence(), is_unknown="@" in address))
    return outcome


def change_enrolments(session: Session, actor: Actor, cohort: Cohort, enrolment_ids: Iterable[int], status: str) -> Outcome:
    """Give these enrolments of the cohort another state. Raises Forbidden, NotFound, Invalid."""
    require(actor, "enrollment.enrol", cohort.scope)
    if status not in ("active", "suspended", "completed", "failed", "withdrawn"):
        raise Invalid({"status": N_("Please choose one of the options.")})
    people = _people(session, _Enrolment, cohort, enrolment_ids)
    outcome = Outcome()
    for enrolment_id, name in people.items():
        _try(session, outcome, str(enrolment_id), name, partial(enrolling.set_status, session, actor, enrolment_id, status))
    return outcome


def decide(session: Session, actor: Actor, cohort: Cohort, application_ids: Iterable[int], status: str, note: str = "") -> Outcome:
    """Accept or reject these applications to the cohort; all are written the same note.

    Raises Forbidden, NotFound, Invalid; FewerPlaces where more people are to be accepted than places are left.
    """
    require(actor, "enrollment.select", cohort.scope)
    if status not in ("accepted", "rejected"):
        raise Invalid({"": N_("Please choose one of the options.")})
    people = _people(session, _Application, cohort, application_ids)
    if status == "accepted":
        _check_places(session, cohort, people)
    act = applying.accept if status == "accepted" else applying.reject
    outcome = Outcome()
    for application_id, name in people.items():
        _try(session, outcome, str(application_id), name, partial(act, session, actor, application_id, note))
    return outcome


def reject_rest(session: Session, actor: Actor, cohort: Cohort, note: str = "") -> Outcome:
    """Reject every application to the cohort that still waits; all are written the same note. Raises Forbidden."""
    require(actor, "enrollment.select", cohort.scope)
    waiting = select(_Application.id).where(_Application.cohort_id == cohort.id, _Application.status.in_(OPEN_APPLICATION_STATES))
    ids = list(session.scalars(waiting.order_by(_Application.id).limit(MANY)))
    return decide(session, actor, cohort, ids, "rejected", note) if ids else Outcome()


def _check_places(session: Session, cohort: Cohort, people: dict[int, str]) -> None:
    left = places.left(session, session.lock(Cohort, cohort.id))
    waiting = select(_Application.id).where(_Application.id.in_(people), _Application.status.in_(_acceptable()))
    chosen = len(list(session.scalars(waiting)))
    if left is not None and chosen > left > 0:
        raise FewerPlaces(left=left, chosen=chosen)
    if left == 0 and chosen:
        raise places.NoPlaceLeft(seats=cohort.seats)


def _acceptable() -> list[str]:
    return [state for state, moves in applying.MOVES.items() if "accepted" in moves]


def _people(session: Session, table: Any, cohort: Cohort, ids: Iterable[int]) -> dict[int, str]:
    """The name behind each id, in the order of the ids, which is the order of locking. Raises NotFound for one of another cohort."""
    wanted = sorted(set(ids))
    if not wanted:
        raise Invalid({"": N_("Please tick at least one person.")})
    if len(wanted) > MANY:
        raise Invalid({"": N_("At most {many} people at a time.").format(many=MANY)})
    rows: Any = session.execute(select(table.id, table.person_id).where(table.id.in_(wanted), table.cohort_id == cohort.id))
    owners: dict[int, int] = dict(rows.all())
    if len(owners) < len(wanted):
        raise NotFound()
    named = names(session, owners.values())
    return {identifier: named.get(owners[identifier], "") for identifier in wanted}


def _try(session: Session, outcome: Outcome, key: str, name: str, act: Callable[[], object]) -> None:
    """Do it, or note why not; what a refused attempt has written is undone."""
    try:
        with session.attempt():
            act()
    except Refused as refusal:
        outcome.refused.append(Refusal(key, name, refusal.sentence()))
    else:
        outcome.done += 1
