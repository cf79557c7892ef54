"""Staff bring people into a cohort, look after them and decide applications; tutors look on."""

import re

import pytest

from lms.accounts.queries import programme_default
from lms.enrollment import batches, enrolling, queries
from lms.enrollment.enrolling import AlreadyEnrolled, UnknownPerson
from lms.kernel.errors import Forbidden, Invalid
from lms.kernel.permissions import SYSTEM
from tests.enrollment.stories import (
    applied,
    calling_cohort,
    enrolled,
    enrolments,
    id_of,
    mails_to,
    places,
    self_cohort,
    submit,
)
from tests.factories import actor_of, make_cohort, make_course, make_person, sign_in
from tests.watching import counting, words


@pytest.fixture
def staff(client, campus):
    """Somebody of the staff who has signed in."""
    person = make_person(campus, "staff")
    sign_in(client, campus, person)
    return person


def listed(client, cohort, **query) -> str:
    return words(client.get(f"/staff/cohorts/{cohort.code}/trainees", params=query))


def test_staff_look_for_somebody_and_enrol_her(client, campus, staff):
    cohort = make_cohort(campus, seats=3)
    person = make_person(campus, given_name="María José", family_name="Fernández", email="mj@example.org")
    path = f"/staff/cohorts/{cohort.code}/enrol"
    for typed in ("fernandez maria", "mj@example"):
        assert "María José Fernández" in words(client.get(path, params={"q": typed}))
    answer = submit(client, f"{path}?q=fernandez", person=person.code)
    assert "María José Fernández is enrolled." in words(answer)
    assert "Places left: 2 of 3" in words(answer)
    assert [e.person_id for e in enrolments(campus, cohort)] == [person.id]
    assert enrolments(campus, cohort)[0].method == "staff"
    assert len(mails_to(campus, person)) == 1
    assert "Active" in words(client.get(path, params={"q": "fernandez"}))


def test_somebody_unknown_is_added_on_the_way(client, campus, staff):
    cohort = make_cohort(campus)
    path = f"/staff/cohorts/{cohort.code}/enrol"
    page = client.get(path, params={"q": "new@example.org"})
    assert "Nobody of this name or address is known here." in words(page)
    link = re.search(r'href="(/staff/people/new[^"]+)"', page.text)
    assert link is not None
    form = link[1].replace("&amp;", "&")
    assert 'value="new@example.org"' in client.get(form).text
    answer = submit(client, form, "/staff/people/new", email="new@example.org", given_name="Suharti", next=path)
    assert answer.url.path == path
    code = re.search(r'name="person" value="([^"]+)"', answer.text)
    assert code is not None
    assert "Suharti is enrolled." in words(submit(client, path + f"?person={code[1]}", path, person=code[1]))


def test_nobody_is_led_away_from_this_site_after_adding_a_person(client, campus, staff):
    answer = submit(client, "/staff/people/new", given_name="Suharti", next="//evil.example/")
    assert answer.url.host == "testserver"


def test_staff_paste_addresses_and_see_a_reason_for_each_that_could_not_be(client, campus, staff):
    cohort = make_cohort(campus, seats=3)
    inside, ana, eva, late = (make_person(campus, email=f"{name}@example.org") for name in ("inside", "ana", "eva", "late"))
    enrolled(campus, cohort, inside)
    path = f"/staff/cohorts/{cohort.code}/enrol"
    pasted = "inside@example.org, Ana Rojas <ANA@example.org>;\neva@example.org ana@example.org nobody@example.org\nlate@example.org"
    answer = submit(client, path, f"{path}/addresses", addresses=pasted)
    shown = words(answer)
    assert "Done for 2 people. For 3 it was not possible:" in shown
    assert "inside@example.org: Already enrolled in this cohort." in shown
    assert "nobody@example.org: Nobody with this address is known here yet. Add this person" in shown
    assert "late@example.org: Every place is taken (3)." in shown
    assert "inside@example.org\nnobody@example.org\nlate@example.org</textarea>" in answer.text
    assert {e.person_id for e in enrolments(campus, cohort)} == {inside.id, ana.id, eva.id}
    assert mails_to(campus, late) == []


