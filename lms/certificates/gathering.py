"""Gathering what a certificate says, from the rows as they are on the day of issue."""

import gettext
from datetime import date
from typing import Any

from sqlalchemy import select

from lms.accounts.models import Person, Programme
from lms.certificates.snapshots import Snapshot
from lms.courses.cohorts import tutors
from lms.courses.models import Cohort, Course, CourseText
from lms.courses.queries import regions_of
from lms.kernel import i18n
from lms.kernel.database import Session

# SQLModel types a column as its value; in a statement it is a column.
_Text: Any = CourseText


def gather(session: Session, person: Person, cohort: Cohort, programme: Programme, serial: str, code: str, issued_on: date) -> Snapshot:
    """The facts of a person's certificate, in the language that it is written in."""
    language = language_for(person.language, cohort)
    course = session.one(Course, cohort.course_id)
    return Snapshot(
        serial=serial, code=code, language=language, name=printed_name(person), programme=programme.name, signatory=programme.signatory,
        course=_title(session, course, language), cohort=cohort.title, cohort_code=cohort.code, starts_on=cohort.starts_on,
        ends_on=cohort.ends_on, hours=course.hours, regions=regions_of(session, language, [cohort.id or 0]).get(cohort.id or 0, ()),
        tutors=tuple(tutors(session, cohort.id or 0).values()), issued_on=issued_on, logo_file_id=programme.logo_file_id,
        verify_url=f"{session.hub.base_url}/verify/{code}",
    )  # fmt: skip


def printed_name(person: Person) -> str:
    """How the person is named on a certificate."""
    return person.certificate_name or person.name


def language_for(wanted: str, cohort: Cohort) -> str:
    """The language of a certificate: what the person wants, else the cohort's, as far as our texts are translated into it."""
    return next((code for code in (wanted, cohort.language) if _is_spoken(code)), i18n.SOURCE)


def _is_spoken(code: str) -> bool:
    return code == i18n.SOURCE or isinstance(i18n.translations(code), gettext.GNUTranslations)


def _title(session: Session, course: Course, language: str) -> str:
    translated = session.scalar(select(_Text.title).where(_Text.course_id == course.id, _Text.language == language))
    return str(translated or course.title)
