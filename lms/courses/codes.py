"""The codes of courses and cohorts: part of addresses, so each is taken once and for all."""

import re
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from lms.courses.models import Cohort, Course
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
RESERVED = ("new",)
"""What the addresses of pages use at the place of a code."""

CodedRow = TypeVar("CodedRow", Course, Cohort)


def free_code(session: ReadSession, model: type[Cohort] | type[Course], code: str) -> str:
    """The code where it can be part of an address and nobody has it, in whatever letters. Raises Invalid."""
    code = code.strip()
    if not CODE.fullmatch(code) or code.lower() in RESERVED:
        raise Invalid({"code": N_("Letters, digits, dots and hyphens, at most 40, for example POLI-2026-LA.")})
    column: Any = model.code
    if session.scalar(select(column).where(func.lower(column) == code.lower())):
        raise taken()
    return code


def add(session: Session, row: CodedRow) -> CodedRow:
    """Add a course or cohort; whoever takes the same code at the same moment is told. Raises Invalid."""
    try:
        with session.attempt():
            return session.add(row)
    except IntegrityError as error:
        if "code" in str(error.orig):
            raise taken() from None
        raise


def taken() -> Invalid:
    """Somebody has this code."""
    return Invalid({"code": N_("This code is taken.")})
