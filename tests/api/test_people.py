"""Regions and people in the API: who sees whom, who changes what."""

from sqlalchemy import select
from sqlmodel import col

from lms.accounts import erasing
from lms.accounts import people as service
from lms.kernel.audit import AuditEntry
from lms.kernel.permissions import SYSTEM
from tests.factories import make_cohort, make_person
from tests.watching import counting


def test_the_region_tree_leads_from_the_world_to_countries(campus, program):
    anybody = program(make_person(campus))
    world = anybody.get("/regions/001").json()
    assert (world["name"], world["parent"], world["level"]) == ("World", None, 0)
    assert {region["code"] for region in anybody.items("/regions", parent="001")} == {"002", "009", "019", "142", "150"}
    south_america = anybody.get("/regions/005").json()
    assert "PE" in south_america["countries"]
    assert south_america["macroregion"] == "019"
    spanish = anybody.client.get("/api/v1/regions/005", headers={"accept-language": "es"})
    assert spanish.json()["name"] == "Sudamérica"
    assert anybody.get("/regions/999").status_code == 404


def test_staff_see_everybody_and_everybody_else_herself(campus, program):
    staff, tutor, trainee = make_person(campus, "staff"), make_person(campus), make_person(campus)
    cohort = make_cohort(campus, tutors=[tutor.id or 0])
    reporter = make_person(campus, "reporter", scope=("programme", cohort.programme_id))
    everybody = {person.code for person in (staff, tutor, trainee, reporter)}
    assert {item["code"] for item in program(staff).items("/people")} == everybody
    for person in (tutor, trainee, reporter):
        hers = program(person)
        assert [item["code"] for item in hers.items("/people")] == [person.code]
        assert hers.get(f"/people/{person.code}").status_code == 200
        for other in everybody - {person.code}:
            assert hers.get(f"/people/{other}").status_code == hers.patch(f"/people/{other}", given_name="X").status_code == 404
        assert hers.post("/people", json={"given_name": "Rosa"}).status_code == 403


def test_staff_find_people_by_what_they_know_of_them(campus, program):
    staff = program(make_person(campus, "staff", given_name="Eva", country_code="EC", email="eva@example.org"))
    rosa = make_person(campus, given_name="Róisín", email="rosa@example.org", country_code="PE", gender="female")
    for asked in ({"q": "roisin"}, {"email": "Rosa@example.org"}, {"country": "PE"}, {"gender": "female"}, {"q": "rosa@", "region": "005"}):
        assert [item["code"] for item in staff.items("/people", **asked)] == [rosa.code], asked
    assert staff.get("/people", country="Peru").status_code == 422
    assert staff.get("/people", gender="F").status_code == 422


def test_staff_add_a_person_with_all_that_is_known(campus, program):
    staff = program(make_person(campus, "staff"))
    sent = {
        "email": "Rosa.Quispe@example.org", "given_name": "Rosa", "family_name": "Quispe", "country": "PE", "gender": "female",
        "organisation": "Grupo de Análisis", "organisation_type": "think_tank", "language": "es", "timezone": "America/Lima",
    }  # fmt: skip
    answer = staff.post("/people", json=sent)
    assert answer.status_code == 201
    said = answer.json()
    assert said == {
        **sent, "email": "rosa.quispe@example.org", "code": said["code"], "name": "Rosa Quispe", "certificate_name": "", "region": "005",
        "created_at": said["created_at"],
    }  # fmt: skip
    assert answer.headers["location"] == f"/api/v1/people/{said['code']}"
    assert staff.get(answer.headers["location"].removeprefix("/api/v1")).json() == said
    assert staff.post("/people", json={**sent, "email": "x@example.org", "region": "013"}).json()["region"] == "013"


def test_what_cannot_be_a_person_is_refused_by_field(campus, program):
    staff = program(make_person(campus, "staff", email="taken@example.org"))
    wrong = {
        "/given_name": {}, "/email": {"given_name": "A", "email": "TAKEN@example.org"}, "/country": {"given_name": "A", "country": "XX"},
        "/region": {"given_name": "A", "region": "nowhere"}, "/gender": {"given_name": "A", "gender": "F"},
        "/language": {"given_name": "A", "language": "xx"}, "/timezone": {"given_name": "A", "timezone": "Mars/Olympus"},
        "/organisation_type": {"given_name": "A", "organisation_type": "media"},
    }  # fmt: skip
    for pointer, sent in wrong.items():
        answer = staff.post("/people", json=sent)
        assert answer.status_code == 422, pointer
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_people_change_themselves_but_not_their_address(campus, program):
    person = make_person(campus, country_code="PE", organisation_id=None)
    hers, path = program(person), f"/people/{person.code}"
    assert hers.patch(path, given_name="Eva", country="EC", organisation="Faro").json()["organisation"] == "Faro"
    for sent in ({"email": "new@example.org"}, {"region": "013"}):
        assert hers.patch(path, **sent).status_code == 403
    said = hers.get(path).json()
    assert (said["given_name"], said["country"], said["email"]) == ("Eva", "EC", person.email)
    assert hers.patch(path, country=None, organisation=None).json()["country"] is None
    assert hers.patch(path, family_name="", given_name="").status_code == 422
    assert hers.patch(path).status_code == 200


def test_an_administrator_s_address_is_guarded_here_too(campus, program):
    staff, administrator = program(make_person(campus, "staff")), make_person(campus, "administrator")
    answer = staff.patch(f"/people/{administrator.code}", email="mine@example.org")
    assert (answer.status_code, answer.json()["code"]) == (403, "address-is-guarded")


def test_what_a_program_did_is_in_the_audit_log_without_names(campus, program):
    person = make_person(campus, "staff")
    code = program(person).post("/people", json={"given_name": "Zoraida", "email": "zoraida@example.org"}).json()["code"]
    program(person).patch(f"/people/{code}", given_name="Zenaida")
    with campus.database.reading() as session:
        entries = list(session.scalars(select(AuditEntry).where(col(AuditEntry.actor_id) == person.id).order_by(col(AuditEntry.id))))
    assert [entry.action for entry in entries] == ["person.created", "person.changed"]
    assert not any(word in repr(entries) for word in ("Zoraida", "Zenaida", "zoraida@"))


def test_nobody_sees_who_was_erased(campus, program):
    staff, person = program(make_person(campus, "staff")), make_person(campus)
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, person.id or 0)
    assert staff.get(f"/people/{person.code}").status_code == 404
    assert len(staff.items("/people")) == 1


def test_a_longer_page_asks_the_database_no_more_often(campus, program):
    staff = program(make_person(campus, "staff"))
    with campus.database.transaction() as session:
        for number in range(30):
            service.create(session, SYSTEM, given_name=f"Rosa {number}", country_code="PE")
    staff.get("/people")
    for path in ("/people", "/regions"):
        counts = []
        for limit in (1, 31):
            with counting(campus) as statements:
                assert len(staff.items(path, limit=limit)) >= min(limit, 20)
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 6, path
