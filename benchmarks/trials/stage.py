"""The campus of a trial: a cohort with an assignment, its trainees, their tutor, somebody of staff, and a webhook."""

import threading
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from sqlalchemy import select
from sqlmodel import col

from benchmarks.sites import Site
from lms.accounts import people, roles, tokens
from lms.courses import cohorts, content, editing
from lms.courses.activity_types import TypeForm
from lms.courses.models import Activity
from lms.enrollment import enrolling
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.database import Session
from lms.kernel.permissions import SYSTEM
from lms.webhooks import endpoints

COHORT = "TRIAL-1"
EVENTS = ("enrolment.created", "certificate.issued")
_FORM = {
    "points": "100000",
    "pass_points": "0",
    "weight": "1",
    "allow_text": "on",
    "max_files": "3",
    "max_file_mb": "1",
    "file_types": "txt",
}


@dataclass(frozen=True)
class Stage:
    """Whom the clients act for: tokens, and the assignment."""

    assignment: int
    trainees: list[str]
    tutor: str
    staff: str


def build(site: Site, trainees: int, webhook: str) -> Stage:
    """Fill an empty installation."""
    with closing(site.open()) as campus, campus.database.transaction() as session:
        types = campus.plugins.named("activity_types")
        course = editing.create_course(session, SYSTEM, code="TRIAL", title="Working under fire", weeks=1)
        module = content.add_module(session, SYSTEM, course, "Week 1")
        content.add_activity(session, SYSTEM, types, module, "assignment", "Exercise", "Text.", TypeForm(_FORM))
        editing.publish(session, SYSTEM, course)
        cohort = cohorts.create(session, SYSTEM, types, course, code=COHORT, starts_on=clock.today(), status="published", weekly=False)
        assignment = session.scalar(
            select(col(Activity.id)).where(col(Activity.cohort_id) == cohort.id, col(Activity.type) == "assignment")
        )
        numbers = [_person(session, f"trainee{number}@example.org") for number in range(trainees)]
        for person_id in numbers:
            enrolling.enrol(session, SYSTEM, cohort, person_id)
        staff = _person(session, "staff@example.org", "staff")
        tutor = _person(session, "tutor@example.org", "tutor")
        _listen(campus, session, webhook)
        return Stage(assignment, [_token(session, n) for n in numbers], _token(session, tutor), _token(session, staff))


def _person(session: Session, email: str, role: str = "") -> int:
    person = people.create(session, SYSTEM, given_name="Rosa", family_name=email.partition("@")[0], email=email, language="en")
    if role:
        roles.give(session, SYSTEM, person.id or 0, role)
    return person.id or 0


def _token(session: Session, person_id: int) -> str:
    return tokens.make(session, SYSTEM, person_id)[0]


def _listen(campus: Campus, session: Session, url: str) -> None:
    offered = campus.plugins.collect("public_events")
    endpoints.create(session, SYSTEM, offered, name="", url=url, events=EVENTS, allows_private=True)


class Listener:
    """Another system that keeps the ids of the messages it was sent."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                listener.ids.append(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
