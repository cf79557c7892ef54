"""Many at once, on a real server: one wins, the others are told, and nothing they typed is lost."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from html import unescape
from urllib.parse import urlencode

from lms.app import create_app
from lms.grading import marking, submitting
from lms.grading.marking import GradeChanged
from lms.kernel import sessions
from tests.factories import actor_of
from tests.grading.stories import Class, changes, grades, mails, submissions
from tests.serving import served


class Line:
    """A signed-in browser that is nothing but a connection, so that many can send at once."""

    def __init__(self, campus, port, person):
        self.port = port
        with campus.database.transaction() as session:
            self.token = sessions.open_session(session, person.id or 0, days=1)
        self.csrf = sessions.form_token(campus.settings.secret, self.token)

    def post(self, path, **data):
        """Send a form; answers the status, where it leads and the text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"cookie": f"{sessions.COOKIE}={self.token}", "content-type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode({"csrf_token": self.csrf, **data}), headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("location"), unescape(answer.read().decode())


def test_of_twenty_tutors_who_save_one_grade_at_once_one_wins_and_nineteen_keep_what_they_typed(campus):
    room = Class(campus)
    submission = room.hand_in(room.trainee())
    tutors = [room.tutor(given_name=f"Tutor{number}") for number in range(20)]
    with served(create_app(campus)) as port:
        lines = [Line(campus, port, tutor) for tutor in tutors]

        def save(number):
            typed = {"points": f"{number},5", "feedback": f"What tutor {number} typed for an hour", "version": "0", "then": "stay"}
            return lines[number].post(f"/marking/{submission.code}", **typed)

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(save, range(20)))
    assert sorted(status for status, *_rest in answers) == [303] + [409] * 19
    winner = next(number for number, answer in enumerate(answers) if answer[0] == 303)
    (grade,) = grades(campus)
    assert (grade.points, grade.feedback, grade.version) == (Decimal(f"{winner}.5"), f"What tutor {winner} typed for an hour", 1)
    assert len(changes(campus)) == 1
    for number, (status, _location, page) in enumerate(answers):
        if status == 409:
            assert f"What tutor {number} typed for an hour" in page
            assert f'value="{number},5"' in page
            assert f"What tutor {winner} typed for an hour" in page
            assert f"What Tutor{winner} " in page


def test_of_twenty_who_change_a_released_grade_at_once_one_does_and_one_mail_goes_out(campus):
    room = Class(campus)
    tutor, submission = room.tutor(), room.hand_in(room.trainee())
    room.mark(tutor, submission, 10)
    room.release(tutor)
    actor = actor_of(campus, tutor)

    def save(number):
        try:
            with campus.database.transaction() as session:
                marking.save_grade(session, actor, submission.id or 0, version=2, points=Decimal(number), feedback=f"Words {number}")
        except GradeChanged as changed:
            return changed.now.feedback
        return "won"

    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(save, range(20)))
    assert said.count("won") == 1
    assert set(said) == {"won", f"Words {said.index('won')}"}
    assert len(mails(campus, "Your grade has changed")) == 1


def test_a_grade_released_by_many_at_once_is_released_once(campus):
    room = Class(campus)
    tutor = room.tutor()
    for _number in range(5):
        room.mark(tutor, room.hand_in(room.trainee()), 15)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _n: room.release(tutor), range(8))) == 5
    assert len(mails(campus, "Marked")) == 5
    assert [change.status for change in changes(campus)].count("released") == 5


def test_a_button_pressed_ten_times_at_once_makes_one_attempt_and_everybody_is_told_so(campus):
    room = Class(campus)
    rosa = room.trainee()
    with served(create_app(campus)) as port:
        line = Line(campus, port, rosa)
        typed = {"text": "Six actors", "version": "0", "then": "hand_in"}
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _n: line.post(f"{room.url}/submission", **typed), range(10)))
    assert {(status, location) for status, location, _page in answers} == {(303, f"{room.url}#work")}
    assert [(s.attempt, s.latest) for s in submissions(campus)] == [(1, True)]
    assert len(mails(campus, "Received")) == 1


def test_of_two_windows_that_hand_in_different_work_at_once_one_does_and_the_other_keeps_its_text(campus):
    room = Class(campus)
    rosa = room.trainee()
    with served(create_app(campus)) as port:
        line = Line(campus, port, rosa)

        def send(number):
            return line.post(f"{room.url}/submission", text=f"Window {number}", version="0", then="hand_in")

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(send, range(2)))
    assert sorted(status for status, *_rest in answers) == [303, 409]
    loser = next(number for number, answer in enumerate(answers) if answer[0] == 409)
    assert f"Window {loser}</textarea>" in answers[loser][2]
    assert f"Window {1 - loser}" in answers[loser][2]
    assert [s.text for s in submissions(campus)] == [f"Window {1 - loser}"]


def test_without_a_version_attempts_of_one_person_are_still_numbered_one_by_one(campus):
    room = Class(campus)
    actor = actor_of(campus, room.trainee())

    def hand_in(number):
        with campus.database.transaction() as session:
            return submitting.hand_in(session, actor, room.assignment, f"Text {number}").attempt

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(hand_in, range(8))) == list(range(1, 9))
    assert [s.latest for s in submissions(campus)].count(True) == 1
