"""The file of an import, opened and read as it was chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from lms.imports import foreign
from lms.imports.given import ImportFile
from lms.imports.moodle import form_of
from lms.imports.rejecting import REASON
from lms.kernel.csvio import Table
from lms.kernel.importing import Column, Importer
from lms.kernel.rowfiles import read


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is being read, and the importer that takes its rows."""

    importer: Importer
    table: Table

    def label(self, cells: Mapping[str, str]) -> str:
        """What names a row: the first cell of those that tell it."""
        names = (*_NAMING, *self.importer.key, *self.table.columns)
        return next((cells[name] for name in names if cells.get(name)), "")[:200]


_NAMING = ("email", "email address", "code", "shortname", "idnumber", "username")


def columns(stream: BinaryIO, file: ImportFile) -> Table:
    """The file with its columns as it names them. Raises CsvError and what else says that it cannot be read."""
    return read(stream, encoding=file.encoding, delimiter=file.delimiter)


def open_source(stream: BinaryIO, file: ImportFile, importer: Importer) -> Source:
    """The file, read as was chosen. Raises CsvError and what else says that it cannot be read."""
    head = columns(stream, file)
    stream.seek(0)
    if file.is_foreign:
        titles = [title for title in head.header if title.lower() != REASON]
        table = read(stream, synonyms={REASON: ""}, encoding=file.encoding, delimiter=file.delimiter)
        return Source(foreign.adapt(importer, titles, file.fixed), _filled(table, file.fixed))
    needed = [name for name in importer.required if name not in file.fixed]
    chosen = {title.lower(): file.columns.get(title, "") for title in head.header}
    table = read(stream, importer.known, needed, synonyms=chosen, encoding=file.encoding, delimiter=file.delimiter)
    return Source(importer, _filled(table, file.fixed))


def _filled(table: Table, fixed: Mapping[str, str]) -> Table:
    """The table with what was chosen for every row."""
    return replace(table, rows=(replace(line, cells={**fixed, **line.cells}) for line in table)) if fixed else table


def missing(importer: Importer, header: tuple[str, ...], file: ImportFile) -> list[Column]:
    """The columns that rows need and the file has not."""
    if file.is_foreign:
        form = form_of(importer.name, header)
        names = {title.lower() for title in header}
        ours = {column.name: column for column in importer.columns}
        return [ours.get(name) or Column(name, name) for name in (form.required if form else ()) if name not in names]
    return [column for column in importer.columns if column.required and column.name not in file.columns.values()]
