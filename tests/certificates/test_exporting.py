"""The ZIP of a cohort's certificates: whole, once, and for whoever asked for it.

Run as a script with a data folder and a database address, this file is a worker process that a test can kill.
"""

import csv
import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from lms.certificates import exporting, filing, issuing, jobs
from lms.certificates.models import CertificateExport
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.job_table import claim, job
from lms.kernel.jobs import JobRun, LeaseLost, enqueue, status
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import StoredFile
from lms.kernel.worker import run_worker, stop_on_signals
from lms.plugin import discover
from tests.accounts.stories import submit, words
from tests.certificates.stories import certificates, certified, completed
from tests.conftest import settings_for
from tests.factories import make_cohort, make_person, sign_in


def start_export(client, cohort) -> Any:
    """The page of the job that packs the ZIP."""
    base = f"/staff/cohorts/{cohort.code}/certificates"
    return submit(client, base, f"{base}/export")


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return found


def test_staff_pack_a_cohort_and_download_it(client, campus):
    cohort = make_cohort(campus)
    first = certified(campus, cohort, given_name="María José", family_name="Fernández")
    certified(campus, cohort, given_name="=HYPERLINK(1)", family_name="c/o Rahman")
    withdrawn = certified(campus, cohort)
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, withdrawn.serial, "Copied.")
    sign_in(client, campus, make_person(campus, "staff"))
    started = start_export(client, cohort)
    campus.run_jobs()
    done = client.get(started.url.path)
    assert "Download the ZIP" in words(done)
    link = f"/staff/cohorts/{cohort.code}/certificates/exports/{started.url.path.rpartition('/')[2]}"
    assert f'href="{link}"' in done.text
    file = client.get(link)
    assert file.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(file.content)) as packed:
        names = packed.namelist()
        assert packed.testzip() is None
        assert names[0] == f"{first.serial} María José Fernández.pdf"
        assert len(names) == len(set(names)) == 3
        assert packed.read(names[0]).startswith(b"%PDF")
        rows = list(csv.DictReader(io.StringIO(packed.read("index.csv").decode("utf-8-sig"))))
    assert [row["file"] for row in rows] == names[:2]
    assert rows[0]["sha256"] == first.file_sha256
    assert rows[1]["name"].startswith("'=")  # no spreadsheet runs it
    assert rows[1]["file"].endswith("c-o Rahman.pdf")


def test_only_who_asked_for_it_gets_the_zip(client, visit, campus):
    certified(campus, cohort := make_cohort(campus))
    sign_in(client, campus, make_person(campus, "staff"))
    started = start_export(client, cohort)
    campus.run_jobs()
    link = f"/staff/cohorts/{cohort.code}/certificates/exports/{started.url.path.rpartition('/')[2]}"
    colleague = sign_in(visit(), campus, make_person(campus, "staff"))
    assert colleague.get(link).status_code == 404
    assert client.get(link).status_code == 200


def test_documents_that_are_missing_are_drawn_on_the_way(campus):
    cohort = make_cohort(campus)
    enrolment = completed(campus, cohort)
    with campus.database.transaction() as session:
        issuing.issue(session, SYSTEM, enrolment.id or 0)
    target, told = io.BytesIO(), []
    assert exporting.write_zip(campus.database, campus.storage, cohort.id or 0, target, lambda *figures: told.append(figures)) == 1
    assert told == [(0, 1), (1, 1)]
    assert certificates(campus)[0].file_id


def test_a_cohort_without_certificates_makes_a_zip_of_nothing_but_the_index(campus):
    target = io.BytesIO()
    assert exporting.write_zip(campus.database, campus.storage, make_cohort(campus).id or 0, target, lambda *_figures: None) == 0
    assert zipfile.ZipFile(target).namelist() == ["index.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "María/José",
        "a\\b",
        "..",
        "CON",
        'Ana: «x» <y>|?*"',
        "ফাতেমা " * 40,
        "x" * 400,
        "a\u0301" * 200,
        "Ana.",
        "tab\there",
        "\u202eevil",
        "🙂" * 100,
    ],
)
def test_names_in_the_zip_are_safe_for_every_system(name):
    made = exporting.entry_name("SFE-2013-000123", name)
    assert made.startswith("SFE-2013-000123")
    assert made.endswith(".pdf")
    assert len(made.encode()) <= 255
    assert not set(made) & set('/\\<>:"|?*\t\n\u202e')
    assert not made.removesuffix(".pdf").endswith((" ", "."))


