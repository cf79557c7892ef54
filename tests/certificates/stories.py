"""Words that the stories of this folder share: a trainee who has completed a cohort, and what the tools of poppler read in a PDF."""

import subprocess
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person
from lms.certificates.models import Certificate
from lms.courses.models import Cohort
from lms.enrollment import enrolling
from lms.enrollment.models import Enrolment
from lms.kernel.campus import Campus
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import StoredFile
from tests.factories import make_cohort, make_person

_Certificate: Any = Certificate


def enrolled(campus: Campus, cohort: Cohort, person: Person | None = None, **values: Any) -> Enrolment:
    """A trainee of the cohort."""
    person = person or make_person(campus, **values)
    with campus.database.transaction() as session:
        return enrolling.enrol(session, SYSTEM, cohort, person.id or 0)


def completed(campus: Campus, cohort: Cohort, person: Person | None = None, **values: Any) -> Enrolment:
    """A trainee who has completed the cohort; the work that follows is left in line."""
    enrolment = enrolled(campus, cohort, person, **values)
    with campus.database.transaction() as session:
        return enrolling.complete(session, SYSTEM, enrolment.id or 0)


def certified(campus: Campus, cohort: Cohort | None = None, person: Person | None = None, **values: Any) -> Certificate:
    """A certificate that was issued on completion, with its document."""
    enrolment = completed(campus, cohort or make_cohort(campus), person, **values)
    campus.run_jobs()
    return certificates(campus, enrolment_id=enrolment.id)[-1]


def certificates(campus: Campus, **where: Any) -> list[Certificate]:
    """Certificates, in the order of issue."""
    with campus.database.reading() as session:
        return list(session.scalars(select(Certificate).filter_by(**where).order_by(_Certificate.id)))


def pdf_of(campus: Campus, certificate: Certificate) -> bytes:
    """The stored document."""
    with campus.database.reading() as session:
        file = session.one(StoredFile, certificate.file_id)
    with campus.storage.open(file.key) as opened:
        return opened.read()


def read(pdf: bytes, folder: Path) -> str:
    """The text of a PDF, as pdftotext reads it."""
    return _tool("pdftotext", pdf, folder, "-")


def facts(pdf: bytes, folder: Path) -> dict[str, str]:
    """What pdfinfo says of a PDF."""
    lines = (line.partition(":") for line in _tool("pdfinfo", pdf, folder).splitlines())
    return {name.strip(): value.strip() for name, _colon, value in lines}


def _tool(name: str, pdf: bytes, folder: Path, *arguments: str) -> str:
    path = folder / "read.pdf"
    path.write_bytes(pdf)
    return subprocess.run([name, str(path), *arguments], capture_output=True, text=True, check=True).stdout
