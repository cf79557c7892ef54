"""How often somebody gets a summary: chosen in the profile, or ended by the link of a mail."""

from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.kernel import clock, secret_names
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.i18n import N_, LazyText
from lms.kernel.permissions import Actor
from lms.notifications.models import RHYTHMS, DigestChoice

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person

TITLES: dict[str, LazyText] = {"weekly": N_("Once a week, on Monday"), "daily": N_("Every morning"), "never": N_("Never")}
PURPOSE = "digest"
WITHOUT_A_CHOICE = "weekly"
"""For trainees: who studies an hour after work forgets dates, not only those who look for this choice; and a week is how courses go."""


def rhythm_of(session: ReadSession, me: Actor) -> str:
    """What was chosen; without a choice, weekly for trainees and never for others."""
    choice = session.get(DigestChoice, me.id)
    return choice.rhythm if choice else WITHOUT_A_CHOICE if me.has_role("trainee") else "never"


def choose(session: Session, person_id: int, rhythm: str) -> None:
    """Keep a choice. Raises Invalid."""
    if rhythm not in RHYTHMS:
        raise Invalid({"rhythm": N_("Please choose one of the options.")})
    if not session.insert_new(DigestChoice, person_id=person_id, rhythm=rhythm, chosen_at=clock.now()):
        choice = session.lock(DigestChoice, person_id)
        choice.rhythm, choice.chosen_at = rhythm, clock.now()
        session.flush()


def token(secret: bytes, code: str) -> str:
    """What the link of a mail ends with: it lets whoever has it end the mails to this person, and nothing else."""
    return secret_names.signed(secret, PURPOSE, code)


def holder(session: ReadSession, secret: bytes, given: str) -> int:
    """The person to whom the mail with this link went. Raises NotFound."""
    code = secret_names.read(secret, PURPOSE, given)
    person_id: int | None = session.scalar(select(_Person.id).where(_Person.code == code, _Person.erased_at.is_(None)))
    if person_id is None:
        raise NotFound()
    return person_id
