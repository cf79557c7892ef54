"""What the forms about enrolments and applications accept."""

from typing import Annotated

from pydantic import BaseModel, Field

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class AnswerForm(BaseModel):
    """An application."""

    answer: Annotated[str, Field(max_length=10_000)] = ""


class PersonForm(BaseModel):
    """Somebody to enrol."""

    person: Annotated[str, Field(min_length=1, max_length=40)]


class AddressesForm(BaseModel):
    """Several addresses to enrol."""

    addresses: Annotated[str, Field(min_length=1, max_length=100_000)]


class StatusForm(BaseModel):
    """Enrolments that were ticked, and their new state."""

    enrolment: list[Number] = []
    status: Annotated[str, Field(max_length=20)] = ""


class DecisionForm(BaseModel):
    """Applications that were ticked, or the one whose own button was used, and what is decided."""

    application: list[Number] = []
    accept: Number | None = None
    reject: Number | None = None
    decision: Annotated[str, Field(max_length=20)] = ""
    note: Annotated[str, Field(max_length=5_000)] = ""


class NoteForm(BaseModel):
    """Words for everybody who is decided about."""

    note: Annotated[str, Field(max_length=5_000)] = ""
