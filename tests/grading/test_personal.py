"""A person's work taken along, and forgotten."""

from decimal import Decimal

from sqlalchemy import func, select
from sqlmodel import col

from lms.grading.models import Submission, SubmissionFile
from lms.kernel.storage import StoredFile
from tests.factories import make_person
from tests.grading.stories import Class, browser_of, changes, grades, mails, send, submissions
from tests.watching import words

PDF = ("a report about me.pdf", b"%PDF-", "application/pdf")


def test_a_person_takes_along_work_names_of_files_and_released_grades_only(campus, visit):
    room = Class(campus, titles=("Map", "Strategy"))
    tutor, rosa = room.tutor(), room.trainee()
    browser = browser_of(visit, campus, rosa)
    send(browser, room.url, f"{room.url}/submission", text="My own words", then="hand_in", files=[("files", PDF)])
    room.mark(tutor, submissions(campus)[0], 16, "Seen")
    room.release(tutor)
    room.mark(tutor, room.hand_in(rosa, activity=room.assignments[1]), 3, "Not yet seen")
    data = browser.get("/profile/data").json()["data"]["grading"]
    first, second = data["submissions"]
    assert (first["assignment"], first["text"], first["files"][0]["name"]) == ("Map", "My own words", "a report about me.pdf")
    assert len(first["files"][0]["sha256"]) == 64
    assert [(grade["item"], grade["points"], grade["feedback"]) for grade in data["grades"]] == [("Map", "16.0000", "Seen")]
    assert "Not yet seen" not in str(data)
    of_tutor = browser_of(visit, campus, tutor).get("/profile/data").json()["data"]["grading"]
    assert [entry["item"] for entry in of_tutor["marked"]] == ["Map", "Map", "Strategy"]
    assert "My own words" not in str(of_tutor)
    assert second["assignment"] == "Strategy"


def test_on_erasure_words_and_files_go_and_points_stay(campus, visit):
    room = Class(campus)
    tutor, rosa, other = room.tutor(), room.trainee(), room.trainee()
    send(browser_of(visit, campus, rosa), room.url, f"{room.url}/submission", text="My own words", then="hand_in", files=[("files", PDF)])
    room.hand_in(rosa, "My second words", keep=[_file_id(campus)])
    room.save_draft(rosa, "A draft about my life")
    room.hand_in(other, "Words of somebody else")
    room.mark(tutor, submissions(campus)[1], 16, "Dear Rosa, well done")
    room.release(tutor)
    key = _key(campus)
    admin = browser_of(visit, campus, make_person(campus, "administrator"))
    answer = send(admin, f"/staff/people/{rosa.code}", f"/staff/people/{rosa.code}/erase")
    assert "Done: the person is anonymous now." in words(answer)
    assert [(s.text, s.words) for s in submissions(campus) if s.person_id == rosa.id] == [("", 0)] * 3
    assert submissions(campus)[-1].text == "Words of somebody else"
    assert [(g.points, g.feedback, g.feedback_html) for g in grades(campus)] == [(Decimal(16), "", "")]
    assert [(c.points, c.feedback) for c in changes(campus)] == [(Decimal(16), ""), (Decimal(16), "")]
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SubmissionFile)) == 0
        assert session.scalar(select(func.count()).where(col(StoredFile.key) == key)) == 0
        assert session.scalar(select(func.count()).select_from(Submission)) == 4
    campus.run_jobs()
    assert not campus.storage.exists(key)
    assert all(mail.to != rosa.email for mail in mails(campus))
    page = words(browser_of(visit, campus, tutor).get(f"/marking/{submissions(campus)[1].code}"))
    assert "Erased person" in page
    assert "Dear Rosa" not in page


def _file_id(campus):
    with campus.database.reading() as session:
        return session.scalar(select(col(SubmissionFile.file_id)))


def _key(campus):
    with campus.database.reading() as session:
        return session.scalar(select(col(StoredFile.key)).join(SubmissionFile, col(SubmissionFile.file_id) == col(StoredFile.id)))
