"""Summaries by mail: what is due and what is new, in the morning of each person, at most once a day."""

import logging
from collections import defaultdict
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, func, select

from lms.accounts.models import Account, Person
from lms.kernel import clock, dates, i18n, mail
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid
from lms.kernel.jobs import JobRun
from lms.kernel.permissions import Actor, RoleGrant
from lms.notifications import choosing, queries
from lms.notifications.models import DigestChoice, DigestTurn

log = logging.getLogger(__name__)
MORNING = range(6, 12)
"""Hours of a person's day. There are several, so that a worker that was away for a while still finds the morning."""
AHEAD = timedelta(days=7)
MOST = 20
"""News in one mail; there are more on the page."""

# SQLModel types a column as its value; in a statement it is a column.
_Person: Any = Person
_Account: Any = Account
_Grant: Any = RoleGrant
_Choice: Any = DigestChoice
_Turn: Any = DigestTurn

_is_trainee = select(_Grant.id).where(_Grant.person_id == _Person.id, _Grant.role == "trainee").exists()
_rhythm: Any = func.coalesce(_Choice.rhythm, case((_is_trainee, choosing.WITHOUT_A_CHOICE), else_="never"))
_had_turn = select(_Turn.person_id).where(_Turn.person_id == _Person.id, _Turn.day == bindparam("day")).exists()
_READERS: Any = (
    select(_Person.id)
    .join(Account, _Account.person_id == _Person.id)
    .outerjoin(DigestChoice, _Choice.person_id == _Person.id)
    .where(
        _Person.erased_at.is_(None),
        _Person.email.is_not(None),
        _Account.email_confirmed_at.is_not(None),
        _Person.timezone.in_(bindparam("zones", expanding=True)),
        _rhythm.in_(bindparam("rhythms", expanding=True)),
        ~_had_turn,
    )
    .order_by(_Person.id)
)
_LAST: Any = select(func.max(_Turn.done_at)).where(_Turn.person_id == bindparam("person_id"))


def send_due(run: JobRun) -> dict[str, Any]:
    """The job: every hour, a summary to each person whose morning it is and whose turn it is today."""
    with run.database.reading() as session:
        waiting = [(person_id, day) for day, zones in _mornings(session).items() for person_id in _readers(session, day, zones)]
    sent = 0
    for number, (person_id, day) in enumerate(waiting):
        run.progress(number, len(waiting))
        try:
            sent += take_turn(run, person_id, day)
        except Exception:  # what is wrong with one person's summary must not cost the others theirs
            log.exception("no summary for person %s", person_id)
    return {"turns": len(waiting), "sent": sent}


def _mornings(session: ReadSession) -> dict[date, list[str]]:
    """The zones of people in which it is morning now, by the day that it is there."""
    found: dict[date, list[str]] = defaultdict(list)
    for zone in session.scalars(select(_Person.timezone).distinct()):
        local = clock.now().astimezone(i18n.zone_of(zone))
        if local.hour in MORNING:
            found[local.date()].append(zone)
    return found


def _readers(session: ReadSession, day: date, zones: list[str]) -> list[int]:
    is_monday = day.weekday() == 0
    values = {"day": day, "zones": zones, "rhythms": ["daily", "weekly"] if is_monday else ["daily"]}
    return [row.id for row in session.rows(_READERS, values)]


def take_turn(run: JobRun, person_id: int, day: date) -> bool:
    """Write a person's summary where there is something to say; answers whether there was.

    The turn and the mail are one transaction: of two workers one gets through, and one that is killed leaves both or neither.
    """
    now = clock.now()
    with run.database.reading() as session:
        actor: Actor | None = run.plugins.viewer(session, person_id)
        if actor is None or choosing.rhythm_of(session, actor) == "never":  # chosen since the list was made
            return False
        found = summary(run.plugins, session, actor, now)
    with run.database.transaction() as session:
        is_mine = session.insert_new(DigestTurn, person_id=person_id, day=day, done_at=now, was_sent=bool(found))
        if not is_mine or not found:
            return False
        person = session.one(Person, person_id)
        path = f"/notifications/unsubscribe/{choosing.token(run.settings.secret, person.code)}"
        with suppress(Invalid):  # an address that cannot be written to: its turn is over all the same
            mail.send(
                session, person.email or "", "notifications/mail/digest", person.language, has_html=True,
                unsubscribe_url=f"{session.hub.base_url}{path}", unsubscribe_path=path, zone=person.timezone,
                name=person.given_name or person.family_name, **found,
            )  # fmt: skip
        return True


def summary(plugins: Any, session: ReadSession, actor: Actor, now: datetime) -> dict[str, Any]:
    """What a person's summary says: what is due within a week, and what has happened since the last one; nothing where there is neither."""
    due = [entry for entry in dates.gather(plugins, session, actor, now, now + AHEAD) if entry.state == "todo"]
    last: datetime | None = session.scalar(_LAST, {"person_id": actor.id})
    since = max(last, now - AHEAD) if last else now - AHEAD
    news = queries.unread(session, actor.id or 0, since, MOST)
    return {"due": due, "news": news} if due or news else {}
