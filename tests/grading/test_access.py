"""Who may see and do what with work and grades, by cohort."""

from decimal import Decimal

import pytest

from lms.grading import items, marking, submitting
from lms.kernel.errors import Forbidden, NotFound, Refused
from lms.kernel.storage import save_file
from tests.factories import actor_of, make_person
from tests.grading.stories import Class, browser_of, fields, grades, submissions
from tests.watching import words


@pytest.fixture
def room(campus):
    """A cohort with one piece of work."""
    return Class(campus)


def handed_in(campus, room, person):
    """Work with a file; answers the attempt and the address of the file."""
    with campus.database.transaction() as session:
        file = save_file(session, campus.storage, b"secret work", "work.pdf", "application/pdf", person.id)
        submission = submitting.hand_in(session, actor_of(campus, person), room.assignment, "Secret text", [file])
    return submission, f"/submissions/{submission.code}/files/{file.id}"


def token_of(browser):
    """A form token of this browser."""
    return fields(browser.get("/profile"), "/profile")["csrf_token"][0]


def test_work_is_open_to_its_author_and_to_those_who_mark_in_its_cohort(campus, visit, room):
    other = Class(campus)
    rosa = room.trainee()
    submission, file = handed_in(campus, room, rosa)
    reads = {
        "author": (rosa, 200, 200), "tutor": (room.tutor(), 200, 200), "staff": (make_person(campus, "staff"), 200, 200),
        "fellow": (room.trainee(), 403, 403), "trainee elsewhere": (other.trainee(), 404, 404),
        "tutor elsewhere": (other.tutor(), 404, 404),
        "reporter": (make_person(campus, "reporter"), 404, 404), "nobody in particular": (make_person(campus), 404, 404),
    }  # fmt: skip
    for who, (person, receipt, download) in reads.items():
        browser = browser_of(visit, campus, person)
        assert browser.get(f"/submissions/{submission.code}").status_code == receipt, who
        answer = browser.get(file)
        assert answer.status_code == download, who
        assert (answer.content == b"secret work") == (download == 200), who
    nobody = visit()
    for path in (f"/submissions/{submission.code}", file, f"/marking/{submission.code}", "/marking", "/grades", room.book_url):
        assert nobody.get(path, follow_redirects=False).headers["location"].startswith("/sign-in")


def test_files_go_out_as_downloads_that_no_browser_runs(campus, visit, room):
    _submission, file = handed_in(campus, room, rosa := room.trainee())
    answer = browser_of(visit, campus, rosa).get(file)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"


def test_marking_is_for_those_who_mark_in_the_cohort(campus, visit, room):
    other = Class(campus)
    submission, _file = handed_in(campus, room, room.trainee())
    path = f"/marking/{submission.code}"
    expected = [
        (room.tutor(), 200), (make_person(campus, "staff"), 200), (make_person(campus, "administrator"), 200), (other.tutor(), 404),
        (room.trainee(), 403), (make_person(campus, "reporter"), 403),
    ]  # fmt: skip
    for person, status in expected:
        browser = browser_of(visit, campus, person)
        assert browser.get(path).status_code == status
        sent = {"csrf_token": token_of(browser), "version": "0", "points": "x"}
        assert browser.post(path, data=sent).status_code == (422 if status == 200 else status)
        assert browser.post(f"{path}/release", data=sent, follow_redirects=False).status_code == (303 if status == 200 else status)
    assert grades(campus) == []


def test_a_tutor_sees_in_the_queue_only_the_own_cohorts(campus, visit, room):
    other = Class(campus)
    handed_in(campus, room, room.trainee(given_name="Visible"))
    handed_in(campus, other, other.trainee(given_name="Hidden"))
    browser = browser_of(visit, campus, room.tutor())
    for page in ("/marking", f"/marking?cohort={other.cohort.code}", "/marking?state=waiting"):
        assert "Hidden" not in words(browser.get(page))
    assert "Visible" in words(browser.get("/marking"))
    assert other.cohort.code not in browser.get("/marking").text
    everywhere = words(browser_of(visit, campus, make_person(campus, "staff")).get("/marking"))
    assert "Visible" in everywhere
    assert "Hidden" in everywhere


@pytest.mark.parametrize("tail", ["", ".csv", "/new"])
def test_the_gradebook_is_for_those_who_mark_in_the_cohort(campus, visit, room, tail):
    other = Class(campus)
    for person, status in [(room.tutor(), 200), (make_person(campus, "staff"), 200), (other.tutor(), 404), (room.trainee(), 403)]:
        assert browser_of(visit, campus, person).get(room.book_url + tail).status_code == status


