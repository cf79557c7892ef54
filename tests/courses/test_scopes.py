"""Who gets where: ids of another course or cohort are refused on every route, and strangers learn nothing."""

from typing import Any

import pytest

from lms.courses import content, loading
from lms.courses.models import Cohort, Course
from lms.kernel.errors import Forbidden, NotFound
from tests.accounts.stories import submit
from tests.courses.stories import activities_of, another_programme, learner, modules_of, tutor_of
from tests.factories import actor_of, make_cohort, make_course, make_person, sign_in


def gets(owner: Course | Cohort, campus: Any) -> list[str]:
    """The pages of staff about a course or cohort and what is inside."""
    module, activity = modules_of(campus, owner)[0].id, activities_of(campus, owner)[0].id
    kind = "courses" if isinstance(owner, Course) else "cohorts"
    own = [f"/staff/{kind}/{owner.code}{end}" for end in ("", "/edit", "/modules/new")]
    inside = [f"/staff/modules/{module}/edit", f"/staff/modules/{module}/activities/new", f"/staff/activities/{activity}/edit"]
    if kind == "cohorts":
        return [*own, *inside, f"/learn/{owner.code}", f"/learn/{owner.code}/{activity}", f"/learn/{owner.code}/{activity}/file"]
    texts = [f"/staff/modules/{module}/words/es", f"/staff/activities/{activity}/words/es"]
    ends = ("/duplicate", "/texts/es", "/preview", f"/preview/{activity}", f"/preview/{activity}/file", "/cohorts/new")
    return [*own, *inside, *texts, *(f"/staff/courses/{owner.code}{end}" for end in ends)]


def posts(owner: Course | Cohort, campus: Any) -> list[str]:
    """What changes something there."""
    module, activity = modules_of(campus, owner)[0].id, activities_of(campus, owner)[0].id
    kind = "courses" if isinstance(owner, Course) else "cohorts"
    own = [f"/staff/{kind}/{owner.code}{end}" for end in ("/edit", "/status", "/modules/new", "/modules/order")]
    inside = [f"/staff/modules/{module}/{end}" for end in ("edit", "delete", "order", "activities/new")]
    inside += [f"/staff/activities/{activity}/{end}" for end in ("edit", "delete", "publish")]
    if kind == "cohorts":
        return [
            *own,
            *inside,
            *(f"/staff/cohorts/{owner.code}/{end}" for end in ("tutors", "tutors/remove")),
            f"/learn/{owner.code}/{activity}/done",
        ]
    texts = [f"/staff/modules/{module}/words/es", f"/staff/activities/{activity}/words/es", f"/staff/courses/{owner.code}/texts/es"]
    return [*own, *inside, *texts, f"/staff/courses/{owner.code}/duplicate", f"/staff/courses/{owner.code}/cohorts/new"]


def refusals(client: Any, campus: Any, owner: Course | Cohort) -> set[int]:
    """The answers to everything that can be asked of it."""
    found = {client.get(path).status_code for path in gets(owner, campus)}
    return found | {submit(client, "/profile", path, title="x", status="closed").status_code for path in posts(owner, campus)}


def test_a_tutor_finds_nothing_in_another_cohort(client, campus):
    course = make_course(campus)
    mine, other = make_cohort(campus, course), make_cohort(campus, course)
    sign_in(client, campus, tutor_of(campus, mine))
    own, foreign = gets(mine, campus), gets(other, campus)
    used = [path for path, counterpart in zip(foreign, own, strict=True) if client.get(counterpart).status_code == 200]
    assert len(used) == 7
    assert {client.get(path).status_code for path in used} == {404}
    assert refusals(client, campus, other) <= {403, 404}
    nowhere = f"/staff/cohorts/{other.code}x/edit"  # a role that tutors do not have at all: told alike, whether it exists or not
    assert client.get(nowhere).status_code == client.get(f"/staff/cohorts/{other.code}/edit").status_code == 403


def test_a_tutor_neither_sees_nor_changes_the_course_itself(client, campus):
    course = make_course(campus)
    sign_in(client, campus, tutor_of(campus, make_cohort(campus, course)))
    assert refusals(client, campus, course) <= {403, 404}


