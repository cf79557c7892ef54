"""Events are told inside the transaction that raised them; guards are asked before."""

from typing import Any

import pytest
from sqlalchemy import insert, select
from starlette.responses import PlainTextResponse, Response

from lms.kernel.campus import Campus
from lms.kernel.database import Session
from lms.kernel.errors import Refused
from lms.kernel.events import Hub
from lms.kernel.permissions import PUBLIC
from lms.kernel.web import Router, Write
from tests.kernel.probe import Counted, browse, count, make_tally, send, tally, with_pages

pages = Router()


class Harvested(Counted):
    """A kind of Counted."""


@pages.post("/probe/harvest", permission=PUBLIC)
def harvest(session: Write) -> Response:
    """Guarded, done, told."""
    session.guard("probe.harvest", "pears")
    session.execute(insert(tally).values(n=1))
    session.emit(Counted(1))
    return PlainTextResponse("harvested")


def test_subscribers_see_what_was_done_and_what_they_do_is_part_of_it(campus: Campus) -> None:
    make_tally(campus)
    seen: list[int] = []

    def note(session: Session, happened: Counted) -> None:
        seen.extend(session.scalars(select(tally.c.n)))
        session.execute(insert(tally).values(n=happened.n + 10))

    campus.hub.subscribe(Counted, note)
    probe = with_pages(campus, pages)
    with browse(probe) as browser:
        assert send(probe, browser, "/probe/harvest").text == "harvested"
    assert (seen, count(campus)) == ([1], 2)


def test_a_subscriber_that_fails_fails_the_action_and_is_named(campus: Campus) -> None:
    make_tally(campus)

    def stumble(session: Session, happened: Counted) -> None:
        raise ZeroDivisionError("oh")

    campus.hub.subscribe(Counted, stumble)

    def act() -> None:
        with campus.database.transaction() as session:
            session.execute(insert(tally).values(n=1))
            session.emit(Counted(1))

    with pytest.raises(ZeroDivisionError) as failure:
        act()
    assert count(campus) == 0
    assert failure.value.__notes__ == [f"{__name__} was being told of Counted"]


def test_a_subscriber_may_refuse_with_a_sentence_for_the_person(campus: Campus) -> None:
    make_tally(campus)

    def refuse(session: Session, subject: object) -> None:
        raise Refused(f"The {subject} are not ripe.")

    campus.hub.guard("probe.harvest", refuse)
    probe = with_pages(campus, pages)
    with browse(probe) as browser:
        answer = send(probe, browser, "/probe/harvest")
    assert (answer.status_code, count(campus)) == (409, 0)
    assert "The pears are not ripe." in answer.text


def test_subscribers_are_told_in_the_order_of_subscribing_of_exactly_their_event() -> None:
    hub, told = Hub(), []
    session: Any = None
    hub.subscribe(Counted, lambda session, event: told.append(("first", event.n)))
    hub.subscribe(Counted, lambda session, event: told.append(("second", event.n)))
    hub.subscribe(Harvested, lambda session, event: told.append(("kind", event.n)))
    hub.deliver(session, Counted(1))
    hub.deliver(session, Harvested(2))
    hub.deliver(session, object())
    assert told == [("first", 1), ("second", 1), ("kind", 2)]


def test_every_guard_is_asked_and_the_first_that_refuses_decides() -> None:
    hub, asked = Hub(), []
    session: Any = None

    def no(session: Session, subject: object) -> None:
        raise Refused("no")

    hub.guard("act", lambda session, subject: asked.append(subject))
    hub.ask(session, "act", 1)
    hub.guard("act", no)
    hub.guard("act", lambda session, subject: asked.append("too far"))
    with pytest.raises(Refused):
        hub.ask(session, "act", 2)
    hub.ask(session, "another act", 3)
    assert asked == [1, 2]