def test_when_everybody_could_be_enrolled_the_list_says_how_many(client, campus, staff):
    cohort = make_cohort(campus)
    people = [make_person(campus) for _number in range(3)]
    path = f"/staff/cohorts/{cohort.code}/enrol"
    answer = submit(client, path, f"{path}/addresses", addresses="\n".join(p.email or "" for p in people))
    assert answer.url.path == f"/staff/cohorts/{cohort.code}/trainees"
    assert "3 people are enrolled." in words(answer)


@pytest.mark.parametrize(
    ("text", "found"),
    [("", []), ("a@b.org A@B.org", ["a@b.org"]), ("a@b.org;c@d.org,\te@f.org", ["a@b.org", "c@d.org", "e@f.org"]),
     ('"Rojas, Ana" <a@b.org>, c@d.org', ["c@d.org", "a@b.org"]), ("<a@b.org>", ["a@b.org"]), ("someone", ["someone"])],
)  # fmt: skip
def test_addresses_are_read_as_mail_programs_copy_them(text, found):
    assert batches.addresses(text) == found


def test_nothing_and_far_too_much_are_refused_and_the_text_stays(client, campus, staff):
    cohort = make_cohort(campus)
    path = f"/staff/cohorts/{cohort.code}/enrol"
    assert submit(client, path, f"{path}/addresses", addresses=" ").status_code == 422
    many = " ".join(f"p{number}@example.org" for number in range(501))
    answer = submit(client, path, f"{path}/addresses", addresses=many)
    assert answer.status_code == 422
    assert "At most 500 addresses at a time." in words(answer)
    assert "p500@example.org" in answer.text
    not_one = submit(client, path, f"{path}/addresses", addresses="someone")
    assert "someone: This is not an e-mail address." in words(not_one)


def test_enrolment_by_staff_without_the_right_or_of_nobody_leaves_nothing_half_done(client, campus):
    cohort, person = make_cohort(campus), make_person(campus)
    for somebody in (person, make_person(campus, "tutor", scope=("cohort", id_of(cohort)))):
        with pytest.raises(Forbidden), campus.database.transaction() as session:
            enrolling.enrol(session, actor_of(campus, somebody), cohort, id_of(person))
        with pytest.raises(Forbidden), campus.database.transaction() as session:
            batches.enrol_addresses(session, actor_of(campus, somebody), cohort, person.email or "")
    with pytest.raises(UnknownPerson), campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, cohort, 9999)
    assert enrolments(campus, cohort) == []
    assert mails_to(campus, person) == []
    sign_in(client, campus, make_person(campus, "staff"))
    path = f"/staff/cohorts/{cohort.code}/enrol"
    assert submit(client, path, person="nobody").status_code == 404
    assert client.get("/staff/cohorts/NOWHERE/enrol").status_code == 404


def test_an_erased_person_is_not_enrolled(campus):
    from lms.accounts import erasing

    cohort, person = make_cohort(campus), make_person(campus)
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, id_of(person))
    with pytest.raises(UnknownPerson), campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, cohort, id_of(person))


def test_the_list_leaves_out_the_suspended_and_withdrawn_unless_they_are_asked_for(client, campus, staff):
    cohort = make_cohort(campus)
    for status in ("active", "suspended", "completed", "failed", "withdrawn"):
        enrolled(campus, cohort, status=status, given_name=status.upper(), family_name="Rojas")
    shown = listed(client, cohort)
    assert [name in shown for name in ("ACTIVE", "COMPLETED", "FAILED", "SUSPENDED", "WITHDRAWN")] == [True, True, True, False, False]
    assert "Taking part (3)" in shown
    assert "3 trainees" in shown
    assert "SUSPENDED Rojas" in listed(client, cohort, status="suspended")
    assert "ACTIVE Rojas" not in listed(client, cohort, status="suspended")
    assert "WITHDRAWN Rojas" in listed(client, cohort, status="all")
    assert "COMPLETED Rojas" in listed(client, cohort, q="completed")
    assert "ACTIVE Rojas" not in listed(client, cohort, q="completed")
    assert "Nobody found" in listed(client, cohort, q="zzz")


