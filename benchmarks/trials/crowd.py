"""The mixed load: every client adds people, enrols them, hands in, marks, and completes now and then, one thing after the other."""

import itertools
import threading
from dataclasses import dataclass, field

from benchmarks.trials.calling import Caller, Heard, multipart
from benchmarks.trials.ledger import Ledger
from benchmarks.trials.stage import COHORT, Stage

COMPLETE_EVERY = 12
"""One enrolment in so many is completed: a worker draws each certificate, which takes it half a second."""


class Wrong(Exception):
    """An answer that no kill explains."""


@dataclass
class Crowd:
    """So many clients, each with a trainee of its own; they stop between two things."""

    stage: Stage
    ports: tuple[int, ...]
    ledger: Ledger = field(default_factory=Ledger)
    heard: Heard = field(default_factory=Heard)
    errors: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin."""
        for number in range(len(self.stage.trainees)):
            self._threads.append(threading.Thread(target=self._work, args=(number,), name=f"client-{number}"))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish what was begun."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, number: int) -> None:
        me = Client(self, number)
        try:
            for turn in itertools.count():
                if self._stop.is_set():
                    return
                me.enrol(turn)
                me.hand_in_and_mark(turn)
        except Exception as error:
            self.errors.append(f"client {number}: {type(error).__name__}: {error}")


class Client:
    """One of the crowd."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        stage = crowd.stage
        self.number, self.ledger, self.assignment = number, crowd.ledger, stage.assignment
        self.trainee, self.tutor, self.staff = (
            Caller(crowd.ports, token, crowd.heard) for token in (stage.trainees[number], stage.tutor, stage.staff)
        )
        self.grade_version = 0

    def enrol(self, turn: int) -> None:
        """Add a person and enrol her; some complete at once."""
        email, key = f"crowd-{self.number}-{turn}@example.org", f"{self.number}-{turn}"
        added = self.staff.send("POST", "/people", {"given_name": "Ana", "family_name": key, "email": email}, f"person-{key}")
        _expect(added.status, 201, added.content)
        with self.ledger.lock:
            self.ledger.people.add(email)
        place = self.staff.send("POST", "/enrolments", {"cohort": COHORT, "person": email}, f"enrol-{key}")
        _expect(place.status, 201, place.content)
        enrolment = place.content["id"]
        with self.ledger.lock:
            self.ledger.enrolled[enrolment] = email
        if turn % COMPLETE_EVERY == 0:
            done = self.staff.send("PATCH", f"/enrolments/{enrolment}", {"status": "completed"})
            # Said once more after an answer that was lost, it is refused where it was done: it has that state already.
            if not (done.status == 409 and done.unheard):
                _expect(done.status, 200, done.content)
            with self.ledger.lock:
                self.ledger.completed.add(enrolment)

    def hand_in_and_mark(self, turn: int) -> None:
        """Hand in a text and a file, and mark it."""
        text = f"Attempt {turn} of trainee {self.number}."
        body, kind = multipart({"assignment": str(self.assignment), "text": text}, "work.txt", text.encode() * 50)
        work = self.trainee.call("POST", "/submissions", body, f"work-{self.number}-{turn}", kind)
        _expect(work.status, 201, work.content)
        code = work.content["code"]
        with self.ledger.lock:
            self.ledger.handed_in[code] = (self.number, text)
        feedback = f"Marked {self.number}-{turn}."
        given = {"score": turn, "feedback": feedback, "version": self.grade_version}
        grade = self.tutor.send("PUT", f"/submissions/{code}/grade", given)
        if grade.status == 409 and grade.unheard:  # nobody else marks here, so it was this very grade that was saved unheard
            grade = self.tutor.call("GET", f"/submissions/{code}/grade")
        _expect(grade.status, 200, grade.content)
        if grade.content["feedback"] != feedback:
            raise Wrong(f"the grade of {code} is {grade.content}, not {feedback}")
        self.grade_version = grade.content["version"]
        with self.ledger.lock:
            self.ledger.graded[feedback] = self.number
            self.ledger.last_grade[self.number] = feedback


def _expect(status: int, wanted: int, content: object) -> None:
    if status != wanted:
        raise Wrong(f"{status} instead of {wanted}: {content}")
