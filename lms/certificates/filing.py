"""Drawing the document of a certificate and keeping it: once, whoever asks first."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from lms.accounts.models import Person
from lms.certificates import rendering
from lms.certificates.models import Certificate
from lms.certificates.snapshots import Snapshot, from_json
from lms.kernel import clock, mail
from lms.kernel.database import Database, ReadSession, Session
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.storage import Storage, StoredFile, save_file

NEWS = timedelta(days=60)
"""How long after its issue a certificate is news: documents of old records are drawn without a mail."""


@dataclass(frozen=True, slots=True)
class Document:
    """A drawn certificate: what it says, and its file."""

    snapshot: Snapshot
    file: StoredFile


def document_of(database: Database, storage: Storage, certificate_id: int) -> Document | None:
    """The document of a certificate, drawn now where it is missing; the trainee of a new one is told by mail when it is first there.

    None for a certificate that is gone, and for one that was revoked or replaced before it was drawn. No transaction is open meanwhile.
    """
    with database.reading() as reading:
        certificate = reading.get(Certificate, certificate_id)
        if certificate is None or not _is_wanted(certificate):
            return None
        snapshot = from_json(certificate.snapshot)
        if certificate.file_id:
            return Document(snapshot, reading.one(StoredFile, certificate.file_id))
        logo = _logo(reading, storage, snapshot)
    pdf = rendering.draw(snapshot, logo)
    with database.transaction() as session:
        return _keep(session, storage, certificate_id, snapshot, pdf)


def _is_wanted(certificate: Certificate) -> bool:
    return certificate.erased_at is None and (certificate.status == "valid" or certificate.file_id is not None)


def _logo(session: ReadSession, storage: Storage, snapshot: Snapshot) -> bytes | None:
    file = session.get(StoredFile, snapshot.logo_file_id) if snapshot.logo_file_id else None
    if file is None:
        return None
    with suppress(NotFound), storage.open(file.key) as opened:
        return opened.read()
    return None


def _keep(session: Session, storage: Storage, certificate_id: int, snapshot: Snapshot, pdf: bytes) -> Document | None:
    certificate = session.lock(Certificate, certificate_id)
    if not _is_wanted(certificate):
        return None
    if certificate.file_id:  # somebody else was faster
        return Document(snapshot, session.one(StoredFile, certificate.file_id))
    name = f"{snapshot.serial} {snapshot.name}.pdf"
    file = save_file(session, storage, pdf, name, "application/pdf", certificate.person_id)
    certificate.file_id, certificate.file_sha256 = file.id, file.sha256
    _tell(session, certificate, snapshot)
    return Document(snapshot, file)


def _tell(session: Session, certificate: Certificate, snapshot: Snapshot) -> None:
    if clock.now() - certificate.issued_at > NEWS:
        return
    person = session.one(Person, certificate.person_id)
    if person.email:
        with suppress(Invalid):  # an address that came with old records and is none must not keep the document away
            mail.send(
                session, person.email, "certificates/mail/issued", certificate.language, name=snapshot.name, course=snapshot.course,
                programme=snapshot.programme, verify_url=snapshot.verify_url,
            )  # fmt: skip
