"""What `lms doctor` finds, and what it says to do about it."""

import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from lms.kernel import clock, doctor, doctor_database, fonts, jobs
from lms.kernel.campus import Campus
from lms.kernel.doctor import Finding
from lms.kernel.storage import LocalStorage
from lms.kernel.web import Router
from tests.kernel.probe import with_pages, with_settings


def found(campus: Campus) -> dict[str, Finding]:
    return {finding.name: finding for finding in doctor.examine(campus)}


def levels(campus: Campus, **settings: object) -> dict[str, str]:
    return {name: finding.level for name, finding in found(with_settings(campus, **settings)).items()}


class MailServer(socketserver.StreamRequestHandler):
    """Greets, and takes no mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 post\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            self.wfile.write(b"250 post\r\n" if word == b"EHLO" else b"221 bye\r\n" if word == b"QUIT" else b"550 no\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def post() -> Iterator[int]:
    """A mail server; answers its port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_campus_in_order_has_nothing_to_mend(campus: Campus) -> None:
    assert [finding for finding in doctor.examine(campus) if finding.level == "FAIL"] == []
    shown = found(campus)
    assert {"database", "migrations", "storage", "jobs", "clock", "plugins", "fonts"} <= shown.keys()
    assert [finding for finding in shown.values() if finding.level != "ok" and not finding.mend] == []


def test_what_a_real_site_must_set_is_named(campus: Campus) -> None:
    weak = levels(campus, secret_key="pear", base_url="http://campus.example.org", trusted_proxies="*", demo=True)
    assert {weak[name] for name in ("secret key", "base url", "trusted proxies", "demo", "mail")} == {"warn"}
    good = levels(campus, secret_key="x" * 64, base_url="https://campus.example.org", trusted_proxies="192.0.2.1")
    assert {good[name] for name in ("secret key", "base url", "trusted proxies")} == {"ok"}
    assert levels(campus, base_url="campus")["base url"] == "FAIL"


def test_a_database_behind_its_version_is_to_be_migrated(campus: Campus) -> None:
    with campus.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert (found(campus)["migrations"].level, found(campus)["migrations"].mend) == ("FAIL", "Run: lms migrate")
    with campus.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))
    assert found(campus)["migrations"].level == "warn"


def test_a_database_that_is_away_fails_alone(campus: Campus) -> None:
    away = with_settings(campus)
    away.database = type(campus.database)("postgresql+psycopg://lms:pear@127.0.0.1:9/lms")
    shown = found(away)
    assert (shown["database"].level, shown["storage"].level) == ("FAIL", "ok")
    assert "pear" not in doctor.as_lines(list(shown.values()))
    away.database.dispose()


def test_jobs_that_nobody_does_are_noticed(campus: Campus) -> None:
    for hours, level in ((0.2, "warn"), (2, "FAIL")):
        with campus.database.transaction() as session:
            jobs.enqueue(session, "probe", {}, run_at=clock.now() - timedelta(hours=hours))
        assert found(campus)["jobs"].level == level
    assert "lms worker" in found(campus)["jobs"].mend


def test_storage_that_cannot_be_written_or_lies_is_told(campus: Campus, tmp_path: Path) -> None:
    ill = with_settings(campus)
    (tmp_path / "file").write_text("where the folder should be")
    ill.storage = LocalStorage(tmp_path / "file" / "files")
    assert found(ill)["storage"].level == "FAIL"

    class Forgetful(LocalStorage):
        def delete(self, key: str) -> None:
            pass

    ill.storage = Forgetful(tmp_path / "files")
    assert "cannot be deleted" in found(ill)["storage"].found


def test_no_probe_stays(campus: Campus) -> None:
    doctor.examine(campus)
    assert [path for path in campus.settings.data_dir.rglob("*") if path.is_file() and doctor.PROBE in path.read_bytes()] == []


def test_a_mail_server_is_greeted_and_left(campus: Campus, post: int) -> None:
    assert levels(campus, mail_url=f"smtp://127.0.0.1:{post}")["mail"] == "ok"
    asks_for_password = found(with_settings(campus, mail_url=f"smtp://rosa:pear@127.0.0.1:{post}"))["mail"]
    assert asks_for_password.level == "FAIL", "it knows no passwords"
    assert "pear" not in asks_for_password.found
    assert levels(campus, mail_url="smtp://127.0.0.1:9")["mail"] == "FAIL"


def test_scripts_that_no_font_has_are_named(campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fonts.missing_scripts({"Latin": "Año", "Martian": "\ue123"}) == ["Martian"]
    assert "Latin" not in fonts.missing_scripts(fonts.SAMPLES)
    monkeypatch.setattr(fonts, "SAMPLES", {"Martian": "\ue123"})
    assert (found(campus)["fonts"].level, "Martian" in found(campus)["fonts"].found) == ("warn", True)


def test_a_full_disk_is_noticed(campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=1024))
    assert found(campus)["disk, data folder"].level == "FAIL"


def test_a_clock_that_is_wrong_is_noticed(campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_database, "time", SimpleNamespace(time=lambda: 0.0))
    assert found(campus)["clock"].level == "warn"


def test_what_a_plugin_checks_is_a_line(campus: Campus) -> None:
    def ailing(session: object) -> None:
        raise RuntimeError("the sundial stands in the shade")

    probe = with_pages(campus, Router(), health_checks=(("sundial", ailing), ("moon", lambda session: None)))
    assert (found(probe)["sundial"].level, found(probe)["moon"].level) == ("FAIL", "ok")
    assert "the sundial stands in the shade" in found(probe)["sundial"].found


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("LMS_")}, "LMS_DATA_DIR": str(folder), **settings}
    return subprocess.run(
        [sys.executable, "-m", "lms.cli", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_command_ends_with_1_where_something_fails(migrated_sqlite: Path, tmp_path: Path) -> None:
    well = run(migrated_sqlite.parent, "doctor", "--json", LMS_PLUGINS="accounts,courses,enrollment,grading,certificates,reports")
    assert (well.returncode, {"name", "level", "found", "mend"}) == (0, set(json.loads(well.stdout)[0]))
    ill = run(tmp_path, "doctor", LMS_STORAGE_URL="ftp://somewhere")
    assert ill.returncode == 1
    assert "FAIL  storage" in ill.stdout
    assert "Run: lms migrate" in ill.stdout


def test_a_setting_that_cannot_be_read_is_named_without_a_traceback(tmp_path: Path) -> None:
    refused = run(tmp_path, "doctor", LMS_MAX_UPLOAD_MB="plenty")
    assert (refused.returncode, "LMS_MAX_UPLOAD_MB:" in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)
