"""Who may do what, and where: what is not given is denied."""

import itertools

import pytest

from lms.kernel.campus import Campus
from lms.kernel.errors import Forbidden
from lms.kernel.permissions import (
    ROLES,
    SCOPE_KINDS,
    SITE,
    SYSTEM,
    Actor,
    Grant,
    Permission,
    PermissionRegistry,
    Reach,
    Scope,
    require,
)
from tests.factories import actor_of, make_cohort, make_person

REGISTRY = PermissionRegistry(
    [
        Permission("garden.water", "Water", ("tutor", "staff")),
        Permission("garden.dig", "Dig", ("staff",)),
        Permission("garden.sell", "Sell"),
    ]
)
HERE = Scope(programme=1, course=2, cohort=3)


def somebody(*grants: tuple[str, str, int]) -> Actor:
    return Actor(id=7, name="Rosa", grants=tuple(Grant(*grant) for grant in grants), registry=REGISTRY)


def test_a_person_without_roles_may_nothing_anywhere() -> None:
    nobody = somebody()
    for permission, scope in itertools.product([*REGISTRY.permissions, "unknown.thing"], (SITE, HERE)):
        assert not nobody.can(permission, scope)
        assert not nobody.can_anywhere(permission)
        assert nobody.reach(permission) == Reach(everywhere=False)
        with pytest.raises(Forbidden):
            require(nobody, permission, scope)


def test_what_nobody_declared_is_denied_to_every_role() -> None:
    everybody = somebody(*[(role, "site", 0) for role in ROLES])
    assert not everybody.can("unknown.thing")
    assert not everybody.can("garden.sell"), "a permission without roles is held by nobody"


@pytest.mark.parametrize(("kind", "identifier"), [("site", 0), ("programme", 1), ("course", 2), ("cohort", 3)])
def test_a_role_holds_in_its_scope_and_in_everything_inside_it(kind: str, identifier: int) -> None:
    tutor = somebody(("tutor", kind, identifier))
    assert tutor.can("garden.water", HERE)
    assert not tutor.can("garden.dig", HERE)
    assert tutor.can_anywhere("garden.water")
    require(tutor, "garden.water", HERE)


@pytest.mark.parametrize(
    "scope",
    [SITE, Scope(programme=9), Scope(programme=9, course=2), Scope(programme=1, course=9, cohort=9), Scope(programme=1, course=2)],
)
def test_a_role_for_a_cohort_ends_at_its_edge(scope: Scope) -> None:
    assert not somebody(("tutor", "cohort", 3)).can("garden.water", scope)


def test_a_number_of_another_kind_of_scope_opens_nothing() -> None:
    tutor = somebody(("tutor", "cohort", 1), ("tutor", "course", 3), ("tutor", "programme", 2))
    assert not tutor.can("garden.water", HERE)


def test_roles_for_different_places_do_not_mix() -> None:
    person = somebody(("tutor", "cohort", 3), ("staff", "cohort", 4))
    assert person.can("garden.dig", Scope(programme=1, course=2, cohort=4))
    assert not person.can("garden.dig", HERE)
    assert (person.has_role("staff"), person.has_role("reporter")) == (True, False)


def test_the_reach_of_a_permission_lists_its_places_for_queries() -> None:
    person = somebody(("tutor", "cohort", 3), ("staff", "course", 8), ("tutor", "programme", 5), ("trainee", "cohort", 6))
    assert person.reach("garden.water") == Reach(False, frozenset({5}), frozenset({8}), frozenset({3}))
    assert person.reach("garden.dig") == Reach(False, frozenset(), frozenset({8}), frozenset())
    assert somebody(("staff", "site", 0)).reach("garden.dig") == Reach(everywhere=True)
    assert SYSTEM.reach("whatever") == Reach(everywhere=True)


def test_reach_and_can_never_disagree() -> None:
    grants = [(role, kind, 0 if kind == "site" else number) for role in ("tutor", "staff") for kind in SCOPE_KINDS for number in (1, 2)]
    places = [SITE, *(Scope(p, c, k) for p, c, k in itertools.product((1, 2), (1, 2, None), (1, 2, None)) if not (c is None and k))]
    for grant, scope in itertools.product(grants, places):
        person = somebody(grant)
        reach = person.reach("garden.dig")
        within = reach.everywhere or scope.programme in reach.programmes or scope.course in reach.courses or scope.cohort in reach.cohorts
        assert person.can("garden.dig", scope) == within, (grant, scope)


def test_a_permission_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        PermissionRegistry([Permission("garden.dig", "Dig"), Permission("garden.dig", "Dig deeper")])


def test_what_is_given_in_the_database_is_what_the_person_may(campus: Campus) -> None:
    cohort, other = make_cohort(campus), make_cohort(campus)
    tutor = actor_of(campus, make_person(campus, "tutor", scope=("cohort", cohort.id or 0)))
    assert tutor.can("courses.adapt", cohort.scope)
    assert not tutor.can("courses.adapt", other.scope)
    assert not tutor.can("courses.run", cohort.scope)
    head = actor_of(campus, make_person(campus, "staff", scope=("programme", cohort.programme_id)))
    assert head.can("courses.run", cohort.scope)
    assert head.can("courses.run", other.scope)
    assert not head.can("courses.run")
    reporter = actor_of(campus, make_person(campus, "reporter"))
    assert not [name for name in campus.permissions.permissions if reporter.can(name) and not name.startswith("reports.")]


def test_every_permission_of_the_suite_is_held_by_somebody_and_says_what_it_is_in_words(campus: Campus) -> None:
    for permission in campus.permissions.permissions.values():
        assert permission.default_roles, permission.name
        assert str(permission.title), permission.name
