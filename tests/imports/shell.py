"""`lms import` and its sisters, called in this process, and what they leave beside the file."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from lms.imports.commands import commands
from lms.kernel.campus import Campus
from lms.kernel.csvio import write


@dataclass
class Answer:
    """What a command said: its counts, what stood on standard error, and the rejected rows beside the file."""

    counts: dict[str, int]
    told: str
    rejected: list[dict[str, str]] = field(default_factory=list)

    def __iter__(self) -> Any:
        """The four counts, as created, updated, unchanged, rejected."""
        return iter(self.counts.values())

    @property
    def code(self) -> str:
        """The code with which the import can be undone."""
        return self.told.split("lms undo ")[1].split()[0]


class Shell:
    """A shell in a folder, for one campus."""

    def __init__(self, campus: Campus, folder: Path) -> None:
        self.folder = folder
        names = ",".join(plugin.name for plugin in campus.plugins)
        self.surroundings = {"LMS_DATA_DIR": str(campus.settings.data_dir), "LMS_DATABASE_URL": campus.database.url, "LMS_PLUGINS": names}

    def call(self, *arguments: str) -> tuple[dict[str, int], str]:
        """Call a command; answers its JSON and standard error. Raises what it raises."""
        done = CliRunner().invoke(commands, arguments, env=self.surroundings, catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    def bring(self, name: str, content: str | bytes, *options: str, file: str = "") -> Answer:
        """Write a file and import it."""
        path = self.folder / (file or f"{name}.csv")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        counts, told = self.call("import", name, str(path), *options)
        beside = path.with_name(f"{path.stem}.rejected.csv")
        rejected = list(csv.DictReader(beside.open(encoding="utf-8-sig", newline=""))) if counts["rejected"] else []
        return Answer(counts, told, rejected)

    def export(self, name: str, ending: str = "csv") -> bytes:
        """Everything of a kind as a file."""
        path = self.folder / f"{name}.out.{ending}"
        self.call("export", name, "--out", str(path))
        return path.read_bytes()


def table(columns: str, *rows: Sequence[Any] | Mapping[str, Any]) -> bytes:
    """A CSV file; rows as cells in order, or by their columns."""
    names = columns.split(",")
    return b"".join(write(names, [[row.get(name, "") for name in names] if isinstance(row, Mapping) else row for row in rows]))
