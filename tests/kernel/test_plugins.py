"""How plugins are found and put in order, and what keeps a campus from starting."""

from collections.abc import Iterator
from datetime import time
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import APIRouter
from sqlalchemy import table
from starlette.responses import PlainTextResponse

from lms import plugin as contract
from lms.app import create_app
from lms.kernel.campus import Campus
from lms.kernel.datasets import Dataset
from lms.kernel.permissions import PUBLIC, Permission
from lms.kernel.schedules import Schedule
from lms.kernel.web import Router
from lms.plugin import NavItem, Plugin, PluginError, Plugins, Slot, discover
from tests.kernel.probe import browse, embedded_campus, with_pages

pear = Plugin("pear", requires=("apple",))
apple = Plugin("apple", title="Apples")
not_a_plugin = "a string"


class Point(EntryPoint):
    """An entry point of a distribution that is not installed."""

    def __init__(self, name: str, value: str, dist: str = "orchard 1.0") -> None:
        super().__init__(name, value, contract.GROUP)
        words = dist.split()
        vars(self).update(dist=SimpleNamespace(name=words[0], version=words[1]))


def install(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    monkeypatch.setattr(contract, "entry_points", EntryPoints(points).select)


def test_a_plugin_comes_after_those_it_requires_and_the_order_is_always_the_same() -> None:
    plugins = [Plugin("b"), Plugin("a", requires=("c",)), Plugin("c", requires=("b",)), Plugin("d")]
    assert [p.name for p in Plugins(plugins)] == [p.name for p in Plugins(plugins[::-1])] == ["b", "c", "a", "d"]


@pytest.mark.parametrize(
    ("plugins", "sentence"),
    [
        ([pear], "plugin pear requires apple, which is not loaded"),
        ([apple, Plugin("apple")], "plugin apple is there twice"),
        ([Plugin("a", requires=("b",)), Plugin("b", requires=("a",))], "plugin a requires itself in a circle"),
        ([Plugin("a", requires=("a",))], "plugin a requires itself in a circle"),
    ],
)
def test_plugins_that_do_not_go_together_are_refused_by_name(plugins: list[Plugin], sentence: str) -> None:
    with pytest.raises(PluginError, match=f"^{sentence}$"):
        Plugins(plugins)


def named(**values: Any) -> Any:
    return SimpleNamespace(**values)


def view(name: str, **values: Any) -> Dataset:
    return Dataset(name, name, table(name), (), (), **values)


JOB = {"a.work": lambda run: None}
WRONG: list[tuple[str, list[dict[str, Any]], str]] = [
    (
        "permission twice",
        [{"permissions": (Permission("a.dig", "Dig"), Permission("a.dig", "Dig"))}],
        "plugin a: permissions 'a.dig' exists already",
    ),
    (
        "permission of another",
        [{"permissions": (Permission("b.dig", "Dig"),)}],
        "plugin a: permission 'b.dig' must begin with 'a' and a dot",
    ),
    (
        "unknown role",
        [{"permissions": (Permission("a.dig", "Dig", ("gardener",)),)}],
        "plugin a: permission 'a.dig' names a role that is none: 'gardener'",
    ),
    (
        "activity type twice",
        [{"activity_types": (named(name="page"),)}, {"activity_types": (named(name="page"),)}],
        "plugin b: activity_types 'page' exists already",
    ),
    (
        "dataset twice",
        [{"datasets": (view("x", permission=PUBLIC), view("x", permission=PUBLIC))}],
        "plugin a: datasets 'x' exists already",
    ),
    (
        "dataset for nobody",
        [{"datasets": (view("x", permission="a.count"),)}],
        "plugin a: Dataset needs 'a.count', which is declared nowhere",
    ),
    (
        "link for nobody",
        [{"navigation": (NavItem("main", "Dig", "/dig", "a.dig"),)}],
        "plugin a: NavItem needs 'a.dig', which is declared nowhere",
    ),
    (
        "panel for nobody",
        [{"slots": (Slot("today", lambda *_: None, "a.dig"),)}],
        "plugin a: Slot needs 'a.dig', which is declared nowhere",
    ),
    ("job twice", [{"jobs": JOB}, {"jobs": JOB}], "plugin b: job 'a.work' exists already"),
    (
        "schedule without a job",
        [{"schedules": (Schedule("a.daily", "a.rest", time(6)),)}],
        "plugin a: schedule 'a.daily' needs the job 'a.rest', which is declared nowhere",
    ),
    (
        "schedule twice",
        [{"jobs": JOB, "schedules": (Schedule("daily", "a.work", time(6)),)}, {"schedules": (Schedule("daily", "a.work", time(6)),)}],
        "plugin b: schedules 'daily' exists already",
    ),
]


@pytest.mark.parametrize(("declared", "sentence"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_a_plugin_declares_wrongly_is_refused_in_its_name(declared: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(PluginError) as refusal:
        Plugins([Plugin(name, **values) for name, values in zip("ab", declared, strict=False)])
    assert str(refusal.value) == sentence


def test_all_installed_plugins_are_loaded_unless_exactly_some_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Point("pear", f"{__name__}:pear"), Point("apple", f"{__name__}:apple", "cellar 2.1"))
    assert [(p.name, p.origin) for p in discover()] == [("apple", "cellar 2.1"), ("pear", "orchard 1.0")]
    assert [p.name for p in discover(["apple"])] == ["apple"]
    assert list(discover([])) == []


def test_the_package_is_the_one_that_the_entry_point_names_unless_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Point("apple", f"{__name__}:apple"), Point("reports", "lms.reports.plugin:plugin"))
    assert [p.package for p in discover(["apple"])] == [__name__.rpartition(".")[0]]
    assert Plugin("x").folder("templates") is None
    assert Plugin("x", package="lms.kernel").folder("templates") is None


@pytest.mark.parametrize(
    ("points", "wanted", "sentence"),
    [
        ([], ["plum"], "plugin plum is configured but not installed"),
        ([("plum", "no.such.module:plugin")], None, "plugin plum cannot be loaded: No module named 'no'"),
        (
            [("plum", f"{__name__}:nothing_here")],
            None,
            f"plugin plum cannot be loaded: module '{__name__}' has no attribute 'nothing_here'",
        ),
        ([("plum", f"{__name__}:not_a_plugin")], None, "plugin plum is not a Plugin but a str"),
        ([("plum", f"{__name__}:apple")], None, "plugin plum calls itself apple"),
        ([("pear", f"{__name__}:pear")], None, "plugin pear requires apple, which is not loaded"),
        ([("apple", f"{__name__}:apple")], ["apple", "apple"], "plugin apple is there twice"),
        (
            [("apple", f"{__name__}:apple"), ("apple", f"{__name__}:apple", "cellar 2.1")],
            None,
            "plugin apple is there twice: in cellar 2.1 and in orchard 1.0",
        ),
    ],
)
def test_a_set_of_plugins_that_cannot_be_loaded_names_the_one_at_fault(
    monkeypatch: pytest.MonkeyPatch, points: list[tuple[str, ...]], wanted: list[str] | None, sentence: str
) -> None:
    install(monkeypatch, *(Point(*point) for point in points))
    with pytest.raises(PluginError) as refusal:
        discover(wanted)
    assert str(refusal.value) == sentence


def test_of_two_of_a_name_neither_matters_where_it_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        monkeypatch, Point("apple", f"{__name__}:apple"), Point("apple", f"{__name__}:apple", "cellar 2.1"), Point("x", f"{__name__}:x")
    )
    assert list(discover([])) == []


@pytest.fixture
def quiet(tmp_path: Path, migrated_sqlite: Path, plugins: Plugins) -> Iterator[Campus]:
    campus = embedded_campus(tmp_path, migrated_sqlite, plugins)
    yield campus
    campus.close()


def nothing(*_arguments: Any) -> Any:
    return PlainTextResponse("")


def pages_of(kind: str) -> APIRouter:
    plain, ours = APIRouter(), Router()
    if kind == "bare":
        plain.get("/probe/open")(nothing)
        return plain
    if kind == "starlette":
        ours.add_route("/probe/open", nothing)
    if kind == "websocket":
        ours.add_websocket_route("/probe/open", nothing)
    if kind == "typing error":
        ours.get("/probe/open", permission="courses.edti")(nothing)
    return ours


@pytest.mark.parametrize("kind", ["bare", "starlette", "websocket", "typing error"])
def test_a_route_that_nobody_guards_keeps_the_site_from_starting(quiet: Campus, kind: str) -> None:
    with pytest.raises(PluginError, match="/probe/open"):
        create_app(with_pages(quiet, pages_of(kind)))  # type: ignore[arg-type]  # a router without our gates


def test_an_api_outside_its_place_keeps_the_site_from_starting(quiet: Campus) -> None:
    api = Router()
    api.get("/pears", permission=PUBLIC)(nothing)
    with pytest.raises(PluginError, match="/pears"):
        create_app(with_pages(quiet, Router(), api=api))


def test_nobody_is_anybody_where_no_plugin_keeps_people(quiet: Campus) -> None:
    alone = Campus.open(quiet.settings, Plugins([Plugin("probe")]))
    with browse(alone) as browser:
        assert browser.get("/healthz", headers={"cookie": "session=x"}).status_code == 200
    alone.close()
