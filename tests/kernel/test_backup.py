"""A backup holds everything, and comes back equal: into the same kind of database, or into the other."""

import shutil
import tarfile
import threading

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from lms.courses.models import Course, Module
from lms.kernel import backup, migrations
from lms.kernel.audit import AuditEntry
from lms.kernel.backup import NotABackup, NotEmpty
from lms.kernel.campus import Campus
from lms.kernel.storage import save_file
from tests.conftest import settings_for
from tests.factories import make_cohort, make_person


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request, tmp_path, plugins):
    """Another installation with nothing in it, not even tables."""
    folder = tmp_path / "elsewhere"
    if request.param == "sqlite":
        made = Campus.open(settings_for(folder), plugins)
        yield made
        made.close()
        return
    server = request.getfixturevalue("postgres")
    name = server.make()
    made = Campus.open(settings_for(folder, server.address(name)), plugins)
    yield made
    made.close()
    server.drop(name)


def fill(campus):
    make_person(campus, "staff", given_name="ফাতেমা", family_name="")
    make_cohort(campus)
    with campus.database.transaction() as session:
        return save_file(session, campus.storage, b"\x00essay" * 1000, "essay.pdf", "application/pdf", None)


def counts(campus):
    with campus.database.reading() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) for table in backup.tables()}


def test_everything_comes_back_equal_and_goes_on_from_there(campus, elsewhere, tmp_path):
    stored = fill(campus)
    saved = backup.save(campus, tmp_path / "monday.tar")
    assert backup.restore(elsewhere, tmp_path / "monday.tar") == saved
    assert counts(elsewhere) == counts(campus)
    assert backup.save(elsewhere, tmp_path / "again.tar") == saved
    with tarfile.open(tmp_path / "monday.tar") as first, tarfile.open(tmp_path / "again.tar") as second:
        for name in first.getnames():
            if name.startswith("tables/"):
                one, other = first.extractfile(name), second.extractfile(name)
                assert one is not None
                assert other is not None
                assert one.read() == other.read(), name
    assert elsewhere.storage.open(stored.key).read() == b"\x00essay" * 1000
    make_cohort(elsewhere)  # new rows are numbered after the restored ones
    assert migrations.is_current(elsewhere)
    with elsewhere.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) > 0
        assert session.scalar(select(func.count()).where(col(Module.origin_id).is_not(None))) == 4


def test_a_used_installation_is_left_alone(campus, tmp_path):
    fill(campus)
    backup.save(campus, tmp_path / "monday.tar")
    before = counts(campus)
    with pytest.raises(NotEmpty):
        backup.restore(campus, tmp_path / "monday.tar")
    assert counts(campus) == before


def test_a_damaged_archive_restores_nothing(campus, elsewhere, tmp_path):
    fill(campus)
    backup.save(campus, tmp_path / "monday.tar")
    damaged = tmp_path / "damaged.tar"
    shutil.copy(tmp_path / "monday.tar", damaged)
    whole = damaged.read_bytes()
    damaged.write_bytes(whole.replace("ফাতেমা".encode(), "ফাতেসা".encode(), 1))
    with pytest.raises(NotABackup):
        backup.restore(elsewhere, damaged)
    assert counts(elsewhere)["person"] == 0
    (tmp_path / "text.tar").write_bytes(b"no archive")
    with pytest.raises(NotABackup):
        backup.restore(elsewhere, tmp_path / "text.tar")


def test_a_backup_while_others_write_is_of_one_moment(campus, elsewhere, tmp_path):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            make_cohort(campus)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup.save(campus, tmp_path / "busy.tar")
    finally:
        stop.set()
        writer.join()
    backup.restore(elsewhere, tmp_path / "busy.tar")
    with elsewhere.database.reading() as session:
        orphans = select(func.count()).where(col(Module.course_id).not_in(select(col(Course.id))))
        assert session.scalar(orphans) == 0
