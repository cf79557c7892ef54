"""The plugin contract: what a plugin may declare, and how plugins are found.

A plugin is a frozen `Plugin` object behind an entry point of the group `lms.plugins`. The built-in ones use the same door.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lms.kernel.datasets import Dataset, MeasureAddition
from lms.kernel.dates import DatesOf
from lms.kernel.events import PublicEvent
from lms.kernel.i18n import LazyText
from lms.kernel.importing import Importer
from lms.kernel.notices import Notice
from lms.kernel.permissions import PUBLIC, ROLES, SIGNED_IN, Permission, PermissionRegistry

if TYPE_CHECKING:
    import typer
    from fastapi import APIRouter, Request

    from lms.kernel.database import ReadSession, Session
    from lms.kernel.finding import Search
    from lms.kernel.permissions import Actor
    from lms.kernel.schedules import Schedule

GROUP = "lms.plugins"


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link in a place of the navigation: main (every page), staff (the desk) or person (the menu of who has signed in)."""

    place: str
    label: LazyText | str
    url: str
    permission: str = SIGNED_IN
    weight: int = 50


@dataclass(frozen=True, slots=True)
class Panel:
    """A piece of page that a slot function hands back: a template of its plugin and its plain values."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """A panel added to a named place of another plugin's page. The function gets (read session, actor, subject of the page)."""

    place: str
    function: Callable[["ReadSession", "Actor", Any], Panel | None]
    permission: str = SIGNED_IN
    weight: int = 50


@dataclass(frozen=True, slots=True)
class CohortFigure:
    """Something counted of a cohort, said in a few words ("3 applications wait"); `asks`: somebody has to decide."""

    text: str
    url: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class CohortFigures:
    """What a plugin counts of cohorts, for lists of them. The function gets (read session, actor, cohorts) and answers by their ids."""

    function: "Callable[[ReadSession, Actor, Sequence[Any]], Mapping[int, Sequence[CohortFigure]]]"
    permission: str
    weight: int = 50


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What a plugin keeps about a person: a function that exports it, and one that erases or anonymises it."""

    export: Callable[["ReadSession", int], Mapping[str, Any]]
    erase: Callable[["Session", int], None] | None = None


@dataclass(frozen=True)
class Plugin:
    """The declaration of a plugin. Every field but the name may stay empty."""

    name: str
    title: LazyText | str = ""
    package: str = ""
    """Import name of the package, where its templates/, locale/, static/ and migrations/ folders are looked for; empty: the one that the
    entry point names."""
    requires: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    pages: "APIRouter | None" = None
    api: "APIRouter | None" = None
    navigation: tuple[NavItem, ...] = ()
    activity_types: tuple[Any, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    dataset_measures: tuple[MeasureAddition, ...] = ()
    searches: "tuple[Search, ...]" = ()
    """Kinds of things that the search of the whole site finds."""
    importers: tuple[Importer, ...] = ()
    """Kinds of files that can be brought in and taken out (`lms import NAME`)."""
    subscriptions: tuple[tuple[type, Callable[["Session", Any], None]], ...] = ()
    public_events: tuple[PublicEvent, ...] = ()
    """Events that other systems may be told of, by webhooks for one."""
    notices: tuple[Notice, ...] = ()
    """Which events are news to whom."""
    dates: DatesOf | None = None
    """What has a date for a person: shown in the calendar, and in mails about what is due."""
    guards: tuple[tuple[str, Callable[["Session", Any], None]], ...] = ()
    slots: tuple[Slot, ...] = ()
    cohort_figures: tuple[CohortFigures, ...] = ()
    jobs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    schedules: "tuple[Schedule, ...]" = ()
    commands: "typer.Typer | None" = None
    """Commands of `lms`: a Typer with a name is a group (`lms user create`); one without a name stands beside ours (`lms report`)."""
    health_checks: tuple[tuple[str, Callable[["ReadSession"], None]], ...] = ()
    personal_data: PersonalData | None = None
    setup: "Callable[[Session], None] | None" = None
    """Puts in what an installation begins with. Called after every migration: safe to repeat, and what people changed stays."""
    viewer: "Callable[[ReadSession, int], Actor | None] | None" = None
    """Who a signed-in person is: given by the one plugin that keeps people."""
    front_page: "Callable[[Request, Actor], str] | None" = None
    """Address of the home of a signed-in person."""
    origin: str = ""
    """Where the plugin was found; filled by discovery."""

    def folder(self, name: str) -> Path | None:
        """The package's folder of this name (templates, locale, static, migrations), where it has one."""
        if not self.package:
            return None
        path = Path(str(files(self.package))) / name
        return path if path.is_dir() else None


class PluginError(Exception):
    """The set of plugins cannot be loaded. The message names the plugin."""


UNIQUE = ("permissions", "activity_types", "datasets", "searches", "importers", "public_events", "notices", "schedules")
"""Kinds of declaration whose names may be used once in the whole installation."""


