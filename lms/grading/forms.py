"""What the forms about work and grades accept."""

from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from lms.grading.items import NAME_LENGTH
from lms.grading.points import MOST, read_points
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_
from lms.kernel.web import FormInput, read_form

MAX_NUMBER = 2**31 - 1
Id = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
"""A number in an address; one beyond what the database counts leads nowhere."""


class VersionForm(BaseModel):
    """The version that was read."""

    version: Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class _ItemForm(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
    points: str
    weight: str


def read_item(form: FormInput) -> tuple[str, Decimal, Decimal]:
    """Name, points and weight of a column. Raises Invalid."""
    given = read_form(_ItemForm, form)
    points, weight = read_points(given.points, MOST), read_points(given.weight, MOST, "weight")
    if points is None or weight is None:
        raise Invalid({"points" if points is None else "weight": N_("Please fill this in.")})
    return given.name, points, weight


def read_version(form: FormInput, field: str = "version") -> int:
    """The version that was read. Raises Invalid."""
    return read_form(VersionForm, FormInput({"version": form.get(field)})).version


def read_ids(form: FormInput, field: str) -> list[int]:
    """The numbers sent under this name; what is none is passed over."""
    return [int(text) for text in form.getlist(field) if text.isascii() and text.isdigit() and len(text) < 10]
