"""People as staff see them, and their roles."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select
from sqlmodel import col

from lms.accounts import passwords, people, places, queries, roles
from lms.accounts.models import Country, Person, Region
from lms.kernel.audit import AuditEntry
from lms.kernel.errors import Forbidden, Invalid, Refused
from lms.kernel.permissions import SYSTEM, Actor, RoleGrant
from lms.kernel.text import fold
from tests.accounts.stories import PASSWORD, enter, link, mails, somebody, submit, words


def test_staff_add_a_person_of_one_name_and_invite_her(client, campus):
    enter(client, campus, "staff")
    answer = submit(client, "/staff/people/new", given_name="Suharti", email="suharti@example.org", country_code="ID", invite="on",
                    organisation="Yayasan Bukti", organisation_type="think_tank")  # fmt: skip
    assert answer.status_code == 200
    assert "Suharti" in words(answer)
    assert "Indonesia" in words(answer)
    assert "Yayasan Bukti" in words(answer)
    client.cookies.clear()
    submit(client, link(mails(campus)[0]), password=PASSWORD)
    assert "Suharti" in client.get("/profile").text


@pytest.mark.parametrize(
    ("typed", "found"),
    [("fernandez", "María José Fernández-Núñez"), ("MARIA JOSE", "María José Fernández-Núñez"), ("ngugi", "Ngũgĩ Wanjirũ"),
     ("nguyen huong", "Hương Nguyễn Thị"), ("রহমান", "ফাতেমা রহমান"), ("100%", None), ("_", None)],
)  # fmt: skip
def test_search_finds_names_however_their_accents_are_typed(campus, typed, found):
    for given, family in [("María José", "Fernández-Núñez"), ("Ngũgĩ", "Wanjirũ"), ("Hương", "Nguyễn Thị"), ("ফাতেমা", "রহমান")]:
        somebody(campus, None, given_name=given, family_name=family)
    with campus.database.reading() as session:
        assert [row.name for row in queries.people(session, typed).rows] == ([found] if found else [])


def test_pages_of_people_show_everybody_once_with_the_same_number_of_queries(campus):
    for number in range(25):
        somebody(campus, None, given_name="Ana", family_name=f"Rojas {number % 3}")  # many share a name
    counted: list[str] = []
    event.listen(campus.database.engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: counted.append(statement))
    seen: list[int] = []
    sizes: list[int] = []
    after: str | None = ""
    while after is not None:
        counted.clear()
        with campus.database.reading() as session:
            page = queries.people(session, after=after, limit=10)
        sizes.append(len(counted))
        seen += [row.id for row in page.rows]
        after = page.after
    assert len(seen) == len(set(seen)) == page.total == 25
    assert len(set(sizes)) == 1
    assert sizes[0] <= 3


def test_two_people_never_share_an_address(client, campus):
    enter(client, campus, "staff")
    somebody(campus, "ana@example.org")
    answer = submit(client, "/staff/people/new", given_name="Eva", email="Ana@Example.org")
    assert answer.status_code == 422
    assert "Another person has this e-mail address." in words(answer)
    assert 'value="Eva"' in answer.text  # what was typed is still there


def test_of_twenty_who_take_one_address_at_once_exactly_one_gets_it(campus):
    def add(_number: int) -> bool:
        try:
            with campus.database.transaction() as session:
                people.create(session, SYSTEM, given_name="Ana", email="ana@example.org")
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(add, range(20))) == 1


def test_one_organisation_is_made_of_many_who_name_it_at_once(campus):
    def name_it(_number: int) -> int | None:
        with campus.database.transaction() as session:
            return people.organisation(session, "Grupo  Sur", "think_tank", "PE").id

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(name_it, range(10)))) == 1


def test_an_administrator_gives_and_takes_a_role_and_the_log_tells_it(client, campus):
    me = enter(client, campus, "administrator")
    other = somebody(campus)
    path = f"/staff/people/{other.code}"
    assert "The role is given." in words(submit(client, path, f"{path}/roles", role="tutor", scope_kind="site"))
    assert "Tutor" in words(client.get(path))
    submit(client, path, f"{path}/roles/take", role="tutor", scope_kind="site", scope_id="0")
    with campus.database.reading() as session:
        assert queries.grants_of(session, other.id or 0) == []
        actions = session.execute(
            select(col(AuditEntry.action), col(AuditEntry.actor_id))
            .where(col(AuditEntry.subject_id) == str(other.id))
            .order_by(col(AuditEntry.id))
        )
        assert list(actions)[1:] == [("role.given", me.id), ("role.taken", me.id)]
    assert "role.given" in words(client.get("/staff/audit"))


def test_a_role_for_a_programme_holds_there_and_an_unknown_code_is_told(client, campus):
    enter(client, campus, "administrator")
    other = somebody(campus)
    with campus.database.transaction() as session:
        programme = queries.programme_default(session)
    path = f"/staff/people/{other.code}"
    assert submit(client, path, f"{path}/roles", role="staff", scope_kind="programme", scope_code="no-such").status_code == 422
    submit(client, path, f"{path}/roles", role="staff", scope_kind="programme", scope_code=programme.code)
    with campus.database.reading() as session:
        assert [(g.role, g.scope_kind, g.code) for g in queries.grants_of(session, other.id or 0)] == [
            ("staff", "programme", programme.code)
        ]


def test_staff_can_neither_give_roles_nor_take_over_the_address_of_an_administrator(client, campus):
    enter(client, campus, "staff")
    boss = somebody(campus, "boss@example.org", "administrator")
    path = f"/staff/people/{boss.code}"
    assert submit(client, path, f"{path}/roles", role="administrator", scope_kind="site").status_code == 403
    assert submit(client, f"{path}/edit", given_name="Boss", email="mine@example.org").status_code == 403
    with campus.database.reading() as session:
        assert session.one(Person, boss.id).email == "boss@example.org"


def test_staff_see_mails_without_the_links_that_open_accounts(client, campus):
    boss = somebody(campus, "boss@example.org", "administrator", password=PASSWORD)
    submit(client, "/reset", email=boss.email)
    enter(client, campus, "staff")
    shown = client.get("/staff/mail")
    assert "boss@example.org" in shown.text
    assert link(mails(campus)[0]) not in shown.text


def test_the_last_administrator_stays_even_when_two_remove_each_other_at_once(campus):
    pair = [somebody(campus, f"boss{n}@example.org", "administrator") for n in range(2)]

    def remove(person: Person) -> bool:
        try:
            with campus.database.transaction() as session:
                return roles.take(session, SYSTEM, person.id or 0, "administrator")
        except roles.LastAdministrator:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(remove, pair)) == 1
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RoleGrant).where(col(RoleGrant.role) == "administrator")) == 1


def test_giving_a_role_twice_gives_it_once(campus):
    person = somebody(campus)
    with campus.database.transaction() as session:
        assert [roles.give(session, SYSTEM, person.id or 0, "staff") for _time in range(2)] == [True, False]


def test_nobody_without_the_right_adds_people(campus):
    with pytest.raises(Forbidden), campus.database.transaction() as session:
        people.create(session, Actor(id=1, name="x", registry=campus.permissions), given_name="Ana")


def test_a_person_needs_one_name(campus):
    with pytest.raises(Refused, match="at least one name"), campus.database.transaction() as session:
        people.create(session, SYSTEM, given_name=" \u202e ", email="a@example.org")


def test_easy_passwords_are_refused(campus):
    leaked = ["1q2w3e4r5t", "Dragon2026!!", "monkeymonkey", "987654321987", "!!Shadow 1!!"]
    personal = ["ana@example.org", "Lucía Fernández", "fernandez2026", "Campus-Lucia-1", "aulasur 2026"]
    for easy in ["short", "aaaaaaaaaaaa", "password1234", *leaked, *personal]:
        with pytest.raises(Invalid):
            passwords.check_strength(easy, "ana@example.org", "Lucía Fernández", "campus.example.org")
    for good in [PASSWORD, "x" * 8 + " correct horse " + "y" * 80, "tres tristes tigres", "дракон и семь морей", "elephant8301749265"]:
        passwords.check_strength(good, "ana@example.org", "Lucía Fernández", "campus.example.org")


def test_the_default_regions_hold_every_country_and_loading_them_again_changes_nothing(campus):
    with campus.database.transaction() as session:
        places.load_default_regions(session)
        places.load_default_regions(session)
        by_code = {region.code: region for region in session.scalars(select(Region))}
        assert len(by_code) == 30
        assert session.scalar(select(func.count()).select_from(Country)) == 250
        americas, peru = by_code["019"], session.one(Country, "PE")
        assert americas.macro_id == americas.id
        assert by_code["001"].macro_id is None
        assert session.one(Region, peru.region_id).code == "005"
        assert by_code["005"].macro_id == americas.id
        assert by_code["005"].parent_id == by_code["419"].id


def test_regions_are_named_in_the_readers_language_unless_the_programme_named_them(campus):
    with campus.database.transaction() as session:
        session.add(Region(code="cono-sur", name="Cono Sur"))
        assert places.region_names(session, ["002", "cono-sur"], "es") == {"002": "África", "cono-sur": "Cono Sur"}


def test_folding_keeps_the_letters_of_scripts_without_accents():
    assert fold("  Łukasz  ØRSTED Ñandú ") == "lukasz orsted nandu"
    assert fold("ফাতেমা") == "ফাতেমা"
