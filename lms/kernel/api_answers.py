"""Answers of the API: one item or a page of them, as much of it as was asked for, with a tag of its state (RFC 9110 §8.8.3)."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from lms.kernel.api_asking import Asked, cursor_after, wanted_fields
from lms.kernel.api_problems import InvalidRequest
from lms.kernel.errors import Refused
from lms.kernel.etags import is_known
from lms.kernel.i18n import N_

T = TypeVar("T")
HEADERS = {"cache-control": "private, no-cache", "vary": "Authorization, Cookie, Accept-Language"}


def _nothing_required(schema: dict[str, Any]) -> None:
    schema.pop("required", None)  # whoever asks with `fields` gets only those


class Shown(BaseModel):
    """Base of what the API shows. Any of its fields may be left out with `fields`."""

    model_config = ConfigDict(from_attributes=True, extra="forbid", json_schema_extra=_nothing_required)


S = TypeVar("S", bound=Shown)


class Page(BaseModel, Generic[S]):
    """A page of a collection."""

    model_config = ConfigDict(extra="forbid")
    items: list[S]
    next: str | None
    """The cursor of the page after this one; null on the last one."""


class Outdated(Refused):
    """What was read is not what is there any more."""

    status = 412
    title = N_("Changed in the meantime")
    message = N_("This has changed since you read it. Read it again; nothing was overwritten.")


def one(request: Request, item: Shown, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An item with the tag of its state; 304 for whoever has it in that state already. Raises InvalidRequest for unknown fields."""
    content, names = item.model_dump(mode="json", by_alias=True), wanted_fields(request)
    tag = _quoted(state_of(item), names)
    return _tagged(request, _cut(type(item), content, names), tag, status, headers or {})


def made(request: Request, item: Shown, path: str) -> Response:
    """A new item: 201 with its address."""
    return one(request, item, 201, {"location": path, "cache-control": "no-store"})


def many(
    request: Request, model: type[S], asked: Asked, rows: Sequence[T], identifier: Callable[[T], int], show: Callable[[T], S]
) -> Response:
    """A page of a collection. `rows`: one more than asked for, where there are; they are in the order of their identifiers."""
    names, shown = wanted_fields(request), rows[: asked.limit]
    items = [_cut(model, show(row).model_dump(mode="json", by_alias=True), names) for row in shown]
    following = cursor_after(request, identifier(shown[-1])) if len(rows) > asked.limit else None
    content = {"items": items or _cut_nothing(model, names), "next": following}
    return _tagged(request, content, _quoted(_digest(content), names), 200, {})


def _tagged(request: Request, content: Any, tag: str, status: int, headers: Mapping[str, str]) -> Response:
    head = {**HEADERS, "etag": tag, **headers}
    if request.method in ("GET", "HEAD") and _is_named(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=head)
    return JSONResponse(content, status, head)


def check_match(request: Request, item: Shown) -> None:
    """Refuse a change for somebody who read another state than the present one. Raises Outdated."""
    wanted = request.headers.get("if-match")
    if wanted is not None and not _is_named(wanted, _quoted(state_of(item), ()), only_state=True):
        raise Outdated()


def state_of(item: Shown) -> str:
    """A digest of everything that an item says."""
    return _digest(item.model_dump(mode="json", by_alias=True))


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def _quoted(state: str, names: Sequence[str]) -> str:
    """Other fields are another representation, so another tag; the part before the dot names the state alone."""
    return f'"{state}"' if not names else f'"{state}.{hashlib.sha256(",".join(sorted(names)).encode()).hexdigest()[:8]}"'


def _is_named(header: str, tag: str, *, only_state: bool = False) -> bool:
    named = [part.strip() for part in header.split(",")]
    if only_state:  # RFC 9110 §13.1.1: a weak tag never matches here
        return "*" in named or tag in {f'"{part.strip(chr(34)).partition(".")[0]}"' for part in named if not part.startswith("W/")}
    return "*" in named or is_known(header, tag)


def _cut(model: type[Shown], content: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    known = [field.alias or name for name, field in model.model_fields.items()]
    if unknown := [name for name in names if name not in known]:
        sentence = str(N_("There is no field “{name}”. You can choose: {known}.")).format(name=unknown[0], known=", ".join(known))
        raise InvalidRequest({"?fields": sentence})
    return {name: content[name] for name in names} if names else content


def _cut_nothing(model: type[Shown], names: Sequence[str]) -> list[Any]:
    _cut(model, dict.fromkeys(names), names)  # a field with a spelling mistake is one in an empty collection too
    return []
