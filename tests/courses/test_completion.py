"""What completes an activity, and what completes a cohort: exactly then, and counted for nobody but the trainee."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.accounts import roles
from lms.courses import completion, content
from lms.courses.events import ActivityCompleted, CohortCompleted
from lms.courses.models import Activity, Cohort, Progress
from lms.kernel import clock
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit, words
from tests.courses.stories import MARKED, activities_of, at, completions, learner, staff, tutor_of
from tests.factories import make_cohort, make_course, sign_in


def progress_of(campus: Any, person: Any, cohort: Cohort) -> tuple[int, int]:
    """Done, and in all."""
    with campus.database.reading() as session:
        return completion.progress(session, person.id, [cohort.id or 0])[cohort.id or 0]


@pytest.mark.parametrize(
    ("rule", "by"),
    [("viewed", {"viewed", "marked", "submitted", "passed"}), ("marked", {"marked"}), ("submitted", {"submitted", "passed"}),
     ("passed", {"passed"}), ("none", set())],
)  # fmt: skip
def test_each_rule_is_met_by_what_it_says(campus, rule, by):
    cohort = make_cohort(campus, make_course(campus, modules=1))
    activity = activities_of(campus, cohort)[0]
    with campus.database.transaction() as session:
        session.one(Activity, activity.id).completion = rule
    activity = activities_of(campus, cohort)[0]
    met = set()
    for deed in ("viewed", "marked", "submitted", "passed"):
        person = learner(campus, cohort)
        with campus.database.transaction() as session:
            completion.record(session, person.id or 0, activity, deed)
        with campus.database.reading() as session:
            found = session.one(Progress, (person.id, activity.id))
        assert found.viewed_at is not None
        met |= {deed} if found.completed_at else set()
    assert met == by


def test_opening_a_page_completes_it_where_viewing_does(client, campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=({}, MARKED)))
    rosa = learner(campus, cohort)
    sign_in(client, campus, rosa)
    read, exercise = activities_of(campus, cohort)
    assert "0 of 2 done" in words(client.get(f"/learn/{cohort.code}"))
    client.get(f"/learn/{cohort.code}/{read.id}")
    client.get(f"/learn/{cohort.code}/{exercise.id}")  # seen, not done
    assert "1 of 2 done" in words(client.get(f"/learn/{cohort.code}"))
    answer = submit(client, f"/learn/{cohort.code}/{exercise.id}", f"/learn/{cohort.code}/{exercise.id}/done")
    assert "Done." in words(answer)
    assert "2 of 2 done" in words(client.get(f"/learn/{cohort.code}"))
    assert progress_of(campus, rosa, cohort) == (2, 2)


def test_done_leads_to_the_next_activity_and_from_the_last_one_to_the_overview(client, campus):
    cohort = make_cohort(campus, make_course(campus, activities=(MARKED,)))
    sign_in(client, campus, learner(campus, cohort))
    first, last = (f"/learn/{cohort.code}/{activity.id}" for activity in activities_of(campus, cohort))
    assert "Done, next: Reading 2.1" in words(client.get(first))
    assert submit(client, first, f"{first}/done").url.path == last
    assert submit(client, last, f"{last}/done").url.path == f"/learn/{cohort.code}"


def test_work_is_not_done_by_saying_so(client, campus):
    cohort = make_cohort(campus, make_course(campus, modules=1))
    activity = activities_of(campus, cohort)[0]
    with campus.database.transaction() as session:
        session.one(Activity, activity.id).completion = "submitted"
    rosa = learner(campus, cohort)
    sign_in(client, campus, rosa)
    path = f"/learn/{cohort.code}/{activity.id}"
    assert "You cannot tick this off yourself" in words(submit(client, path, f"{path}/done"))
    assert progress_of(campus, rosa, cohort) == (0, 1)


def test_a_cohort_is_completed_exactly_when_the_last_required_activity_is(campus):
    optional = {"required": False, "completion": "marked"}
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=(MARKED, optional, MARKED, {"completion": "none"})))
    first, extra, last, uncounted = activities_of(campus, cohort)
    rosa, told = learner(campus, cohort), completions(campus)
    for activity, expected in [(first, 0), (uncounted, 0), (first, 0), (last, 1), (extra, 1), (last, 1)]:
        with campus.database.transaction() as session:
            completion.record(session, rosa.id or 0, activity, "marked")
        assert len(told) == expected
    assert told == [CohortCompleted(rosa.id or 0, cohort.id or 0)]


def test_hidden_and_optional_activities_keep_nobody_from_completing(campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=(MARKED, {"published": False}, {"required": False})))
    rosa, told = learner(campus, cohort), completions(campus)
    with campus.database.transaction() as session:
        completion.record(session, rosa.id or 0, activities_of(campus, cohort)[0], "marked")
    assert len(told) == 1


def test_a_cohort_with_nothing_required_is_never_completed_by_itself(campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=({"required": False},)))
    rosa, told = learner(campus, cohort), completions(campus)
    with campus.database.transaction() as session:
        completion.record(session, rosa.id or 0, activities_of(campus, cohort)[0], "viewed")
    assert told == []
    assert progress_of(campus, rosa, cohort) == (0, 0)


def test_one_trainees_way_counts_for_her_alone(campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=(MARKED, MARKED)))
    rosa, amina, told = learner(campus, cohort), learner(campus, cohort), completions(campus)
    first, second = activities_of(campus, cohort)
    for person, activity in [(rosa, first), (amina, second)]:
        with campus.database.transaction() as session:
            completion.record(session, person.id or 0, activity, "marked")
    assert told == []
    assert progress_of(campus, rosa, cohort) == progress_of(campus, amina, cohort) == (1, 2)


def test_the_last_two_activities_done_at_once_complete_the_cohort_once(campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=(MARKED,) * 2))
    activities = activities_of(campus, cohort)
    told = completions(campus)
    people = [learner(campus, cohort) for _number in range(6)]

    def finish(pair: tuple[Any, Activity]) -> None:
        with campus.database.transaction() as session:
            completion.record(session, pair[0].id, pair[1], "marked")

    for person in people:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(finish, [(person, activity) for activity in activities]))
    assert [happened.person_id for happened in told] == [person.id for person in people]


def test_the_same_activity_done_twenty_times_at_once_is_done_once(campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=(MARKED,)))
    activity, rosa = activities_of(campus, cohort)[0], learner(campus, cohort)
    told: list[ActivityCompleted] = []
    campus.hub.subscribe(ActivityCompleted, lambda _session, happened: told.append(happened))

    def finish(_number: int) -> None:
        with campus.database.transaction() as session:
            completion.record(session, rosa.id or 0, activity, "marked")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(finish, range(20)))
    assert len(told) == 1


def test_a_completed_activity_stays_completed_and_keeps_its_day(campus):
    cohort = make_cohort(campus, make_course(campus, modules=1))
    activity, rosa = activities_of(campus, cohort)[0], learner(campus, cohort)
    for moment in ("2026-03-02T10:00", "2026-03-09T10:00"):
        with clock.frozen(at(moment)), campus.database.transaction() as session:
            completion.record(session, rosa.id or 0, activity, "viewed")
    with campus.database.reading() as session:
        found = session.one(Progress, (rosa.id, activity.id))
    assert found.viewed_at == found.completed_at == at("2026-03-02T10:00")


def test_in_a_closed_cohort_everything_can_be_read_and_nothing_counts(client, campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=({}, MARKED)), status="closed")
    rosa = learner(campus, cohort)
    sign_in(client, campus, rosa)
    reading, exercise = (f"/learn/{cohort.code}/{activity.id}" for activity in activities_of(campus, cohort))
    page = client.get(reading)
    assert page.status_code == 200
    assert "This cohort is closed" in words(page)
    assert f"{exercise}/done" not in client.get(exercise).text
    assert "nothing more is recorded" in words(submit(client, f"/learn/{cohort.code}", f"{exercise}/done"))
    assert progress_of(campus, rosa, cohort) == (0, 2)


def test_staff_and_tutors_look_without_leaving_traces(client, campus, visit):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=({}, MARKED)))
    staff(client, campus)
    tutor = sign_in(visit(), campus, tutor_of(campus, cohort))
    for browser in (client, tutor):
        for activity in activities_of(campus, cohort):
            path = f"/learn/{cohort.code}/{activity.id}"
            assert "nothing you do here is recorded" in words(browser.get(path))
            submit(browser, path, f"{path}/done")
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Progress)) == 0


def test_a_tutor_who_also_learns_leaves_the_traces_of_a_trainee(client, campus):
    cohort = make_cohort(campus, make_course(campus, modules=1))
    person = tutor_of(campus, cohort)
    with campus.database.transaction() as session:
        roles.give(session, SYSTEM, person.id or 0, "trainee", "cohort", cohort.id or 0)
    sign_in(client, campus, person)
    client.get(f"/learn/{cohort.code}/{activities_of(campus, cohort)[0].id}")
    assert progress_of(campus, person, cohort) == (1, 1)


def test_what_nobody_completed_may_still_be_deleted_and_progress_counts_what_is_left(campus):
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=(MARKED, MARKED)))
    rosa = learner(campus, cohort)
    first, second = activities_of(campus, cohort)
    with campus.database.transaction() as session:
        completion.record(session, rosa.id or 0, first, "marked")
        content.delete_activity(session, SYSTEM, session.one(Activity, second.id))
    assert progress_of(campus, rosa, cohort) == (1, 1)