def test_every_trainee_is_on_exactly_one_page_of_the_list(campus):
    cohort = make_cohort(campus, seats=None)
    for number in range(23):
        enrolled(campus, cohort, given_name="Ana", family_name=f"Rojas {number % 3}")
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        with campus.database.reading() as session:
            rows, after = queries.trainees(session, id_of(cohort), after=after, limit=5)
        seen += [row.id for row in rows]
    assert len(seen) == len(set(seen)) == 23


def test_staff_suspend_several_at_once_and_see_who_could_not_be(client, campus, staff):
    cohort = make_cohort(campus)
    active, done = enrolled(campus, cohort), enrolled(campus, cohort, status="completed", given_name="Eva", family_name="Rojas")
    path = f"/staff/cohorts/{cohort.code}/trainees"
    answer = submit(client, path, enrolment=[str(active.id), str(done.id)], status="suspended")
    assert "Done for 1 person. For one it was not possible:" in words(answer)
    assert "Eva Rojas: This cannot be done in its present state." in words(answer)
    assert [e.status for e in enrolments(campus, cohort)] == ["suspended", "completed"]
    answer = submit(client, f"{path}?status=suspended", enrolment=[str(active.id)], status="withdrawn")
    assert "1 enrolment changed." in words(answer)
    assert enrolments(campus, cohort)[0].place is None


def test_ticks_stay_when_no_state_was_chosen(client, campus, staff):
    cohort = make_cohort(campus)
    enrolment = enrolled(campus, cohort)
    answer = submit(client, f"/staff/cohorts/{cohort.code}/trainees", enrolment=str(enrolment.id))
    assert answer.status_code == 422
    assert f'value="{enrolment.id}" checked' in answer.text
    assert submit(client, f"/staff/cohorts/{cohort.code}/trainees", status="failed").status_code == 422


def test_enrolments_of_another_cohort_are_not_changed_from_here(client, campus, staff):
    cohort, other = make_cohort(campus), make_cohort(campus)
    enrolled(campus, cohort)
    theirs = enrolled(campus, other)
    answer = submit(client, f"/staff/cohorts/{cohort.code}/trainees", enrolment=str(theirs.id), status="suspended")
    assert answer.status_code == 404
    assert enrolments(campus, other)[0].status == "active"


def test_staff_read_answers_and_accept_the_ticked_with_one_note(client, campus, staff):
    cohort = calling_cohort(campus, seats=2)
    people = [make_person(campus, given_name=name, family_name="Rojas") for name in ("Ana", "Eva", "Ida")]
    ids = [str(applied(campus, cohort, person, f"Because {person.given_name}.\nReally.").id) for person in people]
    path = f"/staff/cohorts/{cohort.code}/applications"
    page = client.get(path)
    assert "Because Ana.\nReally." in page.text
    assert "Places left: 2 of 2" in words(page)
    answer = submit(client, path, application=ids[:2], decision="accepted", note="Until Monday!")
    assert "2 people are accepted." in words(answer)
    assert "Because Ida." in words(answer)
    assert "Because Ana." not in words(answer)
    assert "All 2 places are taken" in words(answer)
    assert "Until Monday!" in mails_to(campus, people[1])[-1].body_text
    assert places(campus, cohort) == [1, 2]
    assert "Because Ana." in words(client.get(path, params={"status": "accepted"}))


