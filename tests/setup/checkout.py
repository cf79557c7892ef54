"""What the tests of this folder need to know about the checkout."""

import subprocess
from pathlib import Path
from shutil import which

ROOT = Path(__file__).resolve().parents[2]
LEFT_BY_RUNNING = {".git", ".venv", "var", "build", "dist", "node_modules", "__pycache__"}


def tracked_files() -> list[Path]:
    """The files under version control; every file where the source came as an archive."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False) if _has_git() else None
    if listed is not None and listed.returncode == 0 and listed.stdout:
        return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not LEFT_BY_RUNNING & set(path.relative_to(ROOT).parts)]


def _has_git() -> bool:
    return which("git") is not None and (ROOT / ".git").exists()


def registry_hosts() -> list[str]:
    """Hosts of package registries, put together here so that this file does not name one either."""
    names = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"), ("crates", "io"))
    return [".".join(parts) for parts in names]
