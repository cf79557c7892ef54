"""Grades as tables: the trainee's own, the gradebook, columns filled in by hand, and the file for a spreadsheet."""

from decimal import Decimal

import pytest

from lms.grading import books, items, marking, own_grades
from lms.grading.items import NotByHand
from lms.kernel import csvio
from lms.kernel.errors import Invalid
from tests.factories import actor_of
from tests.grading.stories import Class, browser_of, changes, fields, grades, mails, send
from tests.watching import counting, words


def own(campus, person):
    """What a person can see of her grades."""
    with campus.database.reading() as session:
        return own_grades.grades_of(session, person.id or 0)


def test_a_trainee_sees_points_feedback_weights_totals_and_what_is_missing(campus, visit):
    room = Class(campus, titles=("Map", "Strategy", "Plan"), form={"weight": "2"})
    tutor, rosa = room.tutor(), room.trainee()
    room.mark(tutor, room.hand_in(rosa), 16, "Strong on the *budget* calendar.")
    room.release(tutor)
    room.mark(tutor, room.hand_in(rosa, activity=room.assignments[1]), 3, "A secret until it is released.")
    (cohort,) = own(campus, rosa)
    assert [line.state for line in cohort.lines] == ["released", "handed_in", "missing"]
    assert (cohort.running, cohort.final, cohort.graded) == (Decimal(80), Decimal("26.67"), 1)
    page = browser_of(visit, campus, rosa).get("/grades")
    said = words(page)
    for text in ("80%", "of what has been graded", "1 of 3", "16 / 20", "Passed", "Being marked", "Not handed in"):
        assert text in said
    assert "<em>budget</em>" in page.text
    assert "secret" not in said
    assert "final:" not in said
    side = words(browser_of(visit, campus, rosa).get(f"/learn/{room.cohort.code}"))
    assert "80% of what has been graded" in side


def test_when_the_cohort_is_over_what_is_missing_counts_as_zero(campus, visit):
    room = Class(campus, titles=("Map", "Strategy"))
    tutor, rosa = room.tutor(), room.trainee()
    room.mark(tutor, room.hand_in(rosa), 16)
    room.release(tutor)
    room.set_status(rosa, "completed")
    assert "40% final: what is missing counts as zero" in words(browser_of(visit, campus, rosa).get("/grades"))


def test_what_is_hidden_or_optional_is_missed_by_nobody(campus):
    room = Class(campus, titles=("Map", "Optional", "Hidden"))
    tutor, rosa = room.tutor(), room.trainee()
    with campus.database.transaction() as session:
        for activity, name in zip(room.assignments[1:], ("required", "published"), strict=True):
            setattr(session.one(type(activity), activity.id), name, False)
    room.mark(tutor, room.hand_in(rosa), 10)
    room.release(tutor)
    (cohort,) = own(campus, rosa)
    assert [line.column.name for line in cohort.lines] == ["Map", "Optional"]
    assert (cohort.running, cohort.final) == (Decimal(50), Decimal(50))


def test_nobody_sees_grades_where_there_are_none(campus, visit):
    room = Class(campus)
    assert "Not handed in" in words(browser_of(visit, campus, room.trainee()).get("/grades"))


def test_the_gradebook_shows_everybody_with_links_to_the_work(campus, visit):
    room = Class(campus, titles=("Map", "Strategy"))
    tutor, rosa, tendai = room.tutor(), room.trainee(family_name="Alvarez"), room.trainee(given_name="Tendai", family_name="Moyo")
    released, marked = room.hand_in(rosa), room.hand_in(tendai)
    waiting = room.hand_in(rosa, activity=room.assignments[1])
    room.mark(tutor, released, 16)
    room.release(tutor)
    room.mark(tutor, marked, 8)
    with campus.database.reading() as session:
        book = books.gradebook(session, room.cohort.id or 0)
    assert [row.name for row in book.rows] == ["Rosa Alvarez", "Tendai Moyo"]
    first, second = book.rows
    assert [(cell.points, cell.status, cell.waits) for cell in first.cells] == [(Decimal(16), "released", False), (None, "", True)]
    assert [(cell.points, cell.status, cell.waits) for cell in second.cells] == [(Decimal(8), "marked", False), (None, "", False)]
    assert (first.running, first.final, second.running, second.final) == (Decimal(80), Decimal(40), None, Decimal(0))
    page = browser_of(visit, campus, tutor).get(room.book_url)
    for submission in (released, marked, waiting):
        assert f'href="/marking/{submission.code}"' in page.text
    assert "not released" in words(page)


