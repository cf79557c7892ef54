"""A backup of every kind of database with every kind of storage, taken while people work, comes back equal into every other."""

import hashlib
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlmodel import col, select

from lms.kernel import backup, migrations
from lms.kernel.campus import Campus
from lms.kernel.storage import StoredFile, save_file
from lms.plugin import Plugins
from tests.buckets import bucket_settings
from tests.conftest import PostgresServer, settings_for
from tests.factories import make_cohort, make_person

Make = Callable[[str, str], Campus]
PAIRS = [
    (("sqlite", "folder"), ("postgresql", "bucket")), (("postgresql", "bucket"), ("sqlite", "folder")),
    (("postgresql", "folder"), ("postgresql", "bucket")), (("sqlite", "bucket"), ("sqlite", "folder")),
]  # fmt: skip


@pytest.fixture
def make(tmp_path: Path, request: pytest.FixtureRequest, plugins: Plugins) -> Iterator[Make]:
    """Makes a campus on this database, with files in a folder or a bucket. No tables yet."""
    with ExitStack() as cleaning:

        def one(database: str, storage: str) -> Campus:
            settings = settings_for(tmp_path / f"{database}-{storage}")
            if storage == "bucket":
                settings = settings.model_copy(update=bucket_settings())
            if database == "postgresql":
                server: PostgresServer = request.getfixturevalue("postgres")
                name = server.make()
                cleaning.callback(server.drop, name)
                settings = settings.model_copy(update={"database_url": server.address(name)})
            return cleaning.enter_context(closing(Campus.open(settings, plugins)))

        yield one


def hand_in(campus: Campus, number: int) -> None:
    with campus.database.transaction() as session:
        save_file(session, campus.storage, f"essay {number}".encode() * 100, f"essay {number}.txt", "text/plain", None)


@pytest.mark.postgres
@pytest.mark.parametrize(("here", "there"), PAIRS, ids=lambda pair: "-".join(pair))
def test_what_is_saved_while_people_work_comes_back_equal(make: Make, here, there, tmp_path: Path) -> None:
    campus, elsewhere = make(*here), make(*there)
    migrations.upgrade(campus)
    make_cohort(campus)
    over, busy = threading.Event(), threading.Event()

    def work() -> None:
        for number in range(10_000):
            make_person(campus, given_name=f"সুমাইয়া {number}")
            hand_in(campus, number)
            busy.set()
            if over.is_set():
                return

    worker = threading.Thread(target=work)
    worker.start()
    busy.wait(20)
    try:
        saved = backup.save(campus, tmp_path / "busy.tar")
    finally:
        over.set()
        worker.join()
    assert saved.gone == 0
    assert backup.restore(elsewhere, tmp_path / "busy.tar") == saved
    assert backup.save(elsewhere, tmp_path / "again.tar") == saved
    assert content(tmp_path / "again.tar") == content(tmp_path / "busy.tar")
    with elsewhere.database.reading() as session:
        files = session.scalars(select(StoredFile).order_by(col(StoredFile.id))).all()
    assert files
    for file in files:
        with elsewhere.storage.open(file.key) as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == file.sha256


def content(archive: Path) -> dict[str, str]:
    """The checksum of every table and file of an archive."""
    with tarfile.open(archive) as opened:
        members = {member.name: opened.extractfile(member) for member in opened if member.name != backup.MANIFEST}
        return {name: hashlib.sha256(stream.read()).hexdigest() for name, stream in members.items() if stream}


def test_a_file_that_goes_while_the_archive_is_written_is_counted(make: Make, tmp_path: Path) -> None:
    campus, elsewhere = make("sqlite", "folder"), make("sqlite", "bucket")
    migrations.upgrade(campus)
    hand_in(campus, 1)
    hand_in(campus, 2)
    with campus.database.reading() as session:
        keys = session.scalars(select(StoredFile.key)).all()
    campus.storage.delete(keys[0])
    saved = backup.save(campus, tmp_path / "monday.tar")
    assert (saved.files, saved.gone) == (2, 1)
    assert (tmp_path / "monday.tar").stat().st_mode & 0o077 == 0, "for nobody else's eyes"
    assert backup.restore(elsewhere, tmp_path / "monday.tar") == saved
    assert [elsewhere.storage.exists(key) for key in keys] == [False, True]