def test_ticks_and_note_stay_when_there_are_too_few_places(client, campus, staff):
    cohort = calling_cohort(campus, seats=1)
    ids = [str(applied(campus, cohort).id) for _number in range(2)]
    path = f"/staff/cohorts/{cohort.code}/applications"
    answer = submit(client, path, application=ids, decision="accepted", note="Welcome!")
    assert answer.status_code == 409
    assert "Ticked: 2. Places left: 1." in words(answer)
    assert answer.text.count(" checked>") == 2
    assert "Welcome!</textarea>" in answer.text
    assert enrolments(campus, cohort) == []


def test_one_applicant_is_decided_by_her_own_button_whoever_is_ticked(client, campus, staff):
    cohort = calling_cohort(campus)
    ids = [str(applied(campus, cohort).id) for _number in range(3)]
    path = f"/staff/cohorts/{cohort.code}/applications"
    assert "1 person is accepted." in words(submit(client, path, application=ids, accept=ids[0]))
    assert "1 person is rejected." in words(submit(client, path, application=ids, reject=ids[1]))
    with campus.database.reading() as session:
        assert queries.counts(session, id_of(cohort)).applications == {"accepted": 1, "rejected": 1, "submitted": 1}


def test_an_application_decided_in_another_window_is_told(client, campus, staff):
    cohort = calling_cohort(campus)
    ids = [str(applied(campus, cohort).id) for _number in range(2)]
    path = f"/staff/cohorts/{cohort.code}/applications"
    submit(client, path, reject=ids[0])
    answer = submit(client, path, application=ids, decision="rejected")
    assert "decided or withdrawn in the meantime" in words(answer)
    assert "Done for 1 person." in words(answer)


def test_figures_and_ways_stand_on_the_pages_of_staff(client, campus, staff):
    cohort = calling_cohort(campus, seats=4)
    person = make_person(campus)
    enrolled(campus, cohort, person)
    applied(campus, cohort)
    shown = client.get(f"/staff/cohorts/{cohort.code}")
    assert f'href="/staff/cohorts/{cohort.code}/trainees"' in shown.text
    assert f'href="/staff/cohorts/{cohort.code}/applications"' in shown.text
    assert "3 places left" in words(shown)
    assert "1 waits" in words(client.get("/staff"))
    assert cohort.title in words(client.get(f"/staff/people/{person.code}"))


def test_who_sees_what(campus, visit):
    with campus.database.transaction() as session:
        programme = programme_default(session)
    cohort = self_cohort(campus)
    other = make_course(campus)
    trainee = make_person(campus)
    enrolled(campus, cohort, trainee)
    people = {
        "administrator": make_person(campus, "administrator"),
        "staff": make_person(campus, "staff", scope=("programme", id_of(programme))),
        "staff elsewhere": make_person(campus, "staff", scope=("course", id_of(other))),
        "tutor": make_person(campus, "tutor", scope=("cohort", id_of(cohort))),
        "tutor elsewhere": make_person(campus, "tutor", scope=("cohort", id_of(make_cohort(campus)))),
        "trainee": trainee,
        "reporter": make_person(campus, "reporter"),
        "nobody": make_person(campus),
    }
    base = f"/staff/cohorts/{cohort.code}"
    seen = {}
    for role, person in people.items():
        browser = sign_in(visit(), campus, person)
        seen[role] = [browser.get(f"{base}/{page}").status_code for page in ("trainees", "enrol", "applications")]
    assert seen == {
        "administrator": [200, 200, 200],
        "staff": [200, 200, 200],
        "staff elsewhere": [404, 404, 404],
        "tutor": [200, 403, 403],
        "tutor elsewhere": [404, 403, 403],
        "trainee": [403, 403, 403],
        "reporter": [403, 403, 403],
        "nobody": [403, 403, 403],
    }