def test_suspended_people_are_in_the_gradebook_on_request(campus, visit):
    room = Class(campus)
    room.trainee(family_name="Suspendida", status="suspended")
    room.trainee(family_name="Alvarez")
    browser = browser_of(visit, campus, room.tutor())
    assert "Suspendida" not in words(browser.get(room.book_url))
    assert "Suspendida place suspended" in words(browser.get(f"{room.book_url}?everybody=1"))


def test_the_gradebook_goes_page_by_page_with_the_same_number_of_questions(campus):
    room = Class(campus)
    tutor = room.tutor()
    for number in range(7):
        room.mark(tutor, room.hand_in(room.trainee(family_name=f"Quispe {number % 2}")), number)
    seen, sizes, after = [], set(), ""
    while True:
        with counting(campus) as statements, campus.database.reading() as session:
            book = books.gradebook(session, room.cohort.id or 0, after=after, limit=3)
        sizes.add(len(statements))
        seen += [row.code for row in book.rows]
        if book.after is None:
            break
        after = book.after
    assert len(seen) == len(set(seen)) == 7
    assert sizes == {4}


def test_the_file_for_a_spreadsheet_runs_no_formula_and_reads_back(campus, visit):
    room = Class(campus, titles=("=cmd()", "Strategy"))
    tutor, rosa = room.tutor(), room.trainee(given_name="=1+1", family_name="Quispe", email="rosa@example.org")
    room.mark(tutor, room.hand_in(rosa), "16.5")
    room.release(tutor)
    answer = browser_of(visit, campus, tutor).get(f"{room.book_url}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="grades-{room.cohort.code}.csv"' in answer.headers["content-disposition"]
    assert b"'=1+1 Quispe" in answer.content
    assert b"'=cmd()" in answer.content
    (line,) = csvio.read(answer.content).rows
    assert list(line.cells.values()) == ["rosa@example.org", "=1+1 Quispe", "active", "16.5", "", "82.50", "41.25"]


def test_a_tutor_adds_a_column_fills_it_in_and_releases_it(campus, visit):
    room = Class(campus)
    tutor, rosa, tendai = room.tutor(), room.trainee(family_name="Alvarez"), room.trainee(family_name="Moyo")
    browser = browser_of(visit, campus, tutor)
    sheet = send(browser, f"{room.book_url}/new", f"{room.book_url}/new", name="Presentation", points="10", weight="0,5")
    assert "The column is there." in words(sheet)
    path = sheet.url.path
    typed = {f"points-{rosa.id}": "7,5", f"feedback-{rosa.id}": "Clear and short."}
    assert "1 grade saved." in words(send(browser, path, path, **typed, then="stay"))
    assert [(g.person_id, g.points, g.status) for g in grades(campus)] == [(rosa.id, Decimal("7.5"), "marked")]
    assert own(campus, rosa)[0].running is None
    answer = words(send(browser, path, path, **{f"points-{tendai.id}": "9"}, then="release"))
    assert "1 grade saved. 2 grades released" in answer
    assert own(campus, rosa)[0].running == Decimal(75)
    assert len(mails(campus, "Marked: Presentation")) == 2
    assert "7.5 / 10" in words(browser_of(visit, campus, rosa).get("/grades"))


def test_a_sheet_with_a_mistake_saves_nothing_and_keeps_every_line(campus, visit):
    room = Class(campus)
    tutor, rosa, tendai = room.tutor(), room.trainee(), room.trainee()
    path = f"{room.book_url}/{room.column(tutor)}"
    typed = {f"points-{rosa.id}": "8", f"points-{tendai.id}": "11", f"feedback-{tendai.id}": "Very good"}
    refused = send(browser_of(visit, campus, tutor), path, path, **typed, then="stay")
    assert refused.status_code == 422
    assert "At most 10." in words(refused)
    shown = fields(refused, path)
    assert {name: shown[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert grades(campus) == []


def test_a_line_that_somebody_else_saved_meanwhile_is_told_and_untouched_lines_do_not_disturb(campus, visit):
    room = Class(campus)
    vera, tendai = room.tutor(), room.tutor(given_name="Tendai", family_name="Moyo")
    ana, ben = room.trainee(family_name="A"), room.trainee(family_name="B")
    path = f"{room.book_url}/{room.column(vera)}"
    of_vera, of_tendai = browser_of(visit, campus, vera), browser_of(visit, campus, tendai)
    read_before = fields(of_vera.get(path), path)
    send(of_tendai, path, path, **{f"points-{ana.id}": "6"}, then="stay")
    # Vera writes on another line: nothing of Tendai's is lost, and nobody is bothered.
    answer = of_vera.post(path, data={**read_before, f"points-{ben.id}": "9", "then": "stay"})
    assert "1 grade saved." in words(answer)
    refused = of_vera.post(path, data={**read_before, f"points-{ana.id}": "5", f"points-{ben.id}": "9", "then": "stay"})
    assert "Tendai Moyo saved this grade while you were working on it" in words(refused)
    assert "Saved by Tendai Moyo: 6" in words(refused)
    again = fields(refused, path)
    assert again[f"points-{ana.id}"] == ["5"]
    assert sorted((g.points, g.version) for g in grades(campus)) == [(Decimal(6), 1), (Decimal(9), 1)]
    assert "1 grade saved." in words(of_vera.post(path, data={**again, "then": "stay"}))
    assert [change.points for change in changes(campus)] == [6, 9, 5]


def test_a_column_can_be_changed_and_deleted_while_it_is_empty(campus, visit):
    room = Class(campus)
    tutor, rosa = room.tutor(), room.trainee()
    item_id = room.column(tutor)
    path = f"{room.book_url}/{item_id}"
    browser = browser_of(visit, campus, tutor)
    assert "Another column of this cohort has this name." in words(
        send(browser, f"{path}/edit", f"{path}/edit", name="Map of actors")
    )  # fmt: skip
    assert "Saved." in words(send(browser, f"{path}/edit", f"{path}/edit", name="Talk", points="5"))
    send(browser, path, path, **{f"points-{rosa.id}": "5"}, then="stay")
    refused = send(browser, f"{path}/edit", f"{path}/edit", points="4")
    assert "Somebody has 5 points already" in words(refused)
    assert "There are grades in this column" in words(send(browser, f"{path}/edit", f"{path}/delete"))
    other = room.column(tutor, "Empty")
    assert "The column is deleted." in words(send(browser, f"{room.book_url}/{other}/edit", f"{room.book_url}/{other}/delete"))


def test_the_column_of_an_assignment_is_not_changed_by_hand(campus, visit):
    room = Class(campus)
    tutor, rosa = room.tutor(), room.trainee()
    with campus.database.reading() as session:
        item = items.item_of_activity(session, room.assignment.id or 0)
    actor = actor_of(campus, tutor)
    with campus.database.transaction() as session, pytest.raises(NotByHand):
        items.delete_item(session, actor, room.cohort, item.id or 0)
    with campus.database.transaction() as session, pytest.raises(NotByHand):
        marking.save_by_hand(session, actor, room.cohort, item.id or 0, rosa.id or 0, version=0, points=Decimal(1))
    answer = browser_of(visit, campus, tutor).get(f"{room.book_url}/{item.id}")
    assert answer.url.path == "/marking"


@pytest.mark.parametrize(
    ("points", "weight", "field"), [("0", "1", "points"), ("10", "-1", "weight"), ("x", "1", "points"), ("1", "", "weight")]
)
def test_a_column_that_makes_no_sense_is_refused(campus, visit, points, weight, field):
    room = Class(campus)
    refused = send(
        browser_of(visit, campus, room.tutor()), f"{room.book_url}/new", f"{room.book_url}/new", name="Talk", points=points, weight=weight
    )
    assert refused.status_code == 422
    assert f'id="f-{field}-error"' in refused.text


def test_services_refuse_a_column_that_is_called_like_another(campus):
    room = Class(campus)
    tutor = room.tutor()
    room.column(tutor, "Talk")
    with pytest.raises(Invalid, match="Another column"):
        room.column(tutor, " Talk ")


def test_a_trainee_is_told_today_what_came_back(campus, visit):
    room = Class(campus)
    tutor, rosa = room.tutor(), room.trainee()
    room.mark(tutor, room.hand_in(rosa), 16, "Strong on the **budget** calendar.")
    browser = browser_of(visit, campus, rosa)
    assert "is marked" not in words(browser.get("/today"))
    room.release(tutor)
    said = words(browser.get("/today"))
    assert "Your work for “Map of actors” is marked: 16 of 20 points." in said


def test_staff_see_in_the_cohort_what_waits_to_be_marked(campus, visit):
    room = Class(campus)
    tutor = room.tutor()
    browser = browser_of(visit, campus, tutor)
    room.hand_in(room.trainee())
    page = browser.get(f"/staff/cohorts/{room.cohort.code}")
    assert "1 waits to be marked" in words(page)
    assert f'href="/marking?cohort={room.cohort.code}"' in page.text
