"""What happens to certificates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateIssued:
    """A person has a certificate; its document is drawn soon."""

    certificate_id: int
    person_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class CertificateRevoked:
    """A certificate is not valid any more."""

    certificate_id: int
    person_id: int
    cohort_id: int
