"""The scripts run on a plain POSIX shell."""

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.setup.checkout import ROOT

SHELL = [p for p in (*sorted((ROOT / "script").iterdir()), ROOT / ".ci" / "run") if p.is_file() and b"sh" in p.read_bytes()[:20]]
SOURCED = sorted((ROOT / "script").glob("*.sh"))
NAMED = ["bootstrap", "demo", "test", "lint", "bench"]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout without asking anything of the network."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", NAMED)
def test_the_promised_scripts_are_there(name: str) -> None:
    path = ROOT / "script" / name
    assert os.access(path, os.X_OK)
    assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n")


@pytest.mark.parametrize("path", [*SHELL, *SOURCED], ids=lambda path: path.name)
def test_scripts_are_correct_shell(path: Path) -> None:
    for shell in filter(which, ("sh", "dash", "bash")):
        checked = run(shell, "-n", str(path))
        assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(("name", "argument"), [("bootstrap", "everything"), ("demo", "--server")])
def test_a_wrong_argument_is_answered_with_the_usage(name: str, argument: str) -> None:
    refused = run(str(ROOT / "script" / name), argument)
    assert refused.returncode == 2
    assert "usage: script/" in refused.stderr


@pytest.mark.parametrize("path", [*SHELL, *SOURCED], ids=lambda path: path.name)
def test_scripts_never_choose_a_package_index(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "index-url" not in text
    assert "find-links" not in text
