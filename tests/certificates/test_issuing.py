"""Who gets a certificate, with which number, and only one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from lms.accounts import people
from lms.accounts.models import Person, Programme
from lms.certificates import issuing, numbering
from lms.certificates.models import Certificate, CertificateSeries
from lms.certificates.numbering import NoFreeCode
from lms.courses.models import Cohort
from lms.enrollment import enrolling
from lms.enrollment.events import EnrolmentCompleted
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.errors import Forbidden, Invalid
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from tests.certificates.stories import certificates, certified, completed, enrolled
from tests.factories import actor_of, make_cohort, make_course, make_person


def mails(campus: Campus, person_id: int) -> list[OutboxMessage]:
    """What a person was written about certificates."""
    with campus.database.reading() as session:
        written = select(OutboxMessage).where(col(OutboxMessage.to) == session.one(Person, person_id).email)
        return list(session.scalars(written.where(col(OutboxMessage.subject).contains("certificate"))))


def test_who_completes_a_cohort_has_a_certificate_a_moment_later_and_is_told_once(campus):
    certificate = certified(campus)
    assert (certificate.status, certificate.issued_by) == ("valid", None)
    assert certificate.file_sha256
    told = mails(campus, certificate.person_id)
    assert len(told) == 1
    assert "/certificates" in told[0].body_text
    assert f"http://testserver/verify/{certificate.code}" in told[0].body_text
    with campus.database.transaction() as session:
        issuing.ask_to_draw(session, session.one(Certificate, certificate.id))
        issuing.issue_on_completion(session, EnrolmentCompleted(certificate.enrolment_id, certificate.person_id, certificate.cohort_id))
    campus.run_jobs()
    assert len(certificates(campus)) == 1
    assert len(mails(campus, certificate.person_id)) == 1


def test_somebody_without_an_address_gets_the_certificate_all_the_same(campus):
    assert certified(campus, email=None).file_id


def test_only_who_completed_the_cohort_as_a_trainee_gets_one(campus):  # edge 37
    cohort = make_cohort(campus)
    tutor = make_person(campus, "tutor", scope=("cohort", cohort.id or 0))
    learner = enrolled(campus, cohort)
    both = completed(campus, cohort, make_person(campus, "tutor", scope=("cohort", cohort.id or 0)))
    with campus.database.transaction() as session:
        issued = issuing.issue_for_cohort(session, SYSTEM, cohort)
    assert [certificate.person_id for certificate in issued] == [both.person_id]
    assert tutor.id not in [certificate.person_id for certificate in certificates(campus)]
    with pytest.raises(issuing.NotCompleted), campus.database.transaction() as session:
        issuing.issue(session, SYSTEM, learner.id or 0)


def test_issuing_again_answers_the_valid_one(campus):
    enrolment = completed(campus, make_cohort(campus))
    with campus.database.transaction() as session:
        first = issuing.issue(session, SYSTEM, enrolment.id or 0).serial
        assert issuing.issue(session, SYSTEM, enrolment.id or 0).serial == first
        assert issuing.issue_for_cohort(session, SYSTEM, session.one(Cohort, enrolment.cohort_id)) == []
    campus.run_jobs()  # the job that completing has put in line finds it, too
    assert [certificate.serial for certificate in certificates(campus)] == [first]


def test_serials_name_programme_and_year_and_have_no_gap_after_a_failure(campus):
    cohort = make_cohort(campus)
    with campus.database.transaction() as session:
        session.execute(update(Programme).values(code="sfe"))
    with clock.frozen(datetime(2013, 5, 12, 12, tzinfo=UTC)):
        first = certified(campus, cohort)
        last = completed(campus, cohort)

        def fail() -> None:
            with campus.database.transaction() as session:
                issuing.issue(session, SYSTEM, last.id or 0)
                raise OSError("the power went")

        with pytest.raises(OSError):
            fail()
        campus.run_jobs()
    assert [first.serial, certificates(campus)[-1].serial] == ["SFE-2013-000001", "SFE-2013-000002"]
    with clock.frozen(datetime(2014, 1, 1, 12, tzinfo=UTC)):
        assert certified(campus, cohort).serial == "SFE-2014-000001"


def test_the_day_of_issue_is_the_day_of_completion_where_the_cohort_is(campus):
    cohort = make_cohort(campus, timezone="America/Lima")
    with clock.frozen(datetime(2014, 1, 1, 3, tzinfo=UTC)):  # still 2013 in Lima
        completed(campus, cohort)
    campus.run_jobs()  # long after
    assert certificates(campus)[0].serial.split("-")[1] == "2013"
    assert certificates(campus)[0].snapshot["issued_on"] == "2013-12-31"


def test_two_who_issue_at_once_make_one_certificate(campus):
    enrolment = completed(campus, make_cohort(campus))

    def issue(_number: int) -> str:
        with campus.database.transaction() as session:
            return issuing.issue(session, SYSTEM, enrolment.id or 0).serial

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(issue, range(8)))) == 1
    assert len(certificates(campus)) == 1


def test_many_who_are_certified_at_once_get_consecutive_numbers(campus):
    cohort = make_cohort(campus)
    enrolments = [completed(campus, cohort).id or 0 for _number in range(10)]

    def issue(enrolment_id: int) -> str:
        with campus.database.transaction() as session:
            return issuing.issue(session, SYSTEM, enrolment_id).serial

    with ThreadPoolExecutor(10) as pool:
        serials = sorted(pool.map(issue, enrolments))
    assert [int(serial.split("-")[2]) for serial in serials] == list(range(1, 11))


def test_the_database_itself_refuses_a_second_valid_certificate(campus):
    first = certified(campus)
    values = first.model_dump(exclude={"id"}) | {"serial": "X-1", "code": "X"}
    with pytest.raises(IntegrityError), campus.database.transaction() as session:
        session.add(Certificate(**values))


def test_a_source_of_chance_that_repeats_itself_is_noticed_after_ten_tries(campus, monkeypatch):  # edge 40
    taken = certified(campus).code
    tries: list[int] = []

    def stuck(length: int) -> str:
        tries.append(length)
        return taken.replace("-", "").lower()

    monkeypatch.setattr(numbering, "random_code", stuck)
    enrolment = completed(campus, make_cohort(campus))
    with pytest.raises(NoFreeCode), campus.database.transaction() as session:
        issuing.issue(session, SYSTEM, enrolment.id or 0)
    assert len(tries) == 10
    assert len(certificates(campus)) == 1


def test_who_may_not_issue_is_refused(campus):
    enrolment = completed(campus, make_cohort(campus))
    tutor = actor_of(campus, make_person(campus, "tutor"))
    reporter = actor_of(campus, make_person(campus, "reporter"))
    for actor in (tutor, reporter):
        with pytest.raises(Forbidden), campus.database.transaction() as session:
            issuing.issue(session, actor, enrolment.id or 0)


def test_staff_of_one_cohort_do_not_issue_in_another(campus):
    enrolment = completed(campus, make_cohort(campus))
    elsewhere = actor_of(campus, make_person(campus, "staff", scope=("cohort", make_cohort(campus).id or 0)))
    with pytest.raises(Forbidden), campus.database.transaction() as session:
        issuing.issue(session, elsewhere, enrolment.id or 0)


def test_revoking_needs_a_reason_and_happens_once(campus):
    certificate = certified(campus)
    staff = actor_of(campus, make_person(campus, "staff"))
    with pytest.raises(Invalid), campus.database.transaction() as session:
        issuing.revoke(session, staff, certificate.serial, "  ")
    with campus.database.transaction() as session:
        issuing.revoke(session, staff, certificate.serial.lower(), "Copied from a colleague.")
    with pytest.raises(issuing.NotValid), campus.database.transaction() as session:
        issuing.revoke(session, staff, certificate.serial, "Again.")
    assert certificates(campus)[0].status == "revoked"


def test_what_was_revoked_is_not_given_again_by_the_way(campus):
    certificate = certified(campus)
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, certificate.serial, "Copied.")
    with campus.database.transaction() as session:
        enrolling.set_status(session, SYSTEM, certificate.enrolment_id, "active")
        enrolling.complete(session, SYSTEM, certificate.enrolment_id)
        assert issuing.issue_for_cohort(session, SYSTEM, session.one(Cohort, certificate.cohort_id)) == []
    campus.run_jobs()
    assert [c.status for c in certificates(campus)] == ["revoked"]
    with campus.database.transaction() as session:  # but staff may, one by one
        issuing.issue(session, SYSTEM, certificate.enrolment_id)
    assert [c.status for c in certificates(campus)] == ["revoked", "valid"]


def test_a_corrected_name_gets_a_new_certificate_that_replaces_the_old_one(campus):
    old = certified(campus, given_name="Maria", family_name="Nunez")
    with campus.database.transaction() as session:
        people.save(session, SYSTEM, old.person_id, given_name="María", family_name="Núñez")
        new = issuing.reissue(session, SYSTEM, old.serial)
    campus.run_jobs()
    before, after = certificates(campus)
    assert (before.status, before.replaced_by_id, before.snapshot["name"]) == ("replaced", new.id, "Maria Nunez")
    assert (after.status, after.snapshot["name"]) == ("valid", "María Núñez")
    assert before.serial != after.serial
    with pytest.raises(issuing.NotValid), campus.database.transaction() as session:
        issuing.reissue(session, SYSTEM, old.serial)


def test_what_is_printed_is_frozen_at_issue(campus):
    course = make_course(campus, title="Influencing policy with evidence", hours=40)
    certificate = certified(
        campus, make_cohort(campus, course), given_name="Rosa", family_name="Quispe", certificate_name="Dra. Rosa Quispe"
    )
    with campus.database.transaction() as session:
        people.save(session, SYSTEM, certificate.person_id, certificate_name="Somebody Else")
        session.execute(update(Programme).values(name="Renamed"))
    printed: dict[str, Any] = certificates(campus)[0].snapshot
    assert (printed["name"], printed["course"], printed["hours"]) == ("Dra. Rosa Quispe", course.title, 40)
    assert printed["programme"] != "Renamed"


@pytest.mark.parametrize(("person", "cohort", "chosen"), [("es", "en", "es"), ("bn", "es", "es"), ("bn", "am", "en")])
def test_the_language_is_the_persons_then_the_cohorts_as_far_as_it_is_spoken(campus, person, cohort, chosen):  # edge 49
    assert certified(campus, make_cohort(campus, language=cohort), language=person).language == chosen


def test_series_begin_at_one_and_stand_at_the_next_number(campus):
    certified(campus)
    with campus.database.reading() as session:
        assert session.scalar(select(func.max(CertificateSeries.next_number))) == 2
