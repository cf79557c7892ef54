"""Forms: what a browser sent, as typed, and the checked object made of it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from lms.kernel import i18n
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_

M = TypeVar("M", bound=BaseModel)


class FormInput:
    """What a browser sent in a form, as typed: shown again when something is wrong with it."""

    def __init__(self, form: FormData | Mapping[str, Any]) -> None:
        self._form = form

    def get(self, name: str, default: Any = "") -> str:
        """The text of a field as typed, or the default where it was not sent."""
        value = self._form.get(name, default)
        text = value if isinstance(value, str) else str(default if value is None or isinstance(value, UploadFile) else value)
        return text.replace("\0", "")  # which PostgreSQL cannot keep

    def getlist(self, name: str) -> list[str]:
        """Every text sent under this name."""
        values = self._form.getlist(name) if isinstance(self._form, FormData) else [self._form.get(name)]
        return [value.replace("\0", "") for value in values if isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """The files sent under this name; a file field left empty sends none."""
        values = self._form.getlist(name) if isinstance(self._form, FormData) else []
        return [value for value in values if isinstance(value, UploadFile) and value.filename]

    def __contains__(self, name: str) -> bool:
        return name in self._form


EMPTY = FormInput({})
_SENTENCES: dict[str, i18n.LazyText] = {
    "missing": N_("Please fill this in."),
    "string_too_short": N_("Please fill this in."),
    "string_too_long": N_("At most {max_length} characters."),
    "int_parsing": N_("Please write a whole number."),
    "int_type": N_("Please write a whole number."),
    "decimal_parsing": N_("Please write a number."),
    "date_from_datetime_parsing": N_("Please write a date as year-month-day, for example 2026-03-31."),
    "date_parsing": N_("Please write a date as year-month-day, for example 2026-03-31."),
    "greater_than_equal": N_("At least {ge}."),
    "less_than_equal": N_("At most {le}."),
    "greater_than": N_("More than {gt}."),
    "enum": N_("Please choose one of the options."),
    "literal_error": N_("Please choose one of the options."),
}


class AsTyped:
    """Marks a field whose text counts as it was typed, with the spaces around it: a password."""


def read_form(model: type[M], form: FormInput) -> M:
    """The form as a checked object. Blank optional fields count as not sent; a list field takes every value. Raises Invalid, by field."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if "list" in str(field.annotation):
            values[name] = form.getlist(name)
        elif (text := _typed(form, name, field.metadata)) or field.is_required():
            values[name] = text
    try:
        return model(**values)
    except ValidationError as error:
        raise Invalid({str(item["loc"][0]) if item["loc"] else "": _sentence(dict(item)) for item in error.errors()}) from None


def _typed(form: FormInput, name: str, marks: list[Any]) -> str:
    text = form.get(name, None) if name in form else ""
    return text if any(isinstance(mark, AsTyped) for mark in marks) else text.strip()


def _sentence(error: dict[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error.get("ctx", {}).get("error") or error["msg"])
    known = _SENTENCES.get(error["type"])
    return str(known).format(**error.get("ctx", {})) if known else str(N_("This is not understood."))
