"""Pages of certificates: for those who have them, and for staff."""

import pytest
from sqlalchemy import event

from lms.accounts import people
from lms.certificates import issuing, queries
from lms.kernel.job_table import job
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import submit, words
from tests.certificates.stories import certificates, certified, completed, enrolled, pdf_of
from tests.factories import actor_of, make_cohort, make_person, sign_in


def staff_of(client, campus, cohort=None):
    scope = ("cohort", cohort.id or 0) if cohort else ("site", 0)
    person = make_person(campus, "staff", scope=scope)
    sign_in(client, campus, person)
    return person


def test_a_trainee_downloads_her_certificate_and_shares_its_link(client, campus):
    me = make_person(campus)
    certificate = certified(campus, person=me)
    sign_in(client, campus, me)
    page = client.get("/certificates")
    assert f'value="http://testserver/verify/{certificate.code}"' in page.text
    file = client.get(f"/certificates/{certificate.code}/file")
    assert file.content == pdf_of(campus, certificate)
    assert file.headers["content-type"] == "application/pdf"
    assert certificate.serial in file.headers["content-disposition"]
    assert "download" in words(client.get("/today")).lower()


def test_before_the_document_is_drawn_the_page_says_so(client, campus):
    me = make_person(campus)
    enrolment = completed(campus, make_cohort(campus), me)
    with campus.database.transaction() as session:
        issuing.issue(session, SYSTEM, enrolment.id or 0)
    certificate = certificates(campus)[0]
    sign_in(client, campus, me)
    assert "being drawn" in words(client.get("/certificates"))
    early = client.get(f"/certificates/{certificate.code}/file")
    assert early.url.path == "/certificates"
    assert "being drawn" in words(early)
    assert "genuine" in words(client.get(f"/verify/{certificate.code}"))
    campus.run_jobs()
    assert client.get(f"/certificates/{certificate.code}/file").content.startswith(b"%PDF")


def test_who_has_no_certificate_is_told_how_to_get_one(client, campus):
    sign_in(client, campus, make_person(campus))
    assert "No certificate yet" in words(client.get("/certificates"))


def test_a_long_list_comes_in_pages(client, campus, monkeypatch):
    me = make_person(campus)
    monkeypatch.setattr(queries.own, "__defaults__", (0, 2))
    serials = [certified(campus, make_cohort(campus), me).serial for _number in range(3)]
    sign_in(client, campus, me)
    first = client.get("/certificates")
    assert [serial in first.text for serial in serials] == [False, True, True]
    newest = certificates(campus)[1].id
    assert [serial in client.get(f"/certificates?before={newest}").text for serial in serials] == [True, False, False]


@pytest.mark.parametrize("roles", [(), ("trainee",), ("tutor",), ("reporter",)])
def test_certificates_of_others_are_not_to_be_had(client, campus, roles):  # edge 45
    certificate = certified(campus)
    stranger = make_person(campus, *roles)
    certified(campus, person=stranger)
    sign_in(client, campus, stranger)
    assert client.get(f"/certificates/{certificate.code}/file").status_code == 404
    assert certificate.serial not in client.get("/certificates").text
    client.cookies.clear()
    assert client.get(f"/certificates/{certificate.code}/file").url.path == "/sign-in"


def test_a_withdrawn_certificate_is_not_handed_out_to_its_owner(client, campus):
    me = make_person(campus)
    certificate = certified(campus, person=me)
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, certificate.serial, "Copied.")
    sign_in(client, campus, me)
    assert client.get(f"/certificates/{certificate.code}/file").status_code == 404
    page = client.get("/certificates")
    assert "not valid any more" in words(page)
    assert "Copied." not in page.text
    staff_of(client, campus)
    assert client.get(f"/certificates/{certificate.code}/file").status_code == 200


def test_staff_see_who_waits_and_issue_to_all_of_them_in_one_action(client, campus):
    cohort = make_cohort(campus)
    for number in range(3):
        completed(campus, cohort, given_name=f"Trainee {number}", email=None if number else "t@example.org")
    enrolled(campus, cohort, given_name="Unfinished")
    with campus.database.transaction() as session:  # completed long before there were certificates
        session.execute(job.delete())
    base = f"/staff/cohorts/{cohort.code}/certificates"
    staff_of(client, campus, cohort)
    assert "3wait for a certificate" in words(client.get(base)).replace("\n", "")
    preview = words(client.get(f"{base}/issue"))
    assert "Trainee 0" in preview
    assert "Unfinished" not in preview
    assert "the programme's signatory" in preview
    assert "has no e-mail address" in preview
    started = submit(client, f"{base}/issue")
    assert started.url.path.startswith("/jobs/")
    again = submit(client, f"{base}/issue")
    assert again.url == started.url  # two clicks start one job
    campus.run_jobs()
    done = client.get(started.url.path)
    assert f'href="{base}"' in done.text
    assert [c.status for c in certificates(campus)] == ["valid"] * 3
    assert all(c.file_id for c in certificates(campus))
    assert "Nobody waits for a certificate" in words(client.get(f"{base}/issue"))


def test_two_of_staff_who_issue_at_the_same_time_start_one_job(client, visit, campus):
    cohort = make_cohort(campus)
    completed(campus, cohort)
    base = f"/staff/cohorts/{cohort.code}/certificates"
    staff_of(client, campus)
    submit(client, f"{base}/issue")
    other = visit()
    staff_of(other, campus)
    answer = submit(other, f"{base}/issue")
    assert answer.url.path == base
    assert "Somebody else has just started this." in words(answer)


