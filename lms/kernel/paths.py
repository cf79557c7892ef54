"""Where the files that are no Python lie: beside the package in a checkout, inside it in an installed wheel."""

from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@lru_cache
def resource(name: str) -> Path:
    """The folder `templates`, `locale`, `static` or `migrations` of the suite. Raises FileNotFoundError."""
    # The wheel's place first: beside an installed package, a folder of that name would be somebody else's.
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name!r} is neither in the installed package nor beside it: the installation is incomplete")
