"""What is news to people about their certificates."""

from collections.abc import Iterator

from lms.certificates.events import CertificateIssued, CertificateRevoked
from lms.courses.models import Cohort
from lms.kernel.database import Session
from lms.kernel.i18n import N_
from lms.kernel.notices import News, Notice


def _of_certificate(session: Session, happened: CertificateIssued | CertificateRevoked) -> Iterator[News]:
    facts = {"cohort": session.one(Cohort, happened.cohort_id).title}
    yield News(happened.person_id, str(happened.certificate_id), "/certificates", facts)


NOTICES = (
    Notice("certificates.issued", CertificateIssued, N_("Your certificate for “{cohort}” is there."), _of_certificate),
    Notice("certificates.revoked", CertificateRevoked, N_("Your certificate for “{cohort}” is not valid any more."), _of_certificate),
)
