"""The demo, filled once on each database; every test gets a copy of its own."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lms.demo.campus import fill
from lms.kernel.campus import Campus
from lms.plugin import Plugins
from tests.conftest import DATABASES, PostgresServer, copy_on, fresh, settings_for


@pytest.fixture(scope="session")
def filled_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Path:
    """The folder of a filled demo."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(migrated_sqlite, folder / "lms.db")
    campus = Campus.open(settings_for(folder), plugins)
    fill(campus)
    campus.close()
    return folder


@pytest.fixture(scope="session")
def filled_postgres(
    postgres: PostgresServer, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory, plugins: Plugins
) -> Iterator[tuple[str, Path]]:
    """The same on the test server: the name of its database, and the folder of its files."""
    folder = tmp_path_factory.mktemp("demo")
    name = postgres.make(migrated_postgres)
    campus = Campus.open(settings_for(folder, postgres.address(name)), plugins)
    fill(campus)
    campus.close()
    yield name, folder
    postgres.drop(name)


@pytest.fixture(params=DATABASES)
def campus(request: pytest.FixtureRequest, tmp_path: Path, plugins: Plugins) -> Iterator[Campus]:
    """A filled demo, on each database; in this folder it takes the place of the empty campus."""
    folder = tmp_path / "var"
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("filled_sqlite"), folder)
        with closing(Campus.open(settings_for(folder), plugins)) as made:
            yield made
        return
    template, files = request.getfixturevalue("filled_postgres")
    shutil.copytree(files, folder)
    with copy_on(request.getfixturevalue("postgres"), template, folder, plugins) as made:
        yield made


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path, plugins: Plugins) -> Iterator[Campus]:
    """A campus with nothing in it."""
    with fresh(request, tmp_path / "empty", plugins) as made:
        yield made
