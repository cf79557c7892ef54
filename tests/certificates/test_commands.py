"""`lms certificates` from outside, as scripts call it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lms.certificates import issuing
from lms.certificates.commands import commands
from lms.kernel.campus import Campus
from lms.kernel.errors import Refused
from lms.kernel.permissions import SYSTEM
from tests.certificates.stories import certificates, certified, completed, pdf_of
from tests.factories import make_cohort


def surroundings(campus: Campus) -> dict[str, str]:
    """The environment in which a command finds this campus."""
    own = {
        "LMS_DATA_DIR": str(campus.settings.data_dir),
        "LMS_DATABASE_URL": campus.settings.database_url,
        "LMS_BASE_URL": "http://testserver",
    }
    return own | {"LMS_PLUGINS": ",".join(plugin.name for plugin in campus.plugins)}


def lms(campus: Campus, *arguments: str) -> tuple[int, str, str]:
    """Calls a command in this process, which is much faster than a shell. Answers exit code, output and what was refused."""
    done = CliRunner().invoke(commands, arguments, env=surroundings(campus))
    if isinstance(done.exception, Refused):
        return 1, done.stdout, done.exception.sentence()
    return done.exit_code, done.stdout, done.stderr


def shell(campus: Campus, *arguments: str) -> tuple[int, str, str]:
    """Calls it as a shell does."""
    environment = {**os.environ, **surroundings(campus), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "lms.cli", "certificates", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def test_issue_and_export_a_cohort(campus, tmp_path):
    cohort = make_cohort(campus)
    for _number in range(2):
        completed(campus, cohort)
    assert lms(campus, "issue", "--cohort", cohort.code) == (0, '{"issued": 2}\n', "")
    assert lms(campus, "issue", "--cohort", cohort.code) == (0, '{"issued": 0}\n', "")
    assert all(certificate.file_id for certificate in certificates(campus))
    out = tmp_path / "all.zip"
    assert lms(campus, "export", "--cohort", cohort.code, "--out", str(out)) == (0, '{"exported": 2}\n', "")
    names = zipfile.ZipFile(out).namelist()
    assert [name.split()[0] for name in names] == [*(c.serial for c in certificates(campus)), "index.csv"]
    assert list(tmp_path.glob(".new-*")) == []


def test_verify_knows_a_file_by_its_bytes_alone(campus, tmp_path):
    certificate = certified(campus)
    path = tmp_path / "renamed by somebody.pdf"
    path.write_bytes(pdf_of(campus, certificate))
    code, output, _errors = shell(campus, "verify", str(path))
    facts = json.loads(output)
    assert (code, facts["valid"], facts["serial"], facts["name"]) == (0, True, certificate.serial, certificate.snapshot["name"])
    path.write_bytes(pdf_of(campus, certificate) + b" ")
    code, output, errors = shell(campus, "verify", str(path))
    assert (code, output) == (1, "")
    assert errors == "This is not a certificate as it was issued here: not one byte may differ.\n"


def test_verify_tells_a_file_whose_certificate_was_withdrawn(campus, tmp_path):
    certificate = certified(campus)
    (path := tmp_path / "c.pdf").write_bytes(pdf_of(campus, certificate))
    with campus.database.transaction() as session:
        issuing.revoke(session, SYSTEM, certificate.serial, "Copied.")
    code, _output, errors = lms(campus, "verify", str(path))
    assert code == 1
    assert "revoked" in errors


def test_revoke_by_serial(campus):
    certificate = certified(campus)
    assert lms(campus, "revoke", certificate.serial, "--reason", "")[0] == 1
    assert lms(campus, "revoke", certificate.serial, "--reason", "Copied from a colleague.") == (0, f"{certificate.serial} revoked\n", "")
    assert certificates(campus)[0].reason == "Copied from a colleague."
    assert lms(campus, "revoke", certificate.serial, "--reason", "Again.")[0] == 1


@pytest.mark.parametrize(
    "arguments", [("issue", "--cohort", "NONE"), ("export", "--cohort", "NONE", "--out", "none.zip"), ("revoke", "NONE-1", "--reason", "x")]
)
def test_what_is_not_there_is_refused_with_a_sentence(campus, arguments):
    code, _output, errors = lms(campus, *arguments)
    assert code == 1
    assert errors.startswith("There is no ")


def test_a_wrong_call_is_told_so(campus, tmp_path):
    assert lms(campus, "verify", str(tmp_path / "none.pdf"))[0] == 2
    assert lms(campus, "issue")[0] == 2
    assert lms(campus, "export", "--cohort", "X", "--out", str(tmp_path / "no" / "x.zip"))[0] == 2
