"""The database against the ledger: nothing that was acknowledged is lost, nothing is there twice, nothing is half."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import closing
from typing import Any

import sqlalchemy as sa

from benchmarks.sites import Site
from benchmarks.trials.ledger import Ledger
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession

SHOWN = 5


def faults(site: Site, ledger: Ledger, arrived: Collection[str]) -> list[str]:
    """What does not agree, in sentences; `arrived`: ids of the messages that the receiver of the webhook was sent."""
    with closing(site.open()) as campus, campus.database.reading() as session:
        return [
            *_agree("people", ledger.people, _column(session, "SELECT email FROM person WHERE email LIKE 'crowd-%'")),
            *_enrolments(session, ledger),
            *_work(session, campus, ledger),
            *_grades(session, ledger),
            *_effects(session, ledger, set(arrived)),
            *_whole(session),
        ]


def _rows(session: ReadSession, statement: str) -> list[Any]:
    return list(session.execute(sa.text(statement)))


def _column(session: ReadSession, statement: str) -> list[Any]:
    return [row[0] for row in _rows(session, statement)]


def _agree(what: str, told: Iterable[Any], found: Iterable[Any]) -> list[str]:
    """Both must hold the same, each once."""
    wanted, there = set(told), Counter(found)
    lost, twice, unasked = wanted - there.keys(), [key for key, count in there.items() if count > 1], there.keys() - wanted
    named = (("lost", sorted(lost)), ("there twice", sorted(twice)), ("there unasked", sorted(unasked)))
    return [f"{what}: {len(keys)} {how}: {keys[:SHOWN]}" for how, keys in named if keys]


def _enrolments(session: ReadSession, ledger: Ledger) -> list[str]:
    rows = _rows(
        session, "SELECT e.id, p.email, e.status, e.place FROM enrolment e JOIN person p ON p.id = e.person_id WHERE p.email LIKE 'crowd-%'"
    )
    completed = [row[0] for row in rows if row[2] == "completed"]
    taken = _column(session, "SELECT place FROM enrolment WHERE place IS NOT NULL")
    return [
        *_agree("enrolments", ledger.enrolled.items(), [(row[0], row[1]) for row in rows]),
        *_agree("completions", ledger.completed, completed),
        *_agree("places", range(1, len(taken) + 1), taken),
    ]


def _work(session: ReadSession, campus: Campus, ledger: Ledger) -> list[str]:
    rows = _rows(session, "SELECT code, text, person_id, attempt FROM submission")
    found = _agree("submissions", ((code, text) for code, (_number, text) in ledger.handed_in.items()), ((r[0], r[1]) for r in rows))
    found += _agree("texts", (text for _number, text in ledger.handed_in.values()), (r[1] for r in rows))
    for person_id in {row[2] for row in rows}:
        attempts = [row[3] for row in rows if row[2] == person_id]
        found += _agree(f"attempts of person {person_id}", range(1, len(attempts) + 1), attempts)
    holding = (
        "SELECT f.key, f.sha256 FROM submission_file s JOIN stored_file f ON f.id = s.file_id JOIN submission w ON w.id = s.submission_id"
    )
    files = _rows(session, holding)
    if len(files) != len(rows):
        found.append(f"files: {len(files)} for {len(rows)} submissions")
    damaged = [key for key, sha256 in files if _digest(campus, key) != sha256]
    return found + ([f"files: {len(damaged)} lost or damaged: {damaged[:SHOWN]}"] if damaged else [])


def _digest(campus: Campus, key: str) -> str:
    if not campus.storage.exists(key):
        return ""
    with campus.storage.open(key) as file:
        return hashlib.sha256(file.read()).hexdigest()


def _grades(session: ReadSession, ledger: Ledger) -> list[str]:
    changes = _column(session, "SELECT feedback FROM grade_change")
    present = _column(session, "SELECT feedback FROM grade")
    versions = _rows(session, "SELECT version, (SELECT COUNT(*) FROM grade_change c WHERE c.grade_id = g.id) FROM grade g")
    odd = [tuple(row) for row in versions if row[0] != row[1]]
    return [
        *_agree("grades", ledger.graded, changes),
        *_agree("last grades", ledger.last_grade.values(), present),
        *([f"grades: version and history differ: {odd[:SHOWN]}"] if odd else []),
    ]


def _effects(session: ReadSession, ledger: Ledger, arrived: set[str]) -> list[str]:
    """What workers made: one drawn certificate for each completion, one message for each enrolment, all of them arrived."""
    drawn = _column(session, "SELECT enrolment_id FROM certificate WHERE status = 'valid' AND file_id IS NOT NULL")
    messages = _rows(session, "SELECT code, event, state, body FROM webhook_delivery")
    undelivered = [row[0] for row in messages if row[2] != "delivered" or row[0] not in arrived]
    unfinished = _column(session, "SELECT name FROM job WHERE state <> 'done'")
    events = Counter(row[1] for row in messages)
    completed = _column(session, "SELECT id FROM enrolment WHERE status = 'completed'")  # also of the trainees, who handed everything in
    wanted = {"enrolment.created": len(ledger.enrolled), "certificate.issued": len(completed)}
    return [
        *_agree("certificates", completed, drawn),
        *[f"messages of {name}: {events[name]} instead of {count}" for name, count in wanted.items() if events[name] != count],
        *([f"messages: {len({row[3] for row in messages})} different ones of {len(messages)}"] if _doubled(messages) else []),
        *([f"messages: {len(undelivered)} not delivered: {undelivered[:SHOWN]}"] if undelivered else []),
        *([f"jobs: {len(unfinished)} not done: {sorted(set(unfinished))}"] if unfinished else []),
    ]


def _doubled(messages: Iterable[Any]) -> bool:
    bodies = [row[3] for row in messages]
    return len(set(bodies)) < len(bodies)


def _whole(session: ReadSession) -> list[str]:
    if session.dialect != "sqlite":
        return []
    found = _column(session, "PRAGMA integrity_check") + _column(session, "PRAGMA foreign_key_check")
    return [] if found == ["ok"] else [f"the database is damaged: {found[:SHOWN]}"]
