"""A person's certificates as personal data."""

import json

from sqlalchemy import func, select

from lms.accounts import erasing
from lms.certificates import filing, forgetting, issuing, queries
from lms.certificates.models import CertificateExport
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import StoredFile
from tests.accounts.stories import submit
from tests.certificates.stories import certificates, certified, completed
from tests.factories import make_cohort, make_person, sign_in


def erase(campus, person_id: int) -> None:
    erasers = [plugin.personal_data.erase for plugin in campus.plugins if plugin.personal_data and plugin.personal_data.erase]
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, person_id, erasers)


def test_a_person_takes_along_what_her_certificates_say(client, campus):
    me = make_person(campus)
    certificate = certified(campus, person=me)
    sign_in(client, campus, me)
    taken = json.loads(client.get("/profile/data").text)["data"]["certificates"]["certificates"]
    assert [one["serial"] for one in taken] == [certificate.serial]
    assert taken[0]["name"] == me.name


def test_a_person_who_is_forgotten_disappears_from_certificates_files_and_zips_and_still_counts(client, campus):
    cohort = make_cohort(campus)
    me = make_person(campus, given_name="Philomena", family_name="Unforgettable")
    certified(campus, cohort, me)
    other = certified(campus, cohort)
    sign_in(client, campus, make_person(campus, "staff"))
    base = f"/staff/cohorts/{cohort.code}/certificates"
    submit(client, base, f"{base}/export")
    campus.run_jobs()
    erase(campus, me.id or 0)
    campus.run_jobs()
    gone = certificates(campus, person_id=me.id)[0]
    assert (gone.file_id, gone.status) == (None, "valid")
    assert "Philomena" not in json.dumps(gone.snapshot)
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CertificateExport)) == 0
        kept = list(session.scalars(select(StoredFile)))
        assert queries.counts(session, cohort.id or 0).valid == 2
    assert [file.id for file in kept] == [other.file_id]
    assert {path.name for path in (campus.settings.data_dir / "files").glob("*/*")} == {file.key for file in kept}
    assert "Philomena" not in client.get(base).text


def test_what_was_forgotten_before_it_was_drawn_is_never_drawn(campus):
    enrolment = completed(campus, make_cohort(campus))
    with campus.database.transaction() as session:
        certificate = issuing.issue(session, SYSTEM, enrolment.id or 0)
    erase(campus, enrolment.person_id)
    campus.run_jobs()
    assert filing.document_of(campus.database, campus.storage, certificate.id or 0) is None
    with campus.database.transaction() as session:
        forgetting.erase(session, enrolment.person_id)  # once more changes nothing


def test_who_is_forgotten_between_completing_and_issuing_gets_none(campus):
    enrolment = completed(campus, make_cohort(campus))
    erase(campus, enrolment.person_id)
    campus.run_jobs()
    assert certificates(campus) == []
