"""Preparing an import on pages: a file is given, how it is read is chosen, and the work is asked for, which jobs do."""

from collections.abc import Mapping
from typing import Any, BinaryIO

from sqlalchemy import delete

from lms.imports import mapping, moodle, source, standing
from lms.imports.given import ImportFile, ImportRow
from lms.imports.models import ImportRun
from lms.kernel import audit, clock, i18n, jobs
from lms.kernel.database import Session
from lms.kernel.errors import Forbidden, Invalid, Refused
from lms.kernel.i18n import N_, _
from lms.kernel.importing import Importer
from lms.kernel.permissions import Actor
from lms.kernel.storage import Storage, StoredFile, save_file
from lms.kernel.text import random_code

# SQLModel types a column as its value; in a statement it is a column.
_Row: Any = ImportRow


class FileForgotten(Refused):
    """Files are kept for a while only."""

    message = N_("The file is not kept any more. Please import it anew.")


def may_import(actor: Actor, importer: Importer) -> bool:
    """Whether the person may bring in rows of this kind anywhere."""
    return actor.can_anywhere(importer.permission)


def require(actor: Actor, importer: Importer) -> None:
    """Raise Forbidden unless the person may bring in rows of this kind anywhere."""
    if not may_import(actor, importer):
        raise Forbidden()


def give(session: Session, actor: Actor, storage: Storage, importer: Importer, stream: BinaryIO, name: str, mode: str) -> ImportRun:
    """Keep a file to be imported, with a first guess of what its columns are. Raises Forbidden, CsvError."""
    require(actor, importer)
    stored = save_file(session, storage, stream, name, "application/octet-stream", actor.id)
    run = session.add(
        ImportRun(
            code=random_code(), importer=importer.name, file_name=stored.name, mode=mode, state="waiting", started_by=actor.id,
            started_at=clock.now(),
        )
    )  # fmt: skip
    file = ImportFile(run_id=run.id or 0, file_id=stored.id, locale=i18n.locale())
    with storage.open(stored.key) as opened:
        guess(file, importer, source.columns(opened, file).header)
    session.add(file)
    audit.record(session, actor, "import.given", "import", run.id, None, {"importer": importer.name})
    return run


def guess(file: ImportFile, importer: Importer, titles: tuple[str, ...]) -> None:
    """Set what the columns with these names are, as far as they tell it."""
    file.is_foreign = is_foreign(importer, titles)
    file.columns = mapping.guess(importer, titles)


def is_foreign(importer: Importer, titles: tuple[str, ...]) -> bool:
    """Whether a file with these columns is one of another system."""
    return moodle.form_of(importer.name, titles) is not None


def choose(session: Session, run: ImportRun, mode: str, **values: Any) -> None:
    """Set how the file is read: encoding, delimiter, columns, fixed, is_foreign; and the mode. Raises WrongMove."""
    held = standing.hold(session, run, "waiting", "checked")
    held.mode, held.state = mode, "waiting"
    file = session.one(ImportFile, run.id)
    for name, value in values.items():
        setattr(file, name, value)
    session.flush()


def check_choice(file: ImportFile, importer: Importer, titles: tuple[str, ...]) -> None:
    """Raise Invalid, by column, where the choice cannot be read."""
    if not file.is_foreign:
        mapping.check(importer, file.columns, file.fixed)
    elif missing := [column for column in source.missing(importer, titles, file) if column.name not in file.fixed]:
        raise Invalid({"": mapping.needed(missing)})


def start_check(session: Session, actor: Actor, run: ImportRun, importer: Importer) -> int:
    """Ask for a check of every row, which changes nothing. Answers the job. Raises Forbidden, WrongMove, FileForgotten."""
    return _start(session, actor, run, importer, ("waiting", "checked"), "checking", _("Checking: {file}"))


def start_import(session: Session, actor: Actor, run: ImportRun, importer: Importer) -> int:
    """Ask for the rows to be brought in, or for the rest of them. Answers the job. Raises Forbidden, WrongMove, FileForgotten."""
    job_id = _start(session, actor, run, importer, ("checked", "cancelled", "failed"), "running", _("Importing: {file}"))
    audit.record(session, actor, "import.started", "import", run.id, None, {"importer": run.importer, "mode": run.mode})
    return job_id


def _start(session: Session, actor: Actor, run: ImportRun, importer: Importer, states: tuple[str, ...], state: str, title: str) -> int:
    require(actor, importer)
    held = standing.hold(session, run, *states)
    file = session.one(ImportFile, run.id)
    if file.file_id is None:
        raise FileForgotten()
    held.state = state
    return _enqueue(session, actor, held, file, {"checking": "imports.check", "running": "imports.run"}[state], title)


def start_undo(session: Session, actor: Actor, run: ImportRun, importer: Importer) -> int:
    """Ask for an import to be taken back. Answers the job. Raises Forbidden, WrongMove."""
    require(actor, importer)
    held = standing.hold(session, run, *standing.UNDOABLE)
    file = session.get(ImportFile, run.id) or session.add(ImportFile(run_id=run.id or 0))
    held.state = "undoing"
    audit.record(session, actor, "import.undo_started", "import", run.id, None, {"importer": run.importer})
    return _enqueue(session, actor, held, file, "imports.undo", _("Undoing: {file}"))


def _enqueue(session: Session, actor: Actor, run: ImportRun, file: ImportFile, name: str, title: str) -> int:
    arguments: Mapping[str, Any] = {"run_id": run.id, "by": actor.id, "locale": i18n.locale()}
    title = title.format(file=run.file_name)
    file.job_id = jobs.enqueue(session, name, arguments, by=actor.id, title=title, dedupe=f"imports:{run.id}")
    session.flush()
    return file.job_id


def stop(session: Session, actor: Actor, run: ImportRun) -> None:
    """Stop the work on an import: what was committed before stays. Raises NotFound, JobNotStoppable."""
    file = session.one(ImportFile, run.id)
    jobs.cancel(session, actor, file.job_id or 0)


def discard(session: Session, actor: Actor, run: ImportRun) -> str | None:
    """Forget a file that was never brought in. Answers the key of its bytes, to be deleted after the commit. Raises WrongMove."""
    held = standing.hold(session, run, "waiting", "checked")
    file = session.one(ImportFile, run.id)
    stored = session.get(StoredFile, file.file_id) if file.file_id else None
    session.execute(delete(ImportRow).where(_Row.run_id == run.id))
    session.delete(file)
    session.delete(held)
    if stored:
        session.delete(stored)
    audit.record(session, actor, "import.discarded", "import", run.id)
    return stored.key if stored else None
