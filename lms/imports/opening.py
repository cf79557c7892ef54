"""Opening a file for an importer: what its columns are called there, and what is left out."""

from typing import BinaryIO

from lms.imports.rejecting import REASON
from lms.kernel import csvio
from lms.kernel.csvio import Table
from lms.kernel.importing import Importer


def open_table(stream: BinaryIO, importer: Importer, *, encoding: str = "", delimiter: str = "") -> Table:
    """The rows of a file, as the importer names its columns. Raises CsvError, UnknownEncoding, NoText."""
    synonyms = {REASON: ""} | dict(importer.synonyms)
    return csvio.read(stream, importer.known, importer.required, synonyms=synonyms, encoding=encoding, delimiter=delimiter)
