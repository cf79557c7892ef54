"""The rows that did not go in, as a file that can be mended and brought in again."""

import csv
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from lms.kernel import csvio
from lms.kernel.csvio import Line, Table
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_, _
from lms.kernel.importing import Fault, Outcome

REASON = "reason"
"""The column that is added; it is left out when the file comes in again."""
SHOWN = 80


class CannotWrite(Refused):
    """The folder of the file is closed to us, or the disk is full."""

    message = N_("The rejected rows cannot be written beside the file: {reason}.")


def words(fault: Fault, line: int) -> str:
    """A fault in a sentence that names line, column and value."""
    value = fault.value if len(fault.value) <= SHOWN else fault.value[:SHOWN] + "…"
    place = _("line {line}").format(line=line)
    if fault.column:
        place += ", " + _("column {column}").format(column=fault.column)
    if value:
        place += f" “{value}”"
    return f"{place}: {fault.reason}"


class RejectedRows:
    """Writes rejected rows as they come: the columns of the file and the reason. The file is there only once it is whole."""

    def __init__(self, path: Path, table: Table) -> None:
        self.path, self.table = path, table
        self.count = 0
        self._file: IO[str] | None = None
        self._writer: Any = None
        names = [name.lower() for name in table.header]
        self._kept = [number for number, name in enumerate(names) if name != REASON]

    def add(self, line: Line, outcome: Outcome) -> None:
        """Write one row. Raises CannotWrite."""
        try:
            if self._file is None:
                self._open()
            self._writer.writerow([csvio.neutral(cell) for cell in self._row(line, outcome)])
        except OSError as error:
            raise CannotWrite(reason=error.strerror) from None
        self.count += 1

    def _row(self, line: Line, outcome: Outcome) -> list[str]:
        columns = len(self.table.header)
        raw = [*line.raw[:columns], *[""] * (columns - len(line.raw))]
        reason = "; ".join(words(fault, line.number) for fault in outcome.faults)
        return [*(raw[number] for number in self._kept), reason, *line.raw[columns:]]

    def _open(self) -> None:
        # Excel takes a file without a mark for its own old encoding; scripts that write UTF-8 without one get it back without one.
        encoding = "utf-8" if self.table.encoding == "utf-8" else "utf-8-sig"
        self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115  # closed by `close` or `give_up`
            "w", encoding=encoding, errors="replace", newline="", prefix=".new-", dir=self.path.parent, delete=False
        )
        self._writer = csv.writer(self._file, delimiter=self.table.delimiter)
        self._writer.writerow([*(csvio.neutral(self.table.header[number]) for number in self._kept), REASON])

    def close(self) -> None:
        """Put the file in its place, where anything was rejected. Raises CannotWrite."""
        if self._file is None:
            return
        try:
            self._file.close()
            os.replace(self._file.name, self.path)
        except OSError as error:
            self.give_up()
            raise CannotWrite(reason=error.strerror) from None

    def give_up(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
