"""`lms certificates`, as programmes' own scripts call it: in processes of their own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lms.certificates import issuing
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from tests.certificates.stories import certificates, certified, completed, pdf_of
from tests.factories import make_cohort


def lms(campus: Campus, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {
        "LMS_DATA_DIR": str(campus.settings.data_dir),
        "LMS_DATABASE_URL": campus.settings.database_url,
        "LMS_BASE_URL": "http://testserver",
    }
    root = Path(__file__).parents[2]
    environment = {**os.environ, **own, "PYTHONPATH": str(root)}
    return subprocess.run([sys.executable, "-m", "lms.cli", *arguments], capture_output=True, text=True, env=environment, check=False)


def test_issue_and_export_a_cohort(campus, tmp_path):
    cohort = make_cohort(campus)
    for _number in range(2):
        completed(campus, cohort)
    issued = lms(campus, "certificates", "issue", "--cohort", cohort.code)
    assert (issued.returncode, json.loads(issued.stdout)) == (0, {"issued": 2}), issued.stderr
    assert json.loads(lms(campus, "certificates", "issue", "--cohort", cohort.code).stdout) == {"issued": 0}
    assert all(certificate.file_id for certificate in certificates(campus))
    out = tmp_path / "all.zip"
    exported = lms(campus, "certificates", "export", "--cohort", cohort.code, "--out", str(out))
    assert (exported.returncode, json.loads(exported.stdout)) == (0, {"exported": 2}), exported.stderr
    names = zipfile.ZipFile(out).namelist()
    assert [name.split()[0] for name in names] == [*(c.serial for c in certificates(campus)), "index.csv"]
    assert list(tmp_path.glob(".new-*")) == []


def test_verify_knows_a_file_by_its_bytes_alone(campus, tmp_path):
    certificate = certified(campus)
    path = tmp_path / "renamed by somebody.pdf"
    path.write_bytes(pdf_of(campus, certificate))
    yes = lms(campus, "certificates", "verify", str(path))
    assert yes.returncode == 0, yes.stderr
    facts = json.loads(yes.stdout)
    assert (facts["valid"], facts["serial"], facts["name"]) == (True, certificate.serial, certificate.snapshot["name"])
    path.write_bytes(pdf_of(campus, certificate) + b" ")
    no = lms(campus, "certificates", "verify", str(path))
    assert (no.returncode, no.stdout) == (1, "")
    assert "not one byte may differ" in no.stderr
    path.write_bytes(pdf_of(campus, certificate))
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, certificate.serial, "Copied.")
    withdrawn = lms(campus, "certificates", "verify", str(path))
    assert withdrawn.returncode == 1
    assert "revoked" in withdrawn.stderr


def test_revoke_by_serial(campus):
    certificate = certified(campus)
    assert lms(campus, "certificates", "revoke", certificate.serial, "--reason", "").returncode == 1
    done = lms(campus, "certificates", "revoke", certificate.serial, "--reason", "Copied from a colleague.")
    assert (done.returncode, done.stdout.strip()) == (0, f"{certificate.serial} revoked"), done.stderr
    assert certificates(campus)[0].reason == "Copied from a colleague."
    assert lms(campus, "certificates", "revoke", certificate.serial, "--reason", "Again.").returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [("issue", "--cohort", "NONE"), ("export", "--cohort", "NONE", "--out", "none.zip"), ("revoke", "NONE-1", "--reason", "x")],
)
def test_what_is_not_there_is_refused_with_a_sentence(campus, arguments):
    refused = lms(campus, "certificates", *arguments)
    assert refused.returncode == 1
    assert refused.stderr.startswith("There is no ")
    assert "Traceback" not in refused.stderr


def test_a_wrong_call_is_told_so(campus, tmp_path):
    assert lms(campus, "certificates", "verify", str(tmp_path / "none.pdf")).returncode == 2
    assert lms(campus, "certificates", "issue").returncode == 2
    assert lms(campus, "certificates", "export", "--cohort", "X", "--out", str(tmp_path / "no" / "x.zip")).returncode == 2
