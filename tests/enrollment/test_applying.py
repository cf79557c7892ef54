"""Applications: an answer to the cohort's question, and what staff decide."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms.accounts import erasing
from lms.courses import cohorts
from lms.enrollment import applying, batches, enrolling, personal
from lms.enrollment.applying import AlreadyApplied, AlreadyDecided
from lms.enrollment.enrolling import AlreadyEnrolled
from lms.enrollment.entering import HasEnded, NotOffered, OpensLater
from lms.enrollment.events import ApplicationDecided, ApplicationSubmitted
from lms.enrollment.models import Application
from lms.enrollment.places import NoPlaceLeft
from lms.kernel import clock
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Forbidden, Invalid, NotFound
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from tests.enrollment.stories import (
    QUESTION,
    application_of,
    applied,
    calling_cohort,
    enrolled,
    enrolments,
    id_of,
    learns,
    mails_to,
    places,
    self_cohort,
    submit,
)
from tests.factories import actor_of, make_person, sign_in
from tests.watching import words


def accept(campus, application, note="", actor=SYSTEM):
    with campus.database.transaction() as session:
        return applying.accept(session, actor, id_of(application), note)


def reject(campus, application, note="", actor=SYSTEM):
    with campus.database.transaction() as session:
        return applying.reject(session, actor, id_of(application), note)


def take_back(campus, actor, application):
    with campus.database.transaction() as session:
        return applying.withdraw_application(session, actor, id_of(application))


def test_a_visitor_reads_the_question_signs_in_and_comes_back_to_it(client, campus):
    cohort = calling_cohort(campus)
    page = client.get(f"/apply/{cohort.code}")
    assert QUESTION in words(page)
    assert f'href="/sign-in?next=/apply/{cohort.code}"' in page.text
    assert "<textarea" not in page.text
    assert f'href="/apply/{cohort.code}"' in client.get(f"/cohorts/{cohort.code}").text


def test_an_applicant_answers_sees_the_state_and_has_a_copy_in_her_mail(client, campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    sign_in(client, campus, person)
    answer = submit(client, f"/apply/{cohort.code}", answer="I would teach it\r\nin Quito & beyond.")
    assert "We received your application." in words(answer)
    assert "Waiting" in words(answer)
    assert "I would teach it in Quito & beyond." in words(answer)
    assert application_of(campus, person).answer == "I would teach it\nin Quito & beyond."
    (mail,) = mails_to(campus, person)
    assert "I would teach it\nin Quito & beyond." in mail.body_text
    assert f"http://testserver/apply/{cohort.code}" in mail.body_text
    assert "We have your application" in words(client.get(f"/cohorts/{cohort.code}"))
    assert cohort.title in words(client.get("/my-courses"))
    assert "Your application:" in words(client.get("/today"))


@pytest.mark.parametrize("answer", ["   \n ", "x" * 10_001])
def test_an_answer_that_is_missing_or_too_long_comes_back_as_typed(client, campus, answer):
    cohort = calling_cohort(campus)
    sign_in(client, campus, make_person(campus))
    page = submit(client, f"/apply/{cohort.code}", answer=answer)
    assert page.status_code == 422
    assert answer.strip() in page.text
    assert 'aria-invalid="true"' in page.text
    assert QUESTION in words(page)


def test_without_a_question_no_answer_is_needed(client, campus):
    cohort = calling_cohort(campus, question="")
    person = make_person(campus)
    sign_in(client, campus, person)
    assert "<textarea" not in client.get(f"/apply/{cohort.code}").text
    submit(client, f"/apply/{cohort.code}")
    assert application_of(campus, person).status == "submitted"


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"enrolment_method": "self"}, NotOffered), ({"enrolment_method": "staff"}, NotOffered), ({"status": "closed"}, NotOffered),
     ({"enrol_from": timedelta(hours=1)}, OpensLater), ({"enrol_until": timedelta(hours=-1)}, HasEnded)],
)  # fmt: skip
def test_applying_is_possible_only_while_the_cohort_calls(client, campus, values, reason):
    given: dict[str, Any] = {k: clock.now() + v if isinstance(v, timedelta) else v for k, v in values.items()}
    cohort = calling_cohort(campus, **given)
    with pytest.raises(reason):
        applied(campus, cohort)
    sign_in(client, campus, make_person(campus))
    assert "<textarea" not in client.get(f"/apply/{cohort.code}").text


def test_full_cohorts_still_take_applications(client, campus):
    cohort = calling_cohort(campus, seats=1)
    enrolled(campus, cohort)
    sign_in(client, campus, make_person(campus))
    assert "you may still apply" in words(client.get(f"/apply/{cohort.code}"))
    assert applied(campus, cohort).status == "submitted"


def test_nobody_applies_twice_unless_the_first_was_withdrawn(client, campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    first = applied(campus, cohort, person)
    with pytest.raises(AlreadyApplied):
        applied(campus, cohort, person)
    sign_in(client, campus, person)
    answer = submit(client, f"/apply/{cohort.code}", f"/apply/{cohort.code}/withdraw")
    assert "Your application is withdrawn." in words(answer)
    again = applied(campus, cohort, person, "A better answer.")
    assert (again.id, again.status, again.answer) == (first.id, "submitted", "A better answer.")
    reject(campus, again)
    with pytest.raises(AlreadyApplied):
        applied(campus, cohort, person)


def test_somebody_in_the_cohort_does_not_apply_to_it(campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    enrolled(campus, cohort, person)
    with pytest.raises(AlreadyEnrolled):
        applied(campus, cohort, person)


def test_who_gave_an_accepted_place_back_may_apply_again(campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    enrolment = accept(campus, applied(campus, cohort, person), "Welcome!")
    with campus.database.transaction() as session:
        enrolling.withdraw(session, actor_of(campus, person), id_of(enrolment))
    again = applied(campus, cohort, person)
    assert (again.status, again.decided_at, again.decided_by, again.decision_note) == ("submitted", None, None, "")


def test_an_accepted_applicant_gets_a_place_the_course_and_one_mail_with_the_note(campus):
    cohort = calling_cohort(campus)
    staff, person = make_person(campus, "staff"), make_person(campus, language="es")
    enrolment = accept(campus, applied(campus, cohort, person), "Bring a case\nof your own.", actor_of(campus, staff))
    assert (enrolment.method, enrolment.place) == ("application", 1)
    assert learns(campus, person, cohort)
    decided = application_of(campus, person)
    assert (decided.status, decided.decided_by, decided.decision_note) == ("accepted", staff.id, "Bring a case\nof your own.")
    _received, accepted = mails_to(campus, person)
    assert accepted.locale == "es"
    assert "Bring a case\nof your own." in accepted.body_text
    assert f"/learn/{cohort.code}" in accepted.body_text


def test_a_rejected_applicant_is_written_to_sees_the_note_and_may_still_be_accepted(client, campus):
    cohort = calling_cohort(campus)
    person = make_person(campus)
    reject(campus, applied(campus, cohort, person), "Please try next year.")
    assert "Please try next year." in mails_to(campus, person)[-1].body_text
    shown = words(sign_in(client, campus, person).get(f"/apply/{cohort.code}"))
    assert "was not accepted" in shown
    assert "Please try next year." in shown
    accept(campus, application_of(campus, person))
    assert places(campus, cohort) == [1]


def test_what_is_decided_stays_decided(campus):
    cohort = calling_cohort(campus)
    accepted, rejected, gone = (applied(campus, cohort) for _time in range(3))
    accept(campus, accepted)
    reject(campus, rejected)
    take_back(campus, SYSTEM, gone)
    for again, application in [(accept, accepted), (reject, accepted), (reject, rejected), (accept, gone), (reject, gone)]:
        with pytest.raises(AlreadyDecided):
            again(campus, application)
    assert len(enrolments(campus, cohort)) == 1


def test_accepting_into_a_full_cohort_changes_nothing(campus):
    cohort = calling_cohort(campus, seats=1)
    enrolled(campus, cohort)
    person = make_person(campus)
    application = applied(campus, cohort, person)
    with pytest.raises(NoPlaceLeft):
        accept(campus, application)
    assert application_of(campus, person).status == "submitted"
    assert len(mails_to(campus, person)) == 1
    assert not learns(campus, person, cohort)


def test_enrolling_somebody_whose_application_waits_accepts_it(campus):
    told: list[ApplicationDecided] = []
    campus.hub.subscribe(ApplicationDecided, lambda _session, event: told.append(event))
    cohort = calling_cohort(campus)
    person = make_person(campus)
    application = applied(campus, cohort, person)
    enrolled(campus, cohort, person)
    assert application_of(campus, person).status == "accepted"
    assert told == [ApplicationDecided(id_of(application), id_of(person), id_of(cohort), "accepted")]


def test_applying_and_deciding_are_told_to_other_plugins(campus):
    told: list[object] = []
    for happened in (ApplicationSubmitted, ApplicationDecided):
        campus.hub.subscribe(happened, lambda _session, event: told.append(event))
    cohort = calling_cohort(campus)
    application = applied(campus, cohort)
    reject(campus, application)
    facts = (id_of(application), application.person_id, id_of(cohort))
    assert told == [ApplicationSubmitted(*facts), ApplicationDecided(*facts, "rejected")]


def test_applicants_and_tutors_decide_nothing(campus):
    cohort = calling_cohort(campus)
    person, tutor = make_person(campus), make_person(campus, "tutor", scope=("cohort", id_of(cohort)))
    application = applied(campus, cohort, person)
    for somebody in (person, tutor):
        for act in (accept, reject):
            with pytest.raises(Forbidden):
                act(campus, application, actor=actor_of(campus, somebody))
    with pytest.raises(Forbidden):
        take_back(campus, actor_of(campus, tutor), application)
    assert application_of(campus, person).status == "submitted"


def test_several_are_accepted_together_and_written_the_same_note(campus):
    cohort = calling_cohort(campus, seats=3)
    people = [make_person(campus) for _number in range(4)]
    applications = [applied(campus, cohort, person) for person in people]
    reject(campus, applications[3])
    with campus.database.transaction() as session:
        outcome = batches.decide(session, SYSTEM, cohort, [id_of(a) for a in applications[:3]], "accepted", "See you soon!")
    assert (outcome.done, outcome.refused) == (3, [])
    assert places(campus, cohort) == [1, 2, 3]
    assert all("See you soon!" in mails_to(campus, person)[-1].body_text for person in people[:3])


def test_more_ticks_than_places_accept_nobody(campus):
    cohort = calling_cohort(campus, seats=2)
    applications = [applied(campus, cohort) for _number in range(3)]
    with pytest.raises(batches.FewerPlaces, match="Ticked: 3. Places left: 2"), campus.database.transaction() as session:
        batches.decide(session, SYSTEM, cohort, [id_of(a) for a in applications], "accepted")
    assert enrolments(campus, cohort) == []


def test_one_that_was_decided_meanwhile_does_not_stop_the_others(campus):
    cohort = calling_cohort(campus)
    ana = make_person(campus, given_name="Ana", family_name="Rojas")
    applications = [applied(campus, cohort, ana), applied(campus, cohort)]
    take_back(campus, SYSTEM, applications[0])
    with campus.database.transaction() as session:
        outcome = batches.decide(session, SYSTEM, cohort, [id_of(a) for a in applications], "rejected")
    assert outcome.done == 1
    assert [(r.name, r.reason) for r in outcome.refused] == [("Ana Rojas", AlreadyDecided().sentence())]


def test_applications_to_another_cohort_and_unknown_decisions_are_refused(campus):
    cohort, other = calling_cohort(campus), calling_cohort(campus)
    mine, theirs = applied(campus, cohort), applied(campus, other)
    for ids, decision, reason in [([theirs], "accepted", NotFound), ([mine], "withdrawn", Invalid), ([], "accepted", Invalid)]:
        with pytest.raises(reason), campus.database.transaction() as session:
            batches.decide(session, SYSTEM, cohort, [id_of(a) for a in ids], decision)


def test_erasing_a_person_forgets_the_words_and_keeps_the_counts(client, campus):
    cohort = calling_cohort(campus)
    person, waiting = make_person(campus), make_person(campus)
    accept(campus, applied(campus, cohort, person, "My own words"), "Our note")
    applied(campus, cohort, waiting, "Others' words")
    with campus.database.transaction() as session:
        assert personal.export(session, id_of(person))["applications"][0]["answer"] == "My own words"
        assert personal.export(session, id_of(person))["enrolments"][0]["cohort"] == cohort.code
        for somebody in (person, waiting):
            erasing.erase(session, SYSTEM, id_of(somebody), [personal.erase])
    with campus.database.reading() as session:
        rows = list(session.scalars(select(Application).order_by(Application.id)))  # type: ignore[arg-type]
        entries = " ".join(str((entry.before, entry.after)) for entry in session.scalars(select(AuditEntry)))
    assert [(a.answer, a.decision_note, a.status) for a in rows] == [("", "", "accepted"), ("", "", "withdrawn")]
    assert len(enrolments(campus, cohort)) == 1
    sign_in(client, campus, make_person(campus, "staff"))
    for page in ("trainees", "applications"):
        shown = client.get(f"/staff/cohorts/{cohort.code}/{page}?status=all")
        assert "Erased person" in words(shown)
        assert person.code not in shown.text  # there is no page of the person any more
    assert "words" not in entries
    assert "note" not in entries


def test_the_page_of_a_cohort_without_applications_leads_to_the_cohort(client, campus):
    cohort = self_cohort(campus)
    assert client.get(f"/apply/{cohort.code}").url.path == f"/cohorts/{cohort.code}"
    draft = calling_cohort(campus, status="draft")
    assert client.get(f"/apply/{draft.code}").status_code == 404
    assert client.get("/apply/nowhere").status_code == 404
    with campus.database.transaction() as session:
        cohorts.set_status(session, SYSTEM, id_of(draft), "published")
    assert client.get(f"/apply/{draft.code}").status_code == 200


def test_a_newcomer_makes_an_account_on_the_way_and_is_back_at_the_question(client, campus):
    cohort = calling_cohort(campus)
    assert f"/join?next=/apply/{cohort.code}" in client.get(f"/apply/{cohort.code}").text
    submit(client, "/join", email="eva@example.org", given_name="Eva", next=f"/apply/{cohort.code}")
    with campus.database.reading() as session:
        body = session.scalars(select(OutboxMessage)).one().body_text
    link = re.search(r"http://testserver(/\S+)", body)
    assert link is not None
    page = submit(client, link[1], link[1].partition("?")[0], password="a long walk by the river", next=f"/apply/{cohort.code}")
    assert page.url.path == f"/apply/{cohort.code}"
    assert "<textarea" in page.text