def test_staff_of_another_programme_find_nothing(client, campus):
    course = make_course(campus)
    cohort = make_cohort(campus, course)
    theirs = make_course(campus, "THEIRS", programme_id=another_programme(campus))
    sign_in(client, campus, make_person(campus, "staff", scope=("programme", theirs.programme_id)))
    assert refusals(client, campus, course) == {404}
    assert refusals(client, campus, cohort) == {404}
    listed = client.get("/staff/courses").text
    assert "THEIRS" in listed
    assert course.code not in listed
    assert cohort.code not in client.get("/staff/cohorts").text


def test_a_trainee_changes_nothing_in_her_own_cohort_and_sees_nothing_of_another(client, campus):
    course = make_course(campus)
    mine, other = make_cohort(campus, course), make_cohort(campus, course)
    sign_in(client, campus, learner(campus, mine))
    for path in gets(mine, campus):
        if path.startswith("/staff"):
            assert client.get(path).status_code == 403, path
    for path in posts(mine, campus):
        if path.startswith("/staff"):
            assert submit(client, "/profile", path).status_code == 403, path
    for path in gets(other, campus):
        assert client.get(path).status_code in (403, 404), path
        if path.startswith("/learn"):
            assert client.get(path).status_code == 404, path


def test_a_visitor_is_asked_to_sign_in(client, campus):
    cohort = make_cohort(campus)
    for path in gets(cohort, campus):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in"), path


def test_an_activity_of_another_cohort_is_not_reached_through_ones_own(client, campus):
    course = make_course(campus)
    mine, other = make_cohort(campus, course), make_cohort(campus, course)
    for person in (learner(campus, mine), tutor_of(campus, mine), make_person(campus, "administrator")):
        client.cookies.clear()
        sign_in(client, campus, person)
        for foreign in (activities_of(campus, other)[0], activities_of(campus, course)[0]):
            path = f"/learn/{mine.code}/{foreign.id}"
            assert client.get(path).status_code == 404
            assert client.get(f"{path}/file").status_code == 404
            assert submit(client, f"/learn/{mine.code}", f"{path}/done").status_code == 404


def test_an_activity_of_another_course_is_not_previewed_through_ones_own(client, campus):
    mine, other = make_course(campus), make_course(campus)
    cohort = make_cohort(campus, mine)
    sign_in(client, campus, make_person(campus, "staff", scope=("course", mine.id or 0)))
    path = f"/staff/courses/{mine.code}/preview"
    assert client.get(f"{path}/{activities_of(campus, mine)[0].id}").status_code == 200
    for foreign in (activities_of(campus, other)[0], activities_of(campus, cohort)[0]):
        assert client.get(f"{path}/{foreign.id}").status_code == 404
        assert client.get(f"{path}/{foreign.id}/file").status_code == 404


def test_numbers_beyond_every_table_lead_nowhere(client, campus):
    cohort = make_cohort(campus)
    sign_in(client, campus, make_person(campus, "administrator"))
    for number in ("0", "-1", "2147483648", "9" * 40, "x", "1.5"):
        for path in (f"/learn/{cohort.code}/{number}", f"/staff/activities/{number}/edit", f"/staff/modules/{number}/edit"):
            assert client.get(path).status_code == 404, path
    assert client.get("/staff/people-things/x/modules/new").status_code == 404


def test_services_ask_again_whoever_calls_them(campus):
    course = make_course(campus)
    mine, other = make_cohort(campus, course), make_cohort(campus, course)
    tutor = actor_of(campus, tutor_of(campus, mine))
    types = campus.plugins.named("activity_types")
    module, activity = modules_of(campus, other)[0], activities_of(campus, other)[0]
    for act in (
        lambda session: content.add_module(session, tutor, other, "x"),
        lambda session: content.save_module(session, tutor, module, "x"),
        lambda session: content.order_modules(session, tutor, other, up=module.id),
        lambda session: content.order_activities(session, tutor, module, up=activity.id),
        lambda session: content.add_activity(session, tutor, types, module, "page", "x"),
        lambda session: content.delete_activity(session, tutor, activity),
        lambda session: content.set_published(session, tutor, activity, False),
        lambda session: content.add_module(session, tutor, course, "x"),
    ):
        with pytest.raises(Forbidden), campus.database.transaction() as session:
            act(session)
    with campus.database.reading() as session:
        with pytest.raises(NotFound):
            loading.load_cohort(session, tutor, other.code, "courses.adapt")
        with pytest.raises(Forbidden):
            loading.load_cohort(session, tutor, mine.code, "courses.run")
