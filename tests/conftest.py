"""What every test may ask for: a campus of its own on each database, its application, and browsers that visit it."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from starlette.testclient import TestClient

from lms.app import create_app
from lms.kernel import migrations
from lms.kernel.campus import Campus
from lms.plugin import Plugins, discover
from lms.settings import Settings

POSTGRESQL = os.environ.get("LMS_TEST_POSTGRESQL_URL", "")
ADDRESS = "http://testserver"


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The suite's own plugins, whatever else is installed."""
    return discover(
        ["accounts", "courses", "enrollment", "grading", "certificates", "reports", "imports", "webhooks", "calendar", "notifications"]
    )


def settings_for(folder: Path, database_url: str = "") -> Settings:
    """The settings of a campus that lives in a folder."""
    return Settings(data_dir=folder, database_url=database_url, base_url=ADDRESS, _env_file=None)


class PostgresServer:
    """Throw-away databases of the test server."""

    def __init__(self, url: str) -> None:
        self.url: URL = make_url(url).set(drivername="postgresql+psycopg")
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT")

    def make(self, template: str = "template0") -> str:
        """A new database; answers its name."""
        name = f"lms_{uuid.uuid4().hex[:12]}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever still uses it."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def address(self, name: str) -> str:
        """The address of a database."""
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    """The test server. Skips where there is none."""
    if not POSTGRESQL:
        pytest.skip("LMS_TEST_POSTGRESQL_URL is not set")
    return PostgresServer(POSTGRESQL)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Path:
    """A database at the newest migration, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    campus = Campus.open(settings_for(folder), plugins)
    migrations.upgrade(campus)
    campus.close()
    return folder / "lms.db"


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Iterator[str]:
    """The same on the test server; answers the name of the database."""
    name = postgres.make()
    campus = Campus.open(settings_for(tmp_path_factory.mktemp("migrated"), postgres.address(name)), plugins)
    migrations.upgrade(campus)
    campus.close()
    yield name
    postgres.drop(name)


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=DATABASES)
def campus(request: pytest.FixtureRequest, tmp_path: Path, plugins: Plugins) -> Iterator[Campus]:
    """An empty campus at the newest migration, on each database."""
    with fresh(request, tmp_path / "var", plugins) as made:
        yield made


@contextmanager
def fresh(request: pytest.FixtureRequest, folder: Path, plugins: Plugins) -> Iterator[Campus]:
    """An empty campus at the newest migration, in a new folder, on the database that the fixture's parameter names."""
    folder.mkdir()
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "lms.db")
        with closing(Campus.open(settings_for(folder), plugins)) as made:
            yield made
        return
    with copy_on(request.getfixturevalue("postgres"), request.getfixturevalue("migrated_postgres"), folder, plugins) as made:
        yield made


@contextmanager
def copy_on(server: PostgresServer, template: str, folder: Path, plugins: Plugins) -> Iterator[Campus]:
    """A campus on a copy of a database of the test server, which is dropped afterwards."""
    name = server.make(template)
    with closing(Campus.open(settings_for(folder, server.address(name)), plugins)) as made:
        yield made
    server.drop(name)


@pytest.fixture
def app(campus: Campus) -> FastAPI:
    """The application that serves the campus."""
    return create_app(campus)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """One browser, not signed in."""
    with TestClient(app, base_url=ADDRESS) as browser:
        yield browser


@pytest.fixture
def visit(app: FastAPI) -> Iterator[Callable[[], TestClient]]:
    """Opens further browsers, each with cookies of its own."""
    opened: list[TestClient] = []

    def another() -> TestClient:
        opened.append(TestClient(app, base_url=ADDRESS))
        return opened[-1]

    yield another
    for browser in opened:
        browser.close()
