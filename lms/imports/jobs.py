"""What workers do for imports, some hundred rows in a transaction of their own, so that pages and others who write never wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, update

from lms.imports import keeping, presenting, running, undoing
from lms.imports.acting import actor_of
from lms.imports.following import BringingIn, Checking
from lms.imports.given import ImportFile, ImportRow
from lms.imports.models import ImportRun
from lms.imports.running import Counts, Task
from lms.imports.source import Source, open_source
from lms.kernel import i18n
from lms.kernel.database import Origin
from lms.kernel.discarding import forget_files
from lms.kernel.errors import NotFound
from lms.kernel.i18n import _
from lms.kernel.importing import PIECE as USUAL
from lms.kernel.importing import Importer, Mode
from lms.kernel.jobs import Cancelled, JobRun
from lms.kernel.permissions import Actor
from lms.kernel.storage import StoredFile

# SQLModel types a column as its value; in a statement it is a column.
_Run: Any = ImportRun
_Row: Any = ImportRow

PIECE = 200
"""Rows in one transaction, where the importer does not ask for many."""


@dataclass(frozen=True, slots=True)
class _Work:
    """An import, as a job finds it."""

    record: ImportRun
    file: ImportFile
    key: str
    importer: Importer
    actor: Actor

    def task(self, source: Source, *, dry_run: bool = False) -> Task:
        """What is to be done with the file."""
        mode: Mode = self.record.mode  # type: ignore[assignment]  # the database has the three alone
        batch = max(PIECE, self.importer.piece if self.importer.piece > USUAL else 0)
        return Task(source.importer, self.actor, mode, batch, dry_run, self.record.file_name)

    def result(self) -> dict[str, Any]:
        """What the page of the job leads to."""
        return {"url": f"/staff/imports/{self.record.code}", "label": _("See the import")}


def _work(run: JobRun, run_id: int, by: int | None) -> _Work:
    with run.database.reading() as session:
        record, file = session.one(ImportRun, run_id), session.one(ImportFile, run_id)
        stored = session.get(StoredFile, file.file_id) if file.file_id else None
        importer = run.plugins.named("importers").get(record.importer)
        if importer is None:
            raise NotFound()
        return _Work(record, file, stored.key if stored else "", importer, actor_of(run.plugins, session, by))


@contextmanager
def _opened(run: JobRun, work: _Work) -> Iterator[tuple[Source, int]]:
    """The file of an import, and how many rows it has."""
    with run.storage.open(work.key) as stream:
        total = sum(1 for _line in open_source(stream, work.file, work.importer).table)
        stream.seek(0)
        yield open_source(stream, work.file, work.importer), total


def check(run: JobRun, *, run_id: int, by: int | None, locale: str) -> None:
    """Try every row of a file, take it back, and keep what it would do."""
    with i18n.using(locale):
        work = _work(run, run_id, by)
        with _opened(run, work) as (source, total):
            _forget_rows(run, run_id)
            follow = Checking(run, run_id, source, total)
            done = running.bring_in(run.database, work.task(source, dry_run=True), source.table, follow.told, follow=follow)
        with run.database.transaction() as session:
            values = {**done.counts.as_json(), "state": "checked", "encoding": source.table.encoding}
            session.execute(update(ImportRun).where(_Run.id == run_id).values(**values))
            run.finish(session, work.result())


def _forget_rows(run: JobRun, run_id: int) -> None:
    with run.database.transaction() as session:
        session.execute(delete(ImportRow).where(_Row.run_id == run_id))
        session.execute(update(ImportRun).where(_Run.id == run_id).values(created=0, updated=0, unchanged=0, rejected=0))


def bring_in(run: JobRun, *, run_id: int, by: int | None, locale: str) -> dict[str, Any]:
    """Bring the rows of a file in; where it was begun before, those that are left."""
    with i18n.using(locale):
        work = _work(run, run_id, by)
        if work.record.state == "done":  # the worker stopped just before it could say so
            return work.result()
        if not work.file.done_line:
            _forget_rows(run, run_id)
        with _opened(run, work) as (source, total):
            _bring_in(run, work, source, total, Origin(by))
        return work.result()


def _bring_in(run: JobRun, work: _Work, source: Source, total: int, origin: Origin) -> None:
    record, run_id = work.record, work.file.run_id
    is_new = not work.file.done_line
    counts = Counts() if is_new else Counts(record.created, record.updated, record.unchanged, record.rejected)
    follow = BringingIn(run, work.file, source, total, counts)
    left = replace(source.table, rows=(line for line in source.table if line.number > work.file.done_line))
    try:
        running.bring_in(run.database, work.task(source), left, follow.told, run_id=run_id, origin=origin, follow=follow)
    except Cancelled:
        with run.database.transaction() as session:
            session.execute(update(ImportRun).where(_Run.id == run_id).values(state="cancelled", error=""))
        raise


def undo(run: JobRun, *, run_id: int, by: int | None, locale: str) -> dict[str, Any]:
    """Take back what an import did."""
    with i18n.using(locale):
        work = _work(run, run_id, by)
        if work.record.state == "undone":  # the worker stopped just before it could say so
            return work.result()
        with run.database.reading() as session:
            total = presenting.undoable(session, run_id)

        def told(done: int) -> None:
            note = _("{done} of {total} changes").format(done=i18n.format_number(done), total=i18n.format_number(total))
            run.progress(done, total, note)

        importers = run.plugins.named("importers")
        undoing.undo(run.database, work.actor, importers, work.record.code, Origin(by), told)
        return work.result()


def tidy(run: JobRun) -> dict[str, Any]:
    """Forget files and what became of their rows, once they are old."""
    with run.database.transaction() as session:
        keys = keeping.forget_old(session)
    forget_files(run, keys=keys)
    return {"forgotten": len(keys)}
