"""A throw-away plugin for the tests of the kernel: pages that do what no real page should, and a table for what they do."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, func, insert, select
from starlette.testclient import TestClient

from lms.app import create_app
from lms.kernel import sessions
from lms.kernel.campus import Campus
from lms.kernel.permissions import PermissionRegistry
from lms.kernel.web import Router
from lms.plugin import Plugin, Plugins
from tests.conftest import ADDRESS, settings_for

# Of a metadata of its own: the models of the suite must not learn of it.
tally = Table(
    "tally",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("parent", Integer, ForeignKey("tally.id", deferrable=True, initially="DEFERRED")),
)
DANGLING = insert(tally).values(n=1, parent=999)
"""Refused by the database, but only when the transaction commits."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An event of the probe."""

    n: int


def make_tally(campus: Campus) -> None:
    """The table of the probe, empty."""
    tally.metadata.create_all(campus.database.engine)


def count(campus: Campus, table: Any = tally) -> int:
    """How many rows a table has."""
    with campus.database.reading() as session:
        return int(session.scalar(select(func.count()).select_from(table)))


def embedded_campus(folder: Path, migrated: Path, plugins: Plugins) -> Campus:
    """A campus on SQLite alone, for what has nothing to do with the kind of database."""
    shutil.copy(migrated, folder / "lms.db")
    return Campus.open(settings_for(folder), plugins)


def with_pages(campus: Campus, pages: Router, **declared: Any) -> Campus:
    """The same campus with a plugin "probe" that has these pages."""
    plugins = Plugins([*campus.plugins, Plugin("probe", pages=pages, **declared)])
    return Campus(campus.settings, plugins, campus.hub, PermissionRegistry(plugins.collect("permissions")), campus.database)


def with_settings(campus: Campus, **settings: Any) -> Campus:
    """The same campus with other settings."""
    return replace(campus, settings=campus.settings.model_copy(update=settings))


def browse(campus: Campus, **options: Any) -> TestClient:
    """A browser that shows what a person would see: error pages, and redirects as such."""
    return TestClient(create_app(campus), base_url=ADDRESS, raise_server_exceptions=False, follow_redirects=False, **options)


def token(campus: Campus, browser: TestClient) -> str:
    """The form token of this browser's session, or of the visitor."""
    is_https = campus.settings.base_url.startswith("https:")
    seed = browser.cookies.get(sessions.cookie_name(sessions.COOKIE, is_https))
    if not seed:
        seed = "a-visitor"
        browser.cookies.set(sessions.cookie_name(sessions.VISITOR_COOKIE, is_https), seed)
    return sessions.form_token(campus.settings.secret, seed)


def send(campus: Campus, browser: TestClient, path: str, **fields: str) -> Any:
    """Send a form to `path` as a page of the site would."""
    return browser.post(path, data={"csrf_token": token(campus, browser), **fields})