def test_staff_withdraw_a_certificate_with_a_reason(client, campus):
    certificate = certified(campus, cohort := make_cohort(campus))
    base = f"/staff/cohorts/{cohort.code}/certificates"
    staff_of(client, campus, cohort)
    bare = submit(client, base, f"{base}/{certificate.code}/revoke", reason=" ")
    assert bare.status_code == 422
    assert "Please say why" in words(bare)
    done = submit(client, base, f"{base}/{certificate.code}/revoke", reason="Copied from a colleague.")
    assert "Copied from a colleague." in words(done)
    assert "Revoked" in words(done)
    assert submit(client, base, f"{base}/{certificate.code}/revoke", reason="Again.").status_code == 409


def test_a_changed_name_shows_and_the_certificate_is_issued_anew(client, campus):
    certificate = certified(campus, cohort := make_cohort(campus), given_name="Maria", family_name="Nunez")
    base = f"/staff/cohorts/{cohort.code}/certificates"
    staff_of(client, campus, cohort)
    assert "Issue anew" not in words(client.get(base))
    with campus.database.transaction() as session:
        people.save(session, SYSTEM, certificate.person_id, given_name="María", family_name="Núñez")
    assert "It says “Maria Nunez”." in words(client.get(base))
    submit(client, base, f"{base}/{certificate.code}/reissue")
    campus.run_jobs()
    assert "It says" not in words(client.get(base))
    assert "was replaced" in words(client.get(f"/verify/{certificate.code}"))


def test_staff_issue_to_one_person_again_after_withdrawing(client, campus):
    certificate = certified(campus, cohort := make_cohort(campus))
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, certificate.serial, "By mistake.")
    base = f"/staff/cohorts/{cohort.code}/certificates"
    staff_of(client, campus, cohort)
    submit(client, base, f"{base}/{certificate.enrolment_id}/issue")
    assert [c.status for c in certificates(campus)] == ["revoked", "valid"]


def test_what_belongs_to_another_cohort_is_refused_on_every_route(client, campus):  # edge 46
    mine, other = make_cohort(campus), make_cohort(campus)
    certified(campus, mine)
    theirs = certified(campus, other)
    base = f"/staff/cohorts/{mine.code}/certificates"
    staff_of(client, campus)  # who may act in both, but not mix them up
    for action in (f"{theirs.code}/revoke", f"{theirs.code}/reissue", f"{theirs.enrolment_id}/issue"):
        assert submit(client, base, f"{base}/{action}", reason="Mixed up.").status_code == 404
    exported = submit(client, f"/staff/cohorts/{other.code}/certificates", f"/staff/cohorts/{other.code}/certificates/export")
    campus.run_jobs()
    job = exported.url.path.rpartition("/")[2]
    assert client.get(f"/staff/cohorts/{other.code}/certificates/exports/{job}").status_code == 200
    assert client.get(f"{base}/exports/{job}").status_code == 404
    assert [c.status for c in certificates(campus)] == ["valid", "valid"]


@pytest.mark.parametrize(("roles", "status"), [(("tutor",), 403), (("trainee",), 403), (("reporter",), 403), ((), 403)])
def test_who_is_not_staff_sees_no_list(client, campus, roles, status):
    cohort = make_cohort(campus)
    sign_in(client, campus, make_person(campus, *roles, scope=("cohort", cohort.id or 0)) if roles else make_person(campus))
    for page in ("", "/issue"):
        assert client.get(f"/staff/cohorts/{cohort.code}/certificates{page}").status_code == status


def test_staff_of_another_cohort_find_nothing(client, campus):
    certificate = certified(campus, cohort := make_cohort(campus))
    staff_of(client, campus, make_cohort(campus))
    base = f"/staff/cohorts/{cohort.code}/certificates"
    for path in (base, f"{base}/issue", f"{base}/exports/1", f"/certificates/{certificate.code}/file"):
        assert client.get(path).status_code == 404
    for action in ("issue", "export", f"{certificate.code}/revoke", f"{certificate.code}/reissue", f"{certificate.enrolment_id}/issue"):
        assert submit(client, "/profile", f"{base}/{action}", reason="None of mine.").status_code == 404


def test_panels_tell_staff_how_a_cohort_and_a_person_stand(client, campus):
    person = make_person(campus)
    certificate = certified(campus, cohort := make_cohort(campus), person)
    staff_of(client, campus)
    assert "Valid certificates: 1 of 1 who completed the cohort." in words(client.get(f"/staff/cohorts/{cohort.code}"))
    assert certificate.serial in client.get(f"/staff/people/{person.code}").text


def test_staff_pages_ask_the_same_number_of_questions_however_many_people(campus):
    cohort = make_cohort(campus)
    counted: list[str] = []
    event.listen(campus.database.engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: counted.append(statement))
    sizes = []
    for _round in range(2):
        for _number in range(3):
            completed(campus, cohort)
        campus.run_jobs()
        counted.clear()
        with campus.database.reading() as session:
            queries.cohort_lines(session, cohort.id or 0)
            queries.counts(session, cohort.id or 0)
        sizes.append(len(counted))
    assert sizes[0] == sizes[1] <= 3


def test_the_list_of_a_cohort_comes_in_pages_and_leaves_nobody_out(campus):
    cohort = make_cohort(campus)
    for number in range(7):
        completed(campus, cohort, given_name="Ana", family_name=f"Rojas {number % 2}")  # many share a name
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        with campus.database.reading() as session:
            lines, after = queries.cohort_lines(session, cohort.id or 0, after, limit=3)
        seen += [line.enrolment_id for line in lines]
    assert len(seen) == len(set(seen)) == 7


def test_an_administrator_of_the_site_may_do_all_of_it(campus):
    cohort = make_cohort(campus)
    actor = actor_of(campus, make_person(campus, "administrator"))
    assert all(actor.can(f"certificates.{verb}", cohort.scope) for verb in ("issue", "revoke", "view"))
