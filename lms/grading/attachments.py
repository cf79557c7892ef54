"""The files of work: which are taken, how they are kept, how they are forgotten."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from starlette.datastructures import UploadFile

from lms.grading.models import Assignment, SubmissionFile
from lms.kernel import file_kinds
from lms.kernel.database import ReadSession, Session
from lms.kernel.discarding import discard
from lms.kernel.errors import Invalid, NotFound, Refused, TooLarge
from lms.kernel.i18n import N_, counted, format_number
from lms.kernel.permissions import Actor
from lms.kernel.storage import Storage, StoredFile, clean_name, save_file

# SQLModel types a column as its value; in a statement it is a column.
_StoredFile: Any = StoredFile
_SubmissionFile: Any = SubmissionFile

MB = 1024 * 1024
FORGETTING = "grading.forget_files"


class CouldNotKeep(Refused):
    """The disk is full, or the storage cannot be reached."""

    status = 503
    message = N_("The server could not keep your files just now. Nothing of what you typed is lost: please try again in a while.")


def check(assignment: Assignment, named: Sequence[tuple[str, int]], present: int) -> None:
    """Raise Invalid where files (name, bytes) are too many besides those present, too large, empty or of a kind that is not taken.

    The ending of the name is looked at; `keep` looks whether the first bytes agree. What a file holds is never trusted all the same.
    """
    if len(named) + present > assignment.max_files:
        most = assignment.max_files
        sentence = counted("At most {n} file.", "At most {n} files.", most) if most else N_("No files are taken here.")
        raise Invalid({"files": sentence})
    endings = assignment.file_types.split()
    for name, size in named:
        if name.rpartition(".")[2].lower() not in endings or "." not in name:
            raise Invalid({"files": N_("“{name}” is not taken: only {endings}.").format(name=name, endings=", ".join(endings))})
        if size == 0:
            raise Invalid({"files": N_("“{name}” is empty.").format(name=name)})
        if size > assignment.max_file_mb * MB:
            raise Invalid({"files": _too_large(name, assignment)})


def _too_large(name: str, assignment: Assignment) -> str:
    return N_("“{name}” is larger than {limit} MB.").format(name=name, limit=format_number(assignment.max_file_mb))


def keep(
    session: Session, storage: Storage, actor: Actor, assignment: Assignment, sent: Sequence[UploadFile], present: int
) -> list[StoredFile]:
    """Keep the files that a browser sent, besides those present: all of them or none. Raises Invalid, CouldNotKeep."""
    check(assignment, [(clean_name(upload.filename or ""), _size(upload)) for upload in sent], present)
    kept: list[StoredFile] = []
    for upload in sent:
        name = clean_name(upload.filename or "")
        try:
            kind = file_kinds.check(name, upload.file)
            kept.append(save_file(session, storage, upload.file, name, kind, actor.id, assignment.max_file_mb * MB))
        except file_kinds.NotWhatItSays as refusal:
            raise Invalid({"files": refusal.sentence()}) from None
        except TooLarge:
            raise Invalid({"files": _too_large(name, assignment)}) from None
        except OSError:
            raise CouldNotKeep() from None
    return kept


def _size(upload: UploadFile) -> int:
    """How many bytes came: counted by the server, not told by the browser."""
    return upload.size or 0


def of_submission(session: ReadSession, submission_id: int) -> list[StoredFile]:
    """The files of an attempt, in their order."""
    held = select(StoredFile).join(SubmissionFile, _SubmissionFile.file_id == _StoredFile.id)
    ordered = held.where(_SubmissionFile.submission_id == submission_id).order_by(_SubmissionFile.position, _SubmissionFile.id)
    return list(session.scalars(ordered))


def one_of(session: ReadSession, submission_id: int, file_id: int) -> StoredFile:
    """A file of exactly this attempt. Raises NotFound."""
    found = next((file for file in of_submission(session, submission_id) if file.id == file_id), None)
    if found is None:
        raise NotFound()
    return found


def forget(session: Session, file_ids: Iterable[int]) -> None:
    """Delete files that nothing refers to any more."""
    discard(session, list(file_ids), FORGETTING)
