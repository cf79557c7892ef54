"""Stories about what the demo says people did: the state in which the services would have left it."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from lms.certificates import filing
from lms.certificates.models import Certificate
from lms.courses import completion
from lms.courses.models import Activity, Cohort, Progress
from lms.enrollment.models import Application, Enrolment
from lms.grading.models import Grade, GradeChange, GradeItem, Submission
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import RoleGrant


def everything(campus: Campus, model: Any) -> list[Any]:
    with campus.database.reading() as session:
        return list(session.scalars(select(model).order_by(*model.__table__.primary_key.columns)))


def test_places_are_numbered_from_one_within_the_seats(campus: Campus) -> None:
    seats = {cohort.id: cohort.seats for cohort in everything(campus, Cohort)}
    places = defaultdict(list)
    for enrolment in everything(campus, Enrolment):
        if enrolment.place is not None:
            places[enrolment.cohort_id].append(enrolment.place)
    assert len(places) == 15
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in places.values())
    assert all(len(numbers) <= seats[cohort_id] for cohort_id, numbers in places.items())


def test_trainees_hold_the_role_unless_they_withdrew(campus: Campus) -> None:
    held = {(g.person_id, g.scope_id) for g in everything(campus, RoleGrant) if g.role == "trainee" and g.scope_kind == "cohort"}
    expected = {(e.person_id, e.cohort_id) for e in everything(campus, Enrolment) if e.status != "withdrawn"}
    assert held == expected


def test_who_completed_has_done_everything_required_and_nobody_else_has(campus: Campus) -> None:
    with campus.database.reading() as session:
        for enrolment in everything(campus, Enrolment):
            done, total = completion.progress(session, enrolment.person_id, [enrolment.cohort_id])[enrolment.cohort_id]
            assert (done == total) == (enrolment.status == "completed"), enrolment
            assert (enrolment.completed_at is not None) == (enrolment.status == "completed")


def test_the_completion_rules_hold_for_every_row_of_progress(campus: Campus) -> None:
    activities = {activity.id: activity for activity in everything(campus, Activity)}
    first_in: dict[tuple[int, int], Any] = {}
    for submission in everything(campus, Submission):
        if submission.submitted_at:
            first_in.setdefault((submission.person_id, submission.activity_id), submission.submitted_at)
    now = clock.now()
    for row in everything(campus, Progress):
        rule = activities[row.activity_id].completion
        assert row.viewed_at <= now
        if rule == "viewed":
            assert row.completed_at == row.viewed_at
        elif rule == "submitted":
            assert row.completed_at == first_in.get((row.person_id, row.activity_id))


def test_work_comes_after_the_opening_and_before_the_cut_off(campus: Campus) -> None:
    activities = {activity.id: activity for activity in everything(campus, Activity)}
    late = 0
    for submission in everything(campus, Submission):
        activity = activities[submission.activity_id]
        assert submission.created_at <= (submission.submitted_at or submission.updated_at) <= min(activity.cutoff_at, clock.now())
        assert submission.created_at >= activity.due_at - timedelta(days=7)
        late += bool(submission.submitted_at and submission.submitted_at > activity.due_at)
    assert late > 20


def test_each_grade_is_what_its_history_says(campus: Campus) -> None:
    history = defaultdict(list)
    for change in everything(campus, GradeChange):
        history[change.grade_id].append(change)
    submissions = {submission.id: submission for submission in everything(campus, Submission)}
    again = 0
    for grade in everything(campus, Grade):
        changes = sorted(history[grade.id], key=lambda change: change.version)
        assert [change.version for change in changes] == list(range(1, grade.version + 1))
        assert (changes[-1].points, changes[-1].feedback, changes[-1].status) == (grade.points, grade.feedback, grade.status)
        assert changes[0].status == "marked"
        assert submissions[grade.submission_id].latest
        assert grade.graded_at > submissions[grade.submission_id].submitted_at
        assert grade.feedback in grade.feedback_html.replace("&amp;", "&")
        again += len(changes) > 2
    assert again > 20


def test_everything_of_closed_cohorts_is_marked_and_released(campus: Campus) -> None:
    closed = {cohort.id for cohort in everything(campus, Cohort) if cohort.status == "closed"}
    items = {item.activity_id: item.id for item in everything(campus, GradeItem)}
    released = {(grade.grade_item_id, grade.person_id) for grade in everything(campus, Grade) if grade.status == "released"}
    work = [submission for submission in everything(campus, Submission) if submission.cohort_id in closed]
    assert len(work) > 800
    assert all((items[submission.activity_id], submission.person_id) in released for submission in work)
    assert all(submission.status == "submitted" for submission in work)


def test_every_completed_enrolment_has_a_certificate_and_one_was_withdrawn(campus: Campus) -> None:
    certificates = everything(campus, Certificate)
    completed = {enrolment.id for enrolment in everything(campus, Enrolment) if enrolment.status == "completed"}
    assert {certificate.enrolment_id for certificate in certificates} == completed
    assert [certificate.status for certificate in certificates].count("revoked") == 1
    by_year = defaultdict(list)
    for certificate in certificates:
        _programme, year, number = certificate.serial.split("-")
        assert certificate.serial.startswith(f"SFE-{certificate.issued_on.year}-")
        by_year[year].append(int(number))
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in by_year.values())


def test_the_document_of_an_old_certificate_is_drawn_without_a_mail(campus: Campus) -> None:
    before = len(everything(campus, OutboxMessage))
    certificate = next(one for one in everything(campus, Certificate) if one.status == "valid")
    document = filing.document_of(campus.database, campus.storage, certificate.id)
    assert document is not None
    assert document.snapshot.programme == "Spaces for Engagement"
    assert len(everything(campus, OutboxMessage)) == before


def test_applications_wait_and_were_decided(campus: Campus) -> None:
    states = defaultdict(set)
    for application in everything(campus, Application):
        states[application.status].add(application.person_id)
    assert {status: len(people) for status, people in states.items()} == {"submitted": 6, "accepted": 18, "rejected": 3}
    enrolled = {enrolment.person_id for enrolment in everything(campus, Enrolment) if enrolment.method == "application"}
    assert states["accepted"] == enrolled
