"""Lock files install from wherever pip is configured to look, with every file checked by its hash."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.setup.checkout import ROOT, registry_hosts, tracked_files

REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(path: Path) -> dict[str, str]:
    """Name -> locked version."""
    return dict(re.findall(r"^([a-z0-9_.\-]+)==([^\s;]+)", path.read_text(encoding="utf-8"), re.M))


def bare_name(requirement: str) -> str:
    """`psycopg[binary]>=3.3` -> `psycopg`."""
    found = re.match(r"[A-Za-z0-9_.\-]+", requirement)
    assert found
    return found.group().lower().replace("_", "-")


def test_no_file_names_a_package_registry() -> None:
    hosts = registry_hosts()
    naming = []
    for path in tracked_files():
        text = path.read_bytes()
        naming += [f"{path.relative_to(ROOT)} names a registry" for host in hosts if host.encode() in text]
    assert not naming


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_locked_package_has_a_version_and_hashes(path: Path) -> None:
    entries = re.split(r"^(?=[a-z0-9])", path.read_text(encoding="utf-8"), flags=re.M)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9_.\-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_lock_files_choose_no_index(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "index-url" not in text
    assert "find-links" not in text
    assert "://" not in text


def test_lock_files_agree_with_each_other() -> None:
    runtime, dev, build = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("runtime", "dev", "build"))
    assert runtime.items() <= dev.items()
    assert build.items() <= dev.items()


def test_lock_files_hold_everything_the_project_asks_for() -> None:
    runtime = {bare_name(r) for r in PROJECT["project"]["dependencies"]}
    assert runtime <= pins(ROOT / "requirements" / "runtime.txt").keys()
    tools = {bare_name(r) for r in PROJECT["dependency-groups"]["dev"]}
    assert tools <= pins(ROOT / "requirements" / "dev.txt").keys()


def test_every_runtime_package_is_explained_with_its_licence() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = {cells[0].strip(): cells for line in page.splitlines() if (cells := line.strip("|").split("|")) and line.startswith("| ")}
    for name, version in pins(ROOT / "requirements" / "runtime.txt").items():
        assert name in rows, f"docs/dependencies.md does not name {name}"
        assert rows[name][1].strip() == version, f"docs/dependencies.md has another version of {name} than the lock file"
        assert rows[name][3].strip(), f"docs/dependencies.md says no licence for {name}"