def test_an_export_can_be_stopped_and_begun_again(client, campus):
    cohort = make_cohort(campus)
    certified(campus, cohort)
    sign_in(client, campus, make_person(campus, "staff"))
    path = start_export(client, cohort).url.path
    assert "being stopped" in words(submit(client, path, f"{path}/cancel"))
    campus.run_jobs()
    assert "Stopped." in words(client.get(path))
    again = start_export(client, cohort)
    assert again.url.path != path
    campus.run_jobs()
    assert "Download the ZIP" in words(client.get(again.url.path))


def test_zips_are_forgotten_after_a_week(client, campus):
    certified(campus, cohort := make_cohort(campus))
    sign_in(client, campus, make_person(campus, "staff"))
    started = start_export(client, cohort)
    campus.run_jobs()
    with campus.database.reading() as session:
        key = session.scalar(select(col(StoredFile.key)).join(CertificateExport, col(CertificateExport.file_id) == col(StoredFile.id)))
    with clock.frozen(clock.now() + timedelta(days=8)):
        with campus.database.transaction() as session:
            jobs_in_line = enqueue(session, "certificates.tidy_exports", {})
        campus.run_jobs()
    with campus.database.reading() as session:
        tidied = status(session, jobs_in_line)
        assert tidied is not None
        assert tidied.result == {"forgotten": 1}
    assert not campus.storage.exists(key)
    link = f"/staff/cohorts/{cohort.code}/certificates/exports/{started.url.path.rpartition('/')[2]}"
    assert "not kept any more" in words(client.get(link))


def test_a_worker_killed_in_the_middle_leaves_one_zip_with_every_certificate_once(client, campus, tmp_path):
    cohort = make_cohort(campus)
    enrolments = [completed(campus, cohort) for _number in range(6)]
    with campus.database.transaction() as session:
        for enrolment in enrolments:
            issuing.issue(session, SYSTEM, enrolment.id or 0)
        session.execute(job.delete())  # nothing is drawn yet: the export has to
    sign_in(client, campus, make_person(campus, "staff"))
    path = start_export(client, cohort).url.path
    victim = start_worker(campus, tmp_path)
    until(lambda: (tmp_path / "at-4").exists())
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    drawn = {c.serial: c.file_sha256 for c in certificates(campus) if c.file_id}
    assert len(drawn) == 3  # kept one by one
    heir = start_worker(campus, tmp_path)
    try:
        until(lambda: "Download the ZIP" in words(client.get(path)))
    finally:
        heir.terminate()
        heir.wait(60)
    after = certificates(campus)
    assert len(after) == 6
    assert drawn.items() <= {c.serial: c.file_sha256 for c in after}.items()  # what was drawn was not drawn again
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CertificateExport)) == 1
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 7  # six documents, one ZIP
        assert session.scalar(select(job.c.attempt).where(job.c.name == "certificates.export")) == 2
    packed = client.get(f"/staff/cohorts/{cohort.code}/certificates/exports/{path.rpartition('/')[2]}").content
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert sorted(name.split()[0] for name in names) == sorted(["index.csv", *(c.serial for c in after)])


def start_worker(campus: Campus, folder: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, __file__, str(campus.settings.data_dir), campus.settings.database_url, str(folder)],
                            env={**os.environ, "PYTHONPATH": str(root)})  # fmt: skip


def test_a_worker_that_lost_its_lease_keeps_no_second_zip(campus):
    certified(campus, cohort := make_cohort(campus))
    with campus.database.transaction() as session:
        job_id = enqueue(session, "certificates.export", {"cohort_id": cohort.id, "by": None, "locale": "en"})
    late = claim(campus.database, "late", timedelta(seconds=-1), job_id)
    assert late is not None
    campus.run_jobs()  # the heir
    with pytest.raises(LeaseLost):
        jobs.export(JobRun(campus.worker_context(), late), cohort_id=cohort.id or 0, by=None, locale="en")
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CertificateExport)) == 1
        keys = set(session.scalars(select(col(StoredFile.key))))
    assert {path.name for path in (campus.settings.data_dir / "files").glob("*/*")} == keys


def work(folder: str, database_url: str, marks: Path) -> None:
    """A worker that stands still before the fourth document, the first time it comes there."""
    draw, count = filing.document_of, iter(range(1, 1000))

    def slowly(*given: Any) -> Any:
        mark = marks / f"at-{next(count)}"
        if mark.name == "at-4" and not mark.exists():
            mark.touch()
            threading.Event().wait()  # until killed
        return draw(*given)

    setattr(filing, "document_of", slowly)  # noqa: B010
    plugins = discover(["accounts", "courses", "enrollment", "grading", "certificates", "reports"])
    made = Campus.open(settings_for(Path(folder), database_url), plugins)
    stop = threading.Event()
    stop_on_signals(stop)
    run_worker(replace(made.worker_context(), lease=timedelta(seconds=1.5), poll=timedelta(seconds=0.05)), stop)


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
