"""What a route of the API may answer besides success, for its description."""

from typing import Any

from lms.kernel.api_problems import MEDIA_TYPE
from lms.kernel.permissions import PUBLIC

SENTENCES = {
    304: "Not modified: you have it in this state already (If-None-Match).",
    401: "No token, or one that is unknown, has expired or was revoked.",
    403: "Your role, or this token, does not allow it.",
    404: "There is no such thing, or it is not open to you.",
    409: "Its present state, or somebody else's change, does not allow it. Nothing was changed.",
    412: "It is not in the state any more that you read (If-Match). Nothing was changed.",
    413: "The body is larger than the server accepts.",
    415: "The body is in a format that is not read here.",
    422: "Something in the address or the body cannot be taken; `errors` says what.",
    429: "Too often. `Retry-After` says when to ask again.",
    500: "A fault of the server. The log has it under `request_id`.",
    503: "The server cannot do it just now. Nothing was changed; ask again later.",
}
_READING, _BODY, _EDITING = (304,), (409, 413, 415), (412,)


def responses_of(
    method: str, path: str, permission: str, status: int, also: tuple[int, ...], media_type: str
) -> dict[int | str, dict[str, Any]]:
    """The answers of a route by status."""
    found = {422, 429, 500, 503, *also}
    if permission != PUBLIC:
        found |= {401, 403}
    found |= {404} if "{" in path else set()
    found |= set(_READING) if method == "GET" else set(_BODY)
    found |= set(_EDITING) if method in ("PATCH", "PUT") else set()
    answers: dict[int | str, dict[str, Any]] = {number: _answer(number) for number in sorted(found)}
    if media_type:
        answers[status] = {"description": "The file.", "content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
    return answers


def _answer(number: int) -> dict[str, Any]:
    if number == 304:
        return {"description": SENTENCES[number]}
    answer: dict[str, Any] = {"description": SENTENCES[number]}
    answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if number == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "How to say who you are (RFC 6750)."}}
    if number == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return answer