def test_a_tutor_sees_names_but_neither_addresses_nor_buttons(client, campus):
    cohort = make_cohort(campus)
    person = make_person(campus, given_name="Ana")
    enrolled(campus, cohort, person)
    sign_in(client, campus, make_person(campus, "tutor", scope=("cohort", id_of(cohort))))
    page = client.get(f"/staff/cohorts/{cohort.code}/trainees")
    assert "Ana" in words(page)
    assert (person.email or "") not in page.text
    assert 'type="checkbox"' not in page.text
    assert client.get(f"/staff/cohorts/{cohort.code}/trainees?status=all").status_code == 200


def test_staff_of_one_programme_enrol_by_address_without_seeing_everybody(client, campus):
    with campus.database.transaction() as session:
        programme = programme_default(session)
    cohort = make_cohort(campus)
    person = make_person(campus, given_name="Rosalind")
    sign_in(client, campus, make_person(campus, "staff", scope=("programme", id_of(programme))))
    path = f"/staff/cohorts/{cohort.code}/enrol"
    assert "Rosalind" not in client.get(path, params={"q": "rosalind"}).text
    assert "1 person is enrolled." in words(submit(client, path, f"{path}/addresses", addresses=person.email))


def test_pages_ask_the_database_equally_often_whoever_and_however_many_there_are(client, campus, staff):
    cohort = calling_cohort(campus, seats=None)
    me = make_person(campus)

    def sizes() -> list[int]:
        found = []
        base = f"/staff/cohorts/{cohort.code}"
        for path in (f"{base}/trainees?status=all", f"{base}/enrol?q=rosa", f"{base}/applications?status=all", f"/staff/people/{me.code}",
                     f"/cohorts/{cohort.code}", f"/apply/{cohort.code}", "/my-courses", "/staff", base):  # fmt: skip
            with counting(campus) as statements:
                assert client.get(path).status_code == 200
            found.append(len(statements))
        return found

    enrolled(campus, cohort)
    applied(campus, cohort)
    few = sizes()
    for _number in range(8):
        enrolled(campus, cohort)
        applied(campus, cohort)
    assert sizes() == few
    assert max(few) <= 20


def test_nothing_is_enrolled_twice_by_the_same_row_of_the_search(client, campus, staff):
    cohort, person = make_cohort(campus), make_person(campus)
    path = f"/staff/cohorts/{cohort.code}/enrol"
    submit(client, path, person=person.code)
    answer = submit(client, path, person=person.code)
    assert answer.status_code == 409
    assert AlreadyEnrolled().sentence() in words(answer)


def test_only_states_that_exist_can_be_set(campus):
    cohort = make_cohort(campus)
    enrolment = enrolled(campus, cohort)
    with pytest.raises(Invalid), campus.database.transaction() as session:
        batches.change_enrolments(session, SYSTEM, cohort, [id_of(enrolment)], "expelled")


def test_after_the_choice_everybody_who_still_waits_is_rejected_in_one_action(client, campus, staff):
    cohort = calling_cohort(campus)
    people = [make_person(campus) for _number in range(4)]
    ids = [str(applied(campus, cohort, person).id) for person in people]
    path = f"/staff/cohorts/{cohort.code}/applications"
    submit(client, path, accept=ids[0])
    assert "Reject all waiting applications (3)" in words(client.get(path))
    assert "3 people are rejected." in words(submit(client, path, f"{path}/rest", note="Until next year!"))
    assert "Until next year!" in mails_to(campus, people[3])[-1].body_text
    assert "0 people are rejected." in words(submit(client, f"{path}?status=all", f"{path}/rest"))
    with campus.database.reading() as session:
        assert queries.counts(session, id_of(cohort)).applications == {"accepted": 1, "rejected": 3}


def test_everybody_on_a_page_is_ticked_by_a_link(client, campus, staff):
    cohort = calling_cohort(campus)
    for _number in range(2):
        enrolled(campus, cohort)
        applied(campus, cohort)
    for page in ("trainees", "applications"):
        base = f"/staff/cohorts/{cohort.code}/{page}"
        assert f'href="{base}?tick=all"' in client.get(base).text
        assert client.get(f"{base}?tick=all").text.count(" checked>") == 2
