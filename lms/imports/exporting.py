"""What an importer gives out, as a file that can come in again."""

from collections.abc import Iterator, Sequence
from typing import Any

from lms.kernel import csvio, spreadsheet
from lms.kernel.database import ReadSession
from lms.kernel.errors import Forbidden
from lms.kernel.importing import Importer
from lms.kernel.permissions import Actor


class Sheet:
    """The rows within somebody's reach. Raises Forbidden."""

    def __init__(self, session: ReadSession, actor: Actor, importer: Importer) -> None:
        if not actor.can_anywhere(importer.export_permission or importer.permission):
            raise Forbidden()
        self.session, self.actor, self.importer = session, actor, importer
        self.count = 0

    def as_csv(self, *, bom: bool = False) -> Iterator[bytes]:
        """The file in pieces, made while the rows are read."""
        return csvio.write(self.importer.known, self._rows(), bom=bom)

    def as_workbook(self) -> Iterator[bytes]:
        """The workbook, in one piece."""
        yield spreadsheet.write(self.importer.known, self._rows(), title=str(self.importer.title))

    def _rows(self) -> Iterator[Sequence[Any]]:
        for row in self.importer.give(self.session, self.actor):
            self.count += 1
            yield row