class Plugins:
    """The loaded plugins, in order: a plugin comes after those it requires. Raises PluginError where they do not go together."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.loaded = tuple(_ordered(plugins))
        for kind in UNIQUE:
            self.named(kind)
        self._check_permissions()
        self._check_jobs()

    def _check_permissions(self) -> None:
        """A permission that a loaded plugin should declare must exist: a typing error must not lock everybody out unnoticed."""
        known, loaded = {PUBLIC, SIGNED_IN, *self.named("permissions")}, {plugin.name for plugin in self.loaded}
        for plugin in self.loaded:
            for permission in plugin.permissions:
                if not permission.name.startswith(f"{plugin.name}."):
                    raise PluginError(f"plugin {plugin.name}: permission {permission.name!r} must begin with {plugin.name!r} and a dot")
                if unknown := set(permission.default_roles) - set(ROLES):
                    raise PluginError(f"plugin {plugin.name}: permission {permission.name!r} names a role that is none: {min(unknown)!r}")
            things: list[NavItem | Slot | Dataset | Search] = [*plugin.navigation, *plugin.slots, *plugin.datasets, *plugin.searches]
            for thing in things:
                # One of a plugin that is left out is held by nobody, and nobody is shown the thing.
                if thing.permission not in known and thing.permission.partition(".")[0] in loaded:
                    raise PluginError(f"plugin {plugin.name}: {type(thing).__name__} needs {thing.permission!r}, which is declared nowhere")

    def _check_jobs(self) -> None:
        known: set[str] = set()
        for plugin in self.loaded:
            if taken := known & plugin.jobs.keys():
                raise PluginError(f"plugin {plugin.name}: job {min(taken)!r} exists already")
            known |= plugin.jobs.keys()
            for schedule in plugin.schedules:
                if schedule.job not in known:
                    raise PluginError(
                        f"plugin {plugin.name}: schedule {schedule.name!r} needs the job {schedule.job!r}, which is declared nowhere"
                    )

    def __iter__(self) -> Any:
        return iter(self.loaded)

    @cached_property
    def permissions(self) -> PermissionRegistry:
        """Every permission, and which role holds which."""
        return PermissionRegistry(self.collect("permissions"))

    def viewer(self, session: "ReadSession", person_id: int) -> "Actor | None":
        """A person with everything that was given, as the plugin that keeps people knows her; None for somebody erased."""
        known = next((plugin.viewer for plugin in self.loaded if plugin.viewer), None)
        found = known(session, person_id) if known else None
        return replace(found, registry=self.permissions) if found else None

    def collect(self, attribute: str) -> list[Any]:
        """All declarations of one kind, in the order of loading."""
        return [item for plugin in self.loaded for item in getattr(plugin, attribute)]

    def named(self, attribute: str, key: str = "name") -> dict[str, Any]:
        """All declarations of one kind by name. Raises PluginError where two plugins use the same name."""
        found: dict[str, Any] = {}
        for plugin in self.loaded:
            for item in getattr(plugin, attribute):
                name = getattr(item, key)
                if name in found:
                    raise PluginError(f"plugin {plugin.name}: {attribute} {name!r} exists already")
                found[name] = item
        return found


def discover(names: Sequence[str] | None = None) -> Plugins:
    """Load the installed plugins: all of them, or exactly `names`. Raises PluginError, naming the plugin at fault."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    wanted = list(found) if names is None else list(names)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise PluginError(f"plugin {missing[0]} is configured but not installed")
    for name in wanted:
        if len(packages := {_source(point) for point in entry_points(group=GROUP, name=name)}) > 1:
            raise PluginError(f"plugin {name} is there twice: in {' and in '.join(sorted(packages))}")
    return Plugins([_load(found[name]) for name in wanted])


def _source(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _load(point: EntryPoint) -> Plugin:
    try:
        plugin = point.load()
    except Exception as error:
        raise PluginError(f"plugin {point.name} cannot be loaded: {error}") from error
    if not isinstance(plugin, Plugin):
        raise PluginError(f"plugin {point.name} is not a Plugin but a {type(plugin).__name__}")
    if plugin.name != point.name:
        raise PluginError(f"plugin {point.name} calls itself {plugin.name}")
    return replace(plugin, package=plugin.package or point.module.rpartition(".")[0], origin=_source(point))


def _ordered(plugins: Sequence[Plugin]) -> list[Plugin]:
    by_name: dict[str, Plugin] = {}
    for plugin in plugins:
        if plugin.name in by_name:
            raise PluginError(f"plugin {plugin.name} is there twice")
        by_name[plugin.name] = plugin
    ordered: list[Plugin] = []
    visiting: set[str] = set()

    def visit(plugin: Plugin) -> None:
        if plugin in ordered:
            return
        if plugin.name in visiting:
            raise PluginError(f"plugin {plugin.name} requires itself in a circle")
        visiting.add(plugin.name)
        for name in plugin.requires:
            if name not in by_name:
                raise PluginError(f"plugin {plugin.name} requires {name}, which is not loaded")
            visit(by_name[name])
        ordered.append(plugin)

    for name in sorted(by_name):
        visit(by_name[name])
    return ordered
