"""Marking: the queue, the page of one attempt, releasing, and that nobody's marks are lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import col

from lms.accounts import roles
from lms.courses.models import Progress
from lms.enrollment import enrolling
from lms.grading import marking, queue
from lms.grading.events import GradeReleased
from lms.grading.marking import GradeChanged, OwnWork
from lms.kernel import clock
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.permissions import SYSTEM
from tests.factories import actor_of, make_person
from tests.grading.stories import Class, browser_of, changes, fields, grades, mails, send
from tests.watching import counting, words


def codes(campus, person, **chosen):
    """The codes in the queue of a person, in its order."""
    with campus.database.reading() as session:
        return [row.code for row in queue.queue(session, actor_of(campus, person), **chosen).rows]


def test_the_oldest_work_that_waits_comes_first_across_cohorts(campus):
    here, there = Class(campus), Class(campus)
    tutor = here.tutor()
    now = clock.now()
    for room in (here, there):
        room.set_dates()
    with campus.database.transaction() as session:
        roles.give(session, SYSTEM, tutor.id or 0, "tutor", "cohort", there.cohort.id or 0)
    handed = []
    for number, room in enumerate([here, there, here, there]):
        with clock.frozen(now + timedelta(minutes=number)):
            handed.append(room.hand_in(room.trainee()))
    assert codes(campus, tutor) == [s.code for s in handed]
    here.mark(tutor, handed[0])
    assert codes(campus, tutor) == [handed[n].code for n in (1, 2, 3, 0)]  # what waits, then what is marked
    here.release(tutor)
    here.mark(tutor, handed[2])
    assert codes(campus, tutor) == [handed[n].code for n in (1, 3, 2, 0)]
    assert codes(campus, tutor, cohort=there.cohort.code) == [handed[1].code, handed[3].code]
    assert codes(campus, tutor, state="released") == [handed[0].code]
    with campus.database.reading() as session:
        found = queue.queue(session, actor_of(campus, tutor), state="marked")
    assert found.counts == {"waiting": 2, "marked": 1, "released": 1}


def test_the_queue_shows_everything_once_page_by_page_with_the_same_number_of_questions(campus):
    room = Class(campus)
    tutor = room.tutor()
    with clock.frozen(clock.now()):  # all at the same instant
        handed = [room.hand_in(room.trainee()) for _number in range(7)]
    room.mark(tutor, handed[2])
    seen, sizes, after = [], set(), ""
    actor = actor_of(campus, tutor)
    while True:
        with counting(campus) as statements, campus.database.reading() as session:
            page = queue.queue(session, actor, after=after, limit=3)
        sizes.add(len(statements))
        seen += [row.code for row in page.rows]
        if page.after is None:
            break
        after = page.after
    assert len(seen) == len(set(seen)) == 7
    assert seen[-1] == handed[2].code
    assert sizes == {2}


def test_who_is_suspended_or_has_withdrawn_is_left_out_of_the_queue_and_one_s_own_work_too(campus):
    room = Class(campus, titles=("Map", "Strategy"))
    tutor = room.tutor()
    people = [room.trainee() for _number in range(3)]
    handed = [room.hand_in(person) for person in people]
    room.set_status(people[0], "suspended")
    room.set_status(people[1], "withdrawn")
    with campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, room.cohort, tutor.id or 0)
    room.hand_in(tutor)
    assert codes(campus, tutor) == [handed[2].code]


def test_a_tutor_marks_and_goes_on_to_the_next_keeping_the_place_in_the_line(campus, visit):
    room = Class(campus)
    tutor = room.tutor()
    handed = [room.hand_in(room.trainee(given_name=f"P{n}")) for n in range(3)]
    browser = browser_of(visit, campus, tutor)
    path = f"/marking/{handed[0].code}?cohort={room.cohort.code}"
    assert "1 of 3" in words(browser.get(path))
    second = send(browser, path, f"/marking/{handed[0].code}", points="16,5", feedback="**Good**", then="next")
    assert second.url.path == f"/marking/{handed[1].code}"
    assert f"cohort={room.cohort.code}" in str(second.url)
    assert "2 of 3" in words(second)
    assert (grades(campus)[0].points, grades(campus)[0].feedback_html.strip()) == (Decimal("16.5"), "<p><strong>Good</strong></p>")
    third = send(browser, str(second.url), f"/marking/{handed[1].code}", points="12", then="next")
    assert "3 of 3" in words(third)
    last = send(browser, str(third.url), f"/marking/{handed[2].code}", points="0", then="next")
    assert last.url.path == "/marking"
    assert "Nothing more waits here." in words(last)
    stays = send(browser, path, f"/marking/{handed[0].code}", points="17", then="stay")
    assert stays.url.path == f"/marking/{handed[0].code}"
    assert fields(stays, f"/marking/{handed[0].code}")["points"] == ["17"]


def test_when_an_assignment_is_marked_the_next_one_is_the_oldest_that_waits_elsewhere(campus, visit):
    room = Class(campus, titles=("Map", "Strategy"))
    tutor, rosa = room.tutor(), room.trainee()
    first, second = room.hand_in(rosa), room.hand_in(rosa, activity=room.assignments[1])
    answer = send(browser_of(visit, campus, tutor), f"/marking/{first.code}", f"/marking/{first.code}", points="5", then="next")
    assert answer.url.path == f"/marking/{second.code}"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("50,,6", "Please write a number"), ("50..6", "Please write a number"), ("20.5", "At most 20."), ("-1", "Not below 0.")],
)
def test_points_that_are_none_are_refused_and_the_feedback_is_still_there(campus, visit, typed, sentence):
    room = Class(campus)
    submission, browser = room.hand_in(room.trainee()), browser_of(visit, campus, room.tutor())
    path = f"/marking/{submission.code}"
    refused = send(browser, path, path, points=typed, feedback="An evening's work", then="next")
    assert refused.status_code == 422
    assert sentence in words(refused)
    shown = fields(refused, path)
    assert (shown["points"], shown["feedback"]) == ([typed], ["An evening's work"])
    assert grades(campus) == []


def test_services_refuse_the_same(campus):
    room = Class(campus)
    tutor, submission = room.tutor(), room.hand_in(room.trainee())
    for points in ("20.01", "-0.01", "NaN"):
        with pytest.raises(Invalid):
            room.mark(tutor, submission, points)
    with pytest.raises(Invalid, match="write points or feedback"):
        room.mark(tutor, submission, None)


def test_feedback_without_points_is_kept_and_the_work_still_waits(campus):
    room = Class(campus)
    tutor, submission = room.tutor(), room.hand_in(room.trainee())
    grade = room.mark(tutor, submission, None, "Read half of it.")
    assert codes(campus, tutor, state="waiting") == [submission.code]
    assert room.release(tutor, grade) == 0


def test_an_earlier_attempt_can_be_read_with_a_warning_and_the_new_one_waits_again(campus, visit):
    room = Class(campus)
    tutor, rosa = room.tutor(), room.trainee()
    first = room.hand_in(rosa, "First")
    room.mark(tutor, first, 10)
    second = room.hand_in(rosa, "Second")
    assert codes(campus, tutor, state="waiting") == [second.code]
    browser = browser_of(visit, campus, tutor)
    old = browser.get(f"/marking/{first.code}")
    assert "a later one was handed in" in words(old)
    assert f'href="/marking/{second.code}"' in old.text
    new = browser.get(f"/marking/{second.code}")
    assert "a later one was handed in" not in words(new)
    assert f'href="/marking/{first.code}"' in new.text
    assert "Another attempt has 10 points" in words(new)
    assert room.release(tutor) == 0  # the mark of an attempt that was replaced is not released in bulk
    send(browser, f"/marking/{second.code}", f"/marking/{second.code}", points="15", then="stay")
    assert [(g.points, g.submission_id, g.version) for g in grades(campus)] == [(Decimal(15), second.id, 2)]


def test_whoever_saves_second_is_told_what_was_saved_and_keeps_what_was_typed(campus, visit):
    room = Class(campus)
    submission = room.hand_in(room.trainee())
    vera, tendai = room.tutor(), room.tutor(given_name="Tendai", family_name="Moyo")
    path = f"/marking/{submission.code}"
    of_vera, of_tendai = browser_of(visit, campus, vera), browser_of(visit, campus, tendai)
    read_before = fields(of_vera.get(path), path)
    send(of_tendai, path, path, points="14", feedback="Sources are missing.", then="stay")
    refused = of_vera.post(path, data={**read_before, "points": "18", "feedback": "Wonderful", "then": "next"})
    assert refused.status_code == 409
    said = words(refused)
    assert "What Tendai Moyo saved" in said
    assert "14 / 20" in said
    assert "Sources are missing." in said
    again = fields(refused, path)
    assert (again["points"], again["feedback"]) == (["18"], ["Wonderful"])
    assert grades(campus)[0].points == 14
    # Having seen both, she may decide.
    assert of_vera.post(path, data={**again, "then": "stay"}).status_code == 200
    assert grades(campus)[0].points == 18
    assert [change.points for change in changes(campus)] == [14, 18]


def test_a_page_from_before_the_release_is_stale_too(campus):
    room = Class(campus)
    tutor, submission = room.tutor(), room.hand_in(room.trainee())
    grade = room.mark(tutor, submission, 14)
    room.release(tutor)
    with pytest.raises(GradeChanged) as refusal:
        room.mark(tutor, submission, 15, version=grade.version)
    assert (refusal.value.now.status, refusal.value.now.points) == ("released", Decimal(14))


def test_what_is_not_released_is_seen_by_nobody_and_released_is_told_exactly_once(campus, visit):
    room = Class(campus)
    tutor, rosa = room.tutor(), room.trainee()
    submission = room.hand_in(rosa)
    grade = room.mark(tutor, submission, 16, "Strong on the **budget calendar**.")
    browser = browser_of(visit, campus, rosa)
    for page in (room.url, "/grades", "/today", f"/submissions/{submission.code}", f"/learn/{room.cohort.code}"):
        shown = words(browser.get(page))
        assert "budget calendar" not in shown
        assert "16 / 20" not in shown
    assert mails(campus, "Marked") == []
    assert room.release(tutor, grade) == 1
    assert room.release(tutor, grade) == 0
    for page in (room.url, "/grades"):
        shown = words(browser.get(page))
        assert "budget calendar" in shown
        assert "16 / 20" in shown
    assert "16 of 20 points" in words(browser.get("/today"))
    (mail,) = mails(campus, "Marked")
    assert mail.to == rosa.email
    assert "Points: 16 of 20" in mail.body_text
    assert "Strong on the **budget calendar**." in mail.body_text


def test_changing_a_released_grade_makes_a_new_version_and_one_more_mail(campus, visit):
    room = Class(campus)
    tutor, rosa = room.tutor(), room.trainee()
    submission = room.hand_in(rosa)
    grade = room.mark(tutor, submission, 10)
    room.release(tutor)
    assert grades(campus)[0].version == 2
    room.mark(tutor, submission, 10, version=2)  # nothing changed: nothing happens
    assert len(mails(campus)) == 2  # the receipt and the grade
    changed = room.mark(tutor, submission, 15, "Better than I thought.", version=2)
    assert (changed.id, changed.version, changed.status) == (grade.id, 3, "released")
    assert [m.subject for m in mails(campus)][2:] == ["Your grade has changed: Map of actors"]
    assert [(c.version, c.points, c.status) for c in changes(campus)] == [
        (1, Decimal(10), "marked"), (2, Decimal(10), "released"), (3, Decimal(15), "released"),
    ]  # fmt: skip
    page = words(browser_of(visit, campus, rosa).get("/grades"))
    assert "15 / 20" in page
    assert "History of this grade" in page
    with pytest.raises(Invalid, match="it needs points"):
        room.mark(tutor, submission, None, "words", version=3)


def test_release_marks_passing_work_as_passed(campus):
    room = Class(campus, completion="passed")
    tutor, good, weak = room.tutor(), room.trainee(), room.trainee()
    told = []
    campus.hub.subscribe(GradeReleased, lambda _session, event: told.append((event.person_id, event.activity_id)))
    room.mark(tutor, room.hand_in(good), 12)
    room.mark(tutor, room.hand_in(weak), "11.99")

    def done(person):
        with campus.database.reading() as session:
            progress = session.get(Progress, (person.id, room.assignment.id))
            return progress is not None and progress.completed_at is not None

    assert not done(good)
    assert room.release(tutor) == 2
    assert (done(good), done(weak)) == (True, False)
    assert sorted(told) == sorted([(good.id, room.assignment.id), (weak.id, room.assignment.id)])


def test_everything_marked_in_a_cohort_or_a_column_is_released_in_one_action(campus, visit):
    room = Class(campus, titles=("Map", "Strategy"))
    tutor = room.tutor()
    people = [room.trainee() for _number in range(3)]
    for person in people:
        room.mark(tutor, room.hand_in(person), 15)
    room.mark(tutor, room.hand_in(people[0], activity=room.assignments[1]), 11)
    waiting = room.hand_in(people[1], activity=room.assignments[1])
    browser = browser_of(visit, campus, tutor)
    page = browser.get(room.book_url)
    assert "Release 4 grades" in words(page)
    item_id = grades(campus)[0].grade_item_id
    token = fields(page, f"{room.book_url}/release")["csrf_token"][0]
    assert "3 grades released" in words(browser.post(f"{room.book_url}/release", data={"csrf_token": token, "item": str(item_id)}))
    answer = browser.post(f"{room.book_url}/release", data={"csrf_token": token, "back": f"/marking?cohort={room.cohort.code}"})
    assert answer.url.path == "/marking"
    assert "1 grade released" in words(answer)
    assert "There was nothing to release." in words(browser.post(f"{room.book_url}/release", data={"csrf_token": token}))
    assert len(mails(campus, "Marked")) == 4
    assert codes(campus, tutor, state="waiting") == [waiting.code]


def test_a_suspended_trainee_is_left_out_of_a_bulk_release_but_can_be_graded(campus):
    room = Class(campus, titles=("Map", "Strategy"))
    tutor, rosa = room.tutor(), room.trainee()
    submission = room.hand_in(rosa)
    room.set_status(rosa, "suspended")
    grade = room.mark(tutor, submission, 15)
    assert room.release(tutor) == 0
    assert room.release(tutor, grade) == 1


def test_one_grade_is_released_from_its_page(campus, visit):
    room = Class(campus)
    tutor = room.tutor()
    submission = room.hand_in(room.trainee())
    room.mark(tutor, submission, 15)
    browser = browser_of(visit, campus, tutor)
    answer = send(browser, f"/marking/{submission.code}", f"/marking/{submission.code}/release")
    assert "Released: a mail is on its way." in words(answer)
    assert grades(campus)[0].status == "released"


def test_nobody_marks_her_own_work(campus, visit):
    room = Class(campus)
    tutor = room.tutor()
    with campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, room.cohort, tutor.id or 0)
    submission = room.hand_in(tutor)
    with pytest.raises(OwnWork):
        room.mark(tutor, submission, 20)
    browser = browser_of(visit, campus, tutor)
    page = browser.get(f"/marking/{submission.code}")
    assert "This is your own work" in words(page)
    token = fields(browser.get(room.url), f"{room.url}/submission")["csrf_token"][0]
    refused = browser.post(f"/marking/{submission.code}", data={"csrf_token": token, "version": "0", "points": "20"})
    assert refused.status_code == 403
    assert grades(campus) == []


def test_a_draft_cannot_be_marked_or_seen(campus, visit):
    room = Class(campus)
    tutor = room.tutor()
    draft = room.save_draft(room.trainee())
    with pytest.raises(NotFound):
        room.mark(tutor, draft, 20)
    assert browser_of(visit, campus, tutor).get(f"/marking/{draft.code}").status_code == 404


def test_the_history_of_a_grade_cannot_be_changed_or_deleted(campus):
    room = Class(campus)
    room.mark(room.tutor(), room.hand_in(room.trainee()), 15, "Words")
    for statement in ("UPDATE grade_change SET points = 200000", "UPDATE grade_change SET feedback = 'other words'",
                      "UPDATE grade_change SET feedback = '', version = 9", "DELETE FROM grade_change", "DELETE FROM grade"):  # fmt: skip
        with pytest.raises(DatabaseError), campus.database.transaction() as session:
            session.execute(text(statement))
    assert [(c.points, c.feedback) for c in changes(campus)] == [(Decimal(15), "Words")]


def test_what_markers_do_is_in_the_audit_log(campus):
    room = Class(campus)
    tutor = room.tutor()
    room.mark(tutor, room.hand_in(room.trainee()), 15)
    room.release(tutor)
    with campus.database.reading() as session:
        found = session.execute(select(col(AuditEntry.action), col(AuditEntry.after)).where(col(AuditEntry.subject_kind) == "grade"))
        assert list(found) == [("grade.saved", {"points": "15"}), ("grade.released", {"points": "15"})]


def test_the_pages_of_marking_ask_the_same_number_of_questions_for_one_and_for_many(campus, visit):
    room = Class(campus)
    tutor = room.tutor()
    browser = browser_of(visit, campus, tutor)
    first = room.hand_in(room.trainee())
    sizes: list[list[int]] = []
    for _round in range(2):
        for _number in range(4):
            room.mark(tutor, room.hand_in(room.trainee()), 10, "Words")
        sizes.append([])
        for page in ("/marking", f"/marking?cohort={room.cohort.code}", f"/marking/{first.code}", room.book_url, f"{room.book_url}.csv"):
            browser.get(page)
            with counting(campus) as seen:
                browser.get(page)
            sizes[-1].append(len(seen))
    assert sizes[0] == sizes[1]


def test_marks_of_an_unknown_grade_or_attempt_are_refused(campus):
    room = Class(campus)
    actor = actor_of(campus, make_person(campus, "staff"))
    with campus.database.transaction() as session, pytest.raises(NotFound):
        marking.release(session, actor, [12345])
    with campus.database.transaction() as session, pytest.raises(NotFound):
        marking.save_grade(session, actor, 12345, version=0, points=Decimal(1))
    assert room.release(room.tutor()) == 0
