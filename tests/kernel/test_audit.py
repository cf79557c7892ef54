"""The audit log says who did what, when and from where, and nobody can change what it says."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from starlette.responses import PlainTextResponse, Response

from lms.kernel import audit, clock
from lms.kernel.audit import AuditEntry
from lms.kernel.campus import Campus
from lms.kernel.database import Origin
from lms.kernel.permissions import SIGNED_IN, SYSTEM
from lms.kernel.web import Me, Router, Write
from tests.factories import make_person, sign_in
from tests.kernel.probe import browse, count, send, with_pages

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TAMPER = {
    "change": "UPDATE audit_entry SET action = 'nothing happened'",
    "delete": "DELETE FROM audit_entry",
    "delete one": "DELETE FROM audit_entry WHERE action = 'probe.done'",
}
pages = Router()


@pages.post("/probe/note", permission=SIGNED_IN)
def note(me: Me, session: Write) -> Response:
    """Do something worth noting."""
    audit.record(session, me, "probe.noted", "thing", 5, {"n": 1}, {"n": 2})
    return PlainTextResponse("noted")


def record(campus: Campus, **values: Any) -> None:
    with campus.database.transaction(Origin(ip="203.0.113.9", request_id="r1")) as session:
        audit.record(session, SYSTEM, "probe.done", "thing", "T-1", **values)


def entries(campus: Campus) -> list[Any]:
    with campus.database.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "thing")))  # type: ignore[arg-type]  # typed as values


@pytest.mark.parametrize("statement", TAMPER.values(), ids=TAMPER)
def test_the_database_refuses_to_change_or_delete_an_entry(campus: Campus, statement: str) -> None:
    record(campus)
    with pytest.raises(DBAPIError, match="append-only"), campus.database.transaction() as session:
        session.execute(text(statement))
    assert [entry.action for entry in entries(campus)] == ["probe.done"]


def test_replacing_or_emptying_is_refused_like_changing(campus: Campus) -> None:
    record(campus)
    same = "id, at, subject_kind, subject_id, ip, request_id"
    sneaky = {
        "sqlite": f"REPLACE INTO audit_entry ({same}, action) SELECT {same}, 'nothing happened' FROM audit_entry",
        "postgresql": "TRUNCATE audit_entry",
    }
    with pytest.raises(DBAPIError, match="append-only"), campus.database.transaction() as session:
        session.execute(text(sneaky[campus.database.dialect]))
    assert [entry.action for entry in entries(campus)] == ["probe.done"]


def test_an_entry_says_when_from_where_and_what_was_before_and_after(campus: Campus) -> None:
    with clock.frozen(NOON):
        record(campus, before={"due": NOON, "points": Decimal("3.5"), "title": "Ñandú"}, after={"due": NOON.date(), "points": None})
    (entry,) = entries(campus)
    assert (entry.at, entry.actor_id, entry.subject_id, entry.ip, entry.request_id) == (NOON, None, "T-1", "203.0.113.9", "r1")
    assert entry.before == {"due": "2026-05-04 12:00:00+00:00", "points": "3.5", "title": "Ñandú"}
    assert entry.after == {"due": "2026-05-04", "points": None}


def test_an_entry_stands_or_falls_with_what_it_tells(campus: Campus) -> None:
    def act() -> None:
        with campus.database.transaction() as session:
            audit.record(session, SYSTEM, "probe.done", "thing", 1)
            raise RuntimeError("late")

    before = count(campus, AuditEntry)
    with pytest.raises(RuntimeError):
        act()
    assert count(campus, AuditEntry) == before


def test_an_entry_of_a_request_leads_to_its_person_and_to_its_line_in_the_log(campus: Campus) -> None:
    probe = with_pages(campus, pages)
    person = make_person(probe)
    with sign_in(browse(probe), probe, person) as browser:
        answer = send(probe, browser, "/probe/note")
    (entry,) = entries(campus)
    assert (entry.actor_id, entry.request_id, entry.ip) == (person.id, answer.headers["x-request-id"], "testclient")
