"""Work through the API: handed in with its files, read, fetched."""

from datetime import timedelta

import pytest

from lms.kernel import clock
from tests.api.programs import at_once
from tests.factories import make_person
from tests.grading.stories import Class, mails, submissions
from tests.watching import counting

PDF = ("map.pdf", b"%PDF-1.7 a map", "application/pdf")
TEXT = "Six actors and what moves them."


@pytest.fixture
def room(campus):
    """A cohort with an assignment."""
    return Class(campus)


def test_a_trainee_hands_in_text_and_files(campus, program, room):
    rosa = room.trainee()
    mine = program(rosa)
    assignment = mine.items("/assignments", cohort=room.cohort.code)[0]
    assert (assignment["title"], assignment["max_score"], assignment["pass_score"]) == ("Map of actors", 20, 12)
    assert mine.get(f"/assignments/{assignment['id']}").json() == assignment
    made = mine.post("/submissions", data={"assignment": assignment["id"], "text": TEXT}, files=[("files", PDF)])
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["status"], shown["latest"], shown["attempt"], shown["text"]) == ("submitted", True, 1, TEXT)
    assert (shown["person"], shown["cohort"], shown["grade_version"]) == (rosa.code, room.cohort.code, None)
    assert mine.get(f"/submissions/{shown['code']}").json() == shown
    assert mine.items("/submissions") == [{name: value for name, value in shown.items() if name != "text"}]
    file = mine.get(shown["files"][0]["url"].removeprefix("/api/v1"))
    assert file.content == PDF[1]
    assert file.headers["content-disposition"].startswith("attachment")
    assert len(mails(campus, "Received")) == 1


def test_the_same_work_sent_twice_is_one_attempt(campus, program, room):
    rosa = room.trainee()
    mine = [program(rosa) for _number in range(3)]
    sent = {"data": {"assignment": room.assignment.id, "text": TEXT}, "files": [("files", PDF)]}
    answers = at_once(*(lambda each=each: each.post("/submissions", key="work-1", **sent) for each in mine))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert mine[0].post("/submissions", **sent).json()["attempt"] == 1  # without a key, too: it is what was handed in last
    assert len(submissions(campus)) == len(mails(campus, "Received")) == 1
    other = {**sent, "files": [("files", ("map.pdf", b"%PDF-1.7 another map", "application/pdf"))]}
    assert mine[0].post("/submissions", key="work-1", **other).status_code == 422
    assert len(submissions(campus)) == 1


def test_what_is_sent_takes_the_place_of_a_draft_that_was_read(campus, program, room):
    rosa = room.trainee()
    draft = room.save_draft(rosa, "Half a map")
    mine = program(rosa)
    assert [row["status"] for row in mine.items("/submissions")] == ["draft"]
    stale = mine.post(
        "/submissions", data={"assignment": room.assignment.id, "text": TEXT, "version": draft.version - 1}, files=[("files", PDF)]
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "changed-elsewhere")
    done = mine.post(
        "/submissions", data={"assignment": room.assignment.id, "text": TEXT, "version": draft.version}, files=[("files", PDF)]
    )
    assert (done.status_code, done.json()["code"], done.json()["text"]) == (201, draft.code, TEXT)


def test_what_is_not_taken_says_why(campus, program, room):
    rosa = room.trainee()
    mine, here = program(rosa), room.assignment.id

    def refused(data, *files):
        answer = mine.post("/submissions", data=data, files=[("files", file) for file in files] or None)
        body = answer.json()
        return answer.status_code, [error.get("pointer") for error in body.get("errors", [])] or body["code"]

    assert refused({"assignment": here, "text": ""}, ("empty.pdf", b"", "application/pdf")) == (422, ["/files"])
    assert refused({"assignment": here}, ("run.exe", b"MZ", "application/pdf")) == (422, ["/files"])
    assert refused({"assignment": here}, PDF, PDF, PDF, PDF) == (422, ["/files"])
    assert refused({"assignment": 2**31 - 1, "text": TEXT}, PDF) == (422, ["/assignment"])
    assert refused({"assignment": "first", "text": TEXT}, PDF) == (422, ["/assignment"])
    assert refused({"text": TEXT}, PDF) == (422, ["/assignment"])
    assert refused({"assignment": here, "txet": TEXT}, PDF) == (422, ["/txet"])
    assert mine.post("/submissions", json={"assignment": here, "text": TEXT}).status_code == 415
    room.set_dates(due_at=clock.now() - timedelta(days=2), cutoff_at=clock.now() - timedelta(days=1))
    assert refused({"assignment": here, "text": TEXT}, PDF) == (403, "not-taken")
    assert submissions(campus) == []
    assert not [path for path in (campus.settings.data_dir / "files").rglob("*") if path.is_file()]  # nothing is left behind


def test_work_is_open_to_its_author_and_to_those_who_mark_in_its_cohort(campus, program, room):
    other, rosa = Class(campus), room.trainee()
    mine = program(rosa)
    shown = mine.post("/submissions", data={"assignment": room.assignment.id, "text": TEXT}, files=[("files", PDF)]).json()
    for person, status in (
        (None, 401), (make_person(campus), 404), (other.tutor(), 404), (other.trainee(), 404), (room.trainee(), 403), (room.tutor(), 200),
        (make_person(campus, "staff"), 200), (make_person(campus, "reporter"), 404), (rosa, 200),
    ):  # fmt: skip
        asking = program(person)
        for path in (f"/submissions/{shown['code']}", shown["files"][0]["url"].removeprefix("/api/v1")):
            assert asking.get(path).status_code == status, (person, path)
    hidden = room.save_draft(room.trainee())
    assert program(room.tutor()).get(f"/submissions/{hidden.code}").status_code == 404
    assert mine.get(f"/submissions/{shown['code']}/files/{2**31 - 1}").status_code == 404
    nobody = program(room.tutor()).post("/submissions", data={"assignment": room.assignment.id, "text": TEXT}, files=[("files", PDF)])
    assert nobody.status_code == 403


def test_a_tutor_finds_what_counts_and_the_version_to_mark(campus, program, room):
    vera, rosa = room.tutor(), room.trainee()
    first, second = room.hand_in(rosa), room.hand_in(rosa, "Eight actors.")
    room.mark(vera, second)
    marking = program(vera)
    rows = marking.items("/submissions", assignment=room.assignment.id, latest=True)
    assert [(row["code"], row["attempt"], row["grade_version"]) for row in rows] == [(second.code, 2, 1)]
    assert [row["code"] for row in marking.items("/submissions", person=rosa.code, latest=False)] == [first.code]


def test_a_page_asks_as_often_for_many_as_for_few(campus, program, room):
    staff = program(make_person(campus, "staff"))
    mine = program(room.trainee())
    mine.post("/submissions", data={"assignment": room.assignment.id, "text": TEXT}, files=[("files", PDF)])

    def questions():
        with counting(campus) as statements:
            staff.items("/submissions")
        return len(statements)

    questions()  # notes the use of the token
    few = questions()
    for _number in range(4):
        room.hand_in(room.trainee())
    assert questions() == few
