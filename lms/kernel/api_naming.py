"""What bodies of the API name by code: where there is no such thing, the problem points at the field."""

from collections.abc import Iterator
from contextlib import contextmanager

from lms.kernel.errors import Invalid, NotFound
from lms.kernel.i18n import N_


@contextmanager
def named_by(field: str) -> Iterator[None]:
    """Turn a thing that is not found, or not for this person, into a body that cannot be taken because of this field."""
    try:
        yield
    except NotFound as refusal:
        raise Invalid({field: N_("There is nothing with this code, or it is not open to you.")}) from refusal
