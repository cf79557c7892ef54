"""What a request to the API asks for: how many, from where on, which fields; and bodies that are really JSON."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from lms.kernel.api_problems import InvalidRequest
from lms.kernel.errors import Refused, TooLarge
from lms.kernel.i18n import N_
from lms.kernel.web import campus_of

LIMIT, MOST = 50, 500
MOST_JSON = 2 << 20
"""Bytes of a JSON body: read whole, it becomes many times as large. Files come as multipart, up to the limit of the site."""
_JSON = "application/json"
_MULTIPART = "multipart/form-data"
PAGING = ("limit", "cursor", "fields")


class WrongMediaType(Refused):
    """A body in a format that this address does not read."""

    status = 415
    title = N_("Wrong media type")
    message = N_("Send the body as {wanted}.")


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of a collection is wanted: rows with an id above `after`, by their ids, `limit` of them."""

    limit: int
    after: int


def cursor_after(request: Request, identifier: int) -> str:
    """The cursor of the page that begins after this id. It holds for this collection with these filters alone."""
    number = str(identifier)
    return base64.urlsafe_b64encode(f"{number}.{_seal(request, number)}".encode()).decode().rstrip("=")


def _seal(request: Request, number: str) -> str:
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in PAGING)
    said = json.dumps([request.url.path, filters, number]).encode()
    return hmac.new(campus_of(request).settings.secret, b"cursor:" + said, hashlib.sha256).hexdigest()[:24]


def _read_cursor(request: Request, cursor: str) -> int:
    try:
        number, _dot, seal = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(".")
    except ValueError:
        number, seal = "", ""
    if not number.isdecimal() or not hmac.compare_digest(seal, _seal(request, number)):
        raise InvalidRequest({"?cursor": N_("This is no cursor of this collection with these filters. Begin again without one.")})
    return int(number)


async def _asked(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many items at most.", examples=[LIMIT])] = LIMIT,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before; leave it out for the first page.")] = None,
) -> Asked:
    return Asked(limit, _read_cursor(request, cursor) if cursor is not None else 0)


Paging = Annotated[Asked, Depends(_asked)]
"""The page that a request to a collection asks for."""


async def _fields(
    fields: Annotated[
        str | None,
        Query(max_length=500, description="Only these fields of each item, joined by commas.", pattern=r"^\w+(,\w+)*$", examples=["code"]),
    ] = None,
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fields.split(","))) if fields else ()


Fields = Depends(_fields)
"""A dependency that documents `fields`; answers read it from the address themselves."""


def wanted_fields(request: Request) -> tuple[str, ...]:
    """The names asked for with `fields`; none for all."""
    return tuple(name for name in dict.fromkeys(request.query_params.get("fields", "").split(",")) if name)


def parameters_of(dependant: Dependant) -> frozenset[str]:
    """The parameters that a route and what it depends on read from the address."""
    own = {field.alias for field in dependant.query_params}
    return frozenset(own.union(*(parameters_of(part) for part in dependant.dependencies)))


def check_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse parameters that the route does not know: a filter with a spelling mistake must not answer all. Raises InvalidRequest."""
    if unknown := [name for name in request.query_params if name not in known]:
        sentence = str(N_("There is no such parameter here. You can choose: {known}.")).format(known=", ".join(sorted(known)) or "–")
        raise InvalidRequest({f"?{name}": sentence for name in unknown})


async def check_json(request: Request) -> bytes:
    """The body as sent, a JSON object of texts that can be stored. Raises WrongMediaType, TooLarge, InvalidRequest."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _JSON and not (media_type.startswith("application/") and media_type.endswith("+json")):
        raise WrongMediaType(wanted=_JSON)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MOST_JSON:
        raise TooLarge(limit=MOST_JSON >> 20)
    body = await request.body()
    if len(body) > MOST_JSON:
        raise TooLarge(limit=MOST_JSON >> 20)
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_no_number)
        is_storable = _is_storable(content)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest({"": f"JSON: {error}" if isinstance(error, ValueError) else "JSON: too deep"}) from None
    if not isinstance(content, dict):
        raise InvalidRequest({"": N_("The body must be a JSON object.")})
    if not is_storable:
        raise InvalidRequest({"": N_("The sign U+0000 cannot be part of a text.")})
    return body


def _no_number(sign: str) -> None:
    raise ValueError(f"{sign} is no JSON (RFC 8259)")


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):  # neither halves of a pair nor U+0000 can be kept by PostgreSQL
        return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value)
    if isinstance(value, dict):
        return all(_is_storable(part) for pair in value.items() for part in pair)
    return all(map(_is_storable, value)) if isinstance(value, list) else True


async def check_form(request: Request) -> FormData:
    """The parts of a multipart body. Raises WrongMediaType, InvalidRequest."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MULTIPART:
        raise WrongMediaType(wanted=_MULTIPART)
    try:
        form = await request.form(max_files=50, max_part_size=2 * 1024 * 1024)
    except HTTPException as error:
        raise InvalidRequest({"": str(error.detail)}) from None
    if any(not _is_storable(part) for name, value in form.multi_items() for part in (name, value if isinstance(value, str) else "")):
        raise InvalidRequest({"": N_("The sign U+0000 cannot be part of a text.")})
    return form


async def form_hash(form: FormData) -> str:
    """A digest of what a multipart body says: its boundary may be another one each time."""
    found = hashlib.sha256()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            found.update(repr((name, value.filename, value.content_type)).encode())
            while piece := await value.read(1 << 20):
                found.update(piece)
            await value.seek(0)
        else:
            found.update(repr((name, value)).encode())
    return found.hexdigest()
