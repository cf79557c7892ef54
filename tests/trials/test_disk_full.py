"""A full disk: a clear answer, nothing damaged, nothing half, and all goes on when there is room again."""

import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from benchmarks.trials.cluster import Cluster, cluster, programs
from lms.app import create_app
from lms.enrollment import enrolling
from lms.grading.models import Submission
from lms.kernel import migrations
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from lms.plugin import Plugins
from tests.accounts.stories import submit
from tests.conftest import ADDRESS, settings_for
from tests.factories import make_cohort, make_course, make_person, sign_in
from tests.watching import words

FORM = {"points": "100", "pass_points": "60", "weight": "1", "allow_text": "on", "max_files": "3", "max_file_mb": "5", "file_types": "txt"}
EXERCISE = {"title": "Exercise", "type": "assignment", "completion": "submitted", "form": FORM}


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own in this folder. Skips where none can be mounted."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    (tmp_path / "disk").mkdir()
    with disk(tmp_path / "disk", 12) as folder:
        yield folder


@pytest.fixture
def cramped(small_disk: Path, migrated_sqlite: Path, plugins: Plugins) -> Iterator[Campus]:
    """A campus on it, database and files."""
    shutil.copy(migrated_sqlite, small_disk / "lms.db")
    with closing(Campus.open(settings_for(small_disk), plugins)) as campus:
        yield campus


def fill(folder: Path) -> Path:
    """Use up every byte of the disk; answers the file to delete."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 1024 * 1024
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    return filler


def trainee(campus: Campus) -> tuple[TestClient, str]:
    """A trainee at her browser, and the address of her exercise."""
    cohort = make_cohort(campus, make_course(campus, modules=1, activities=(EXERCISE,)))
    person = make_person(campus)
    with campus.database.transaction() as session:
        enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
        activity = session.scalar(sa.text("SELECT id FROM activity WHERE cohort_id = :id").bindparams(id=cohort.id))
    return sign_in(TestClient(create_app(campus), base_url=ADDRESS), campus, person), f"/learn/{cohort.code}/{activity}"


def hand_in(browser: TestClient, path: str, text: str, file: bytes = b"") -> Any:
    """Send the form as a browser does."""
    version = re.search(r'name="version" value="(\d+)"', browser.get(path).text)
    assert version
    files = {"files": ("work.txt", file, "text/plain")} if file else None
    return submit(browser, path, f"{path}/submission", files=files, text=text, then="hand_in", version=version[1])


def kept(campus: Campus) -> list[str]:
    """The texts that were handed in."""
    with campus.database.reading() as session:
        return sorted(row.text for row in session.scalars(sa.select(Submission)))


def test_work_that_finds_no_room_is_refused_in_words_and_taken_when_there_is_room(cramped, small_disk):
    browser, path = trainee(cramped)
    filler, confirmed = fill(small_disk), []
    for number in range(200):  # the log of the database may have room for some
        answer = hand_in(browser, path, f"Draft {number} " + "word " * 2000)
        if answer.status_code != 200:
            break
        confirmed.append(number)
    assert answer.status_code == 507
    assert "no room left" in words(answer)
    assert browser.get(path).status_code == 200  # reading goes on
    assert browser.get("/").status_code == 200
    assert len(kept(cramped)) == len(confirmed)
    filler.unlink()
    assert hand_in(browser, path, "There is room.").status_code == 200
    assert len(kept(cramped)) == len(confirmed) + 1
    with cramped.database.reading() as session:
        assert session.scalar(sa.text("PRAGMA integrity_check")) == "ok"
        assert session.execute(sa.text("PRAGMA foreign_key_check")).all() == []


def test_a_file_that_finds_no_room_leaves_nothing_behind(cramped, small_disk):
    browser, path = trainee(cramped)
    assert hand_in(browser, path, "With a file.", b"a" * 1000).status_code == 200
    before = sorted(p for p in (small_disk / "files").rglob("*") if p.is_file())
    room = shutil.disk_usage(small_disk).free
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * (room - 1_500_000))
    answer = hand_in(browser, path, "Too much.", b"b" * 3_000_000)
    assert answer.status_code == 503
    assert "Too much." in answer.text  # the text is still there
    assert sorted(p for p in (small_disk / "files").rglob("*") if p.is_file()) == before
    assert kept(cramped) == ["With a file."]
    filler.unlink()
    assert hand_in(browser, path, "Too much.", b"b" * 3_000_000).status_code == 200


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_a_full_disk_of_postgresql_is_told_in_the_same_words(tmp_path, plugins):
    with tempfile.TemporaryDirectory(prefix="lms-small-") as folder, disk(Path(folder), 48) as small, cluster() as server:
        if os.getuid() == 0:
            os.chown(small, pwd.getpwnam("postgres").pw_uid, -1)
            Path(folder).chmod(0o755)
        move_to(server, small)
        with closing(Campus.open(settings_for(tmp_path, server.url), plugins)) as campus:
            migrations.upgrade(campus)
            browser, path = trainee(campus)
            assert hand_in(browser, path, "Before.").status_code == 200
            filler, count = fill(small), 1
            while (answer := hand_in(browser, path, f"{count} " + secrets.token_hex(20_000))).status_code == 200:
                count += 1
            assert answer.status_code == 507
            assert browser.get(path).status_code == 200
            filler.unlink()
            assert hand_in(browser, path, "There is room.").status_code == 200
            assert len(kept(campus)) == count + 1


def move_to(server: Cluster, small: Path) -> None:
    """Let the database's tables live on that disk; the server's log has another, as an administrator would have it."""
    engine = sa.create_engine(sa.make_url(server.url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLESPACE small LOCATION '{small}'")
        connection.exec_driver_sql("ALTER DATABASE trial SET TABLESPACE small")
    engine.dispose()


def test_programs_get_a_problem_and_readiness_says_what_fails(cramped, small_disk):
    browser, _path = trainee(cramped)
    assert browser.get("/readyz").status_code == 200
    filler = fill(small_disk)
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["storage"])
    filler.unlink()
    assert browser.get("/readyz").status_code == 200
