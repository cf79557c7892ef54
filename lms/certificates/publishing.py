"""What other systems are told of a certificate."""

from typing import Any

from lms.certificates.events import CertificateIssued, CertificateRevoked
from lms.certificates.models import Certificate
from lms.kernel.database import ReadSession


def facts(session: ReadSession, event: CertificateIssued | CertificateRevoked) -> dict[str, Any]:
    """Its number, and the code by which anybody can check it."""
    certificate = session.one(Certificate, event.certificate_id)
    return {"serial": certificate.serial, "certificate": certificate.code, "status": certificate.status}
