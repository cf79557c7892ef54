"""Files of rows, whatever program saved them: CSV and its relatives, or a workbook."""

import io
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from lms.kernel import csvio
from lms.kernel.csvio import CELL_LIMIT, Reading, Table


def read(
    stream: BinaryIO | bytes,
    known: Sequence[str] | None = None,
    required: Sequence[str] = (),
    cell_limit: int = CELL_LIMIT,
    *,
    synonyms: Mapping[str, str] | None = None,
    encoding: str = "",
    delimiter: str = "",
) -> Table:
    """The same as `csvio.read`, for workbooks too. Raises CsvError, UnknownEncoding, NoText."""
    source = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    source.seek(0)
    start = source.read(4)
    source.seek(0)
    from lms.kernel import workbooks  # with a library that only workbooks need

    if start == workbooks.MAGIC:
        return workbooks.read(source, Reading(known, required, synonyms or {}, cell_limit))
    return csvio.read(source, known, required, cell_limit, synonyms=synonyms, encoding=encoding, delimiter=delimiter)