def test_ids_of_another_cohort_are_refused_on_every_route(campus, visit, room):
    other = Class(campus)
    tutor, theirs = room.tutor(), other.tutor()
    foreign, stranger = other.column(theirs), other.trainee()
    mine = room.column(tutor)
    browser = browser_of(visit, campus, tutor)
    token = {"csrf_token": token_of(browser), "name": "x", "points": "1", "weight": "1"}
    assert browser.get(f"{room.book_url}/{foreign}").status_code == 404
    assert browser.get(f"{room.book_url}/{foreign}/edit").status_code == 404
    for tail in ("", "/edit", "/delete"):
        assert browser.post(f"{room.book_url}/{foreign}{tail}", data=token).status_code == 404
    assert browser.post(f"{room.book_url}/release", data={**token, "item": str(foreign)}).status_code == 404
    row = {"person": str(stranger.id), f"version-{stranger.id}": "0", f"points-{stranger.id}": "5"}
    assert browser.post(f"{room.book_url}/{mine}", data={**token, **row}).status_code == 404
    _submission, file = handed_in(campus, other, stranger)
    own, _file = handed_in(campus, room, room.trainee())
    assert browser.get(f"/submissions/{own.code}/files/{file.rpartition('/')[2]}").status_code == 404
    assert browser.get(f"/learn/{room.cohort.code}/{other.assignment.id}").status_code == 404
    assert grades(campus) == []


def test_a_trainee_hands_in_nowhere_but_in_the_own_cohort(campus, visit, room):
    other = Class(campus)
    rosa = room.trainee()
    browser = browser_of(visit, campus, rosa)
    sent = {"csrf_token": token_of(browser), "version": "0", "text": "Text", "then": "hand_in"}
    assert browser.post(f"{other.url}/submission", data=sent).status_code == 404
    assert browser.post(f"/learn/{room.cohort.code}/{other.assignment.id}/submission", data=sent).status_code == 404
    with pytest.raises(Forbidden):
        other.hand_in(rosa)
    assert submissions(campus) == []


@pytest.mark.parametrize("status", ["suspended", "withdrawn", "failed"])
def test_without_an_active_place_nothing_is_taken_but_the_own_work_can_be_read(campus, visit, status):
    room = Class(campus, titles=("Map", "Strategy"))
    rosa = room.trainee()
    submission, file = handed_in(campus, room, rosa)
    browser = browser_of(visit, campus, rosa)
    token = token_of(browser)
    room.set_status(rosa, status)
    with pytest.raises(Refused):
        room.hand_in(rosa, "More")
    answer = browser.post(f"{room.url}/submission", data={"csrf_token": token, "version": "2", "text": "More", "then": "hand_in"})
    assert answer.status_code in (403, 404)
    assert len(submissions(campus)) == 1
    assert "Secret text" in words(browser.get(f"/submissions/{submission.code}"))
    assert browser.get(file).content == b"secret work"


def test_a_role_without_a_place_is_told_why_nothing_is_taken(campus, visit, room):
    person = make_person(campus, "trainee", scope=("cohort", room.cohort.id or 0))
    page = browser_of(visit, campus, person).get(room.url)
    assert "people with an active place in this cohort" in words(page)
    assert "/submission" not in page.text


def test_in_a_closed_or_hidden_place_nothing_is_taken(campus, visit, room):
    rosa = room.trainee()
    with campus.database.transaction() as session:
        session.one(type(room.cohort), room.cohort.id).status = "closed"
    assert "This cohort is closed" in words(browser_of(visit, campus, rosa).get(room.url))
    with pytest.raises(Refused, match="closed"):
        room.hand_in(rosa)
    with campus.database.transaction() as session:
        session.one(type(room.cohort), room.cohort.id).status = "published"
        activity = session.one(type(room.assignment), room.assignment.id)
        activity.published = False
    with campus.database.transaction() as session, pytest.raises(NotFound):
        submitting.hand_in(session, actor_of(campus, rosa), activity, "Text")


def test_a_tutor_sees_the_assignment_with_the_way_to_marking_and_no_form(campus, visit, room):
    page = browser_of(visit, campus, room.tutor()).get(room.url)
    assert "Go to marking" in words(page)
    assert "/submission" not in page.text


def test_services_ask_for_the_permission_themselves(campus, room):
    outsider = actor_of(campus, Class(campus).tutor())
    submission, _file = handed_in(campus, room, room.trainee())
    grade = room.mark(room.tutor(), submission, 10)
    with campus.database.transaction() as session, pytest.raises(Forbidden):
        marking.save_grade(session, outsider, submission.id or 0, version=1, points=Decimal(1))
    with campus.database.transaction() as session, pytest.raises(Forbidden):
        marking.release(session, outsider, [grade.id or 0])
    with campus.database.transaction() as session, pytest.raises(Forbidden):
        marking.release_marked(session, outsider, room.cohort)
    with campus.database.transaction() as session, pytest.raises(Forbidden):
        items.add_item(session, outsider, room.cohort, name="x", points=Decimal(1))
    assert (grades(campus)[0].points, grades(campus)[0].status) == (Decimal(10), "marked")


def test_links_in_the_navigation_are_there_for_those_who_can_use_them(campus, visit, room):
    tutor, rosa = words(browser_of(visit, campus, room.tutor()).get("/")), words(browser_of(visit, campus, room.trainee()).get("/"))
    assert ("Marking" in tutor, "Grades" in tutor) == (True, False)
    assert ("Marking" in rosa, "Grades" in rosa) == (False, True)
