"""Opening a file for an importer: what its columns are called there, what is left out, and whose file it is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO

from lms.imports import foreign
from lms.imports.rejecting import REASON
from lms.kernel.csvio import Table
from lms.kernel.importing import Importer
from lms.kernel.rowfiles import read


def open_file(
    stream: BinaryIO, importer: Importer, *, encoding: str = "", delimiter: str = "", fixed: Mapping[str, str] | None = None
) -> tuple[Importer, Table]:
    """The rows of a file as the importer names its columns, and the importer that takes them: another one where the file is of a system
    that we know. `fixed` is put into every row that has not such a column. Raises CsvError, UnknownEncoding, NoText.
    """
    fixed = fixed or {}
    head = read(stream, encoding=encoding, delimiter=delimiter, synonyms={REASON: ""})
    taker = foreign.adapt(importer, [title for title in head.header if title.lower() != REASON], fixed)
    stream.seek(0)
    required = [name for name in taker.required if name not in fixed]
    table = read(stream, taker.known, required, synonyms={REASON: ""} | dict(taker.synonyms), encoding=encoding, delimiter=delimiter)
    if fixed:
        table = replace(table, rows=(replace(line, cells={**fixed, **line.cells}) for line in table))
    return taker, table
