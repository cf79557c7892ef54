"""Pages that a browser has already are not sent again: it asks whether they changed, and hears that they did not (RFC 9110 §13.1.2)."""

import re
from collections.abc import MutableMapping
from hashlib import blake2b
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lms.kernel.etags import is_known

_TOKENS = re.compile(rb'name="csrf_token" value="[^"]*"')


class Unchanged:
    """Gives each page an ETag and answers 304 to a browser that has this very page.

    Form tokens are left out of the comparison: they differ each time, and an earlier one is as good as a new one. They belong to
    the session or visitor, so whose page it is counts as well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self.app(scope, receive, send)
        asked, start = Headers(scope=scope), None

        async def answer(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message  # waits for the page itself
            elif start is not None:
                begun, start = start, None
                for part in _compared(begun, message, asked, _owner(asked, scope["state"])):
                    await send(part)
            else:
                await send(message)

        await self.app(scope, receive, answer)


def _is_page(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    is_html = start["status"] == 200 and headers.get("content-type", "").startswith("text/html")
    return is_html and "no-store" not in headers.get("cache-control", "") and "etag" not in headers


def _owner(asked: Headers, state: MutableMapping[str, Any]) -> str:
    """Whose page it is: the visitor's name counts where a form was made for one, who may have had no cookie yet."""
    return f"{asked.get('cookie', '')}\n{state['visitor'] if state.get('visitor_needed') else ''}"


def _compared(start: Message, piece: Message, asked: Headers, owner: str) -> tuple[Message, Message]:
    if piece.get("more_body", False):
        return start, piece
    digest = blake2b(_TOKENS.sub(b"", piece.get("body", b"")), digest_size=12)
    digest.update(owner.encode())
    headers, tag = MutableHeaders(scope=start), f'W/"{digest.hexdigest()}"'
    headers["etag"] = tag
    if not is_known(asked.get("if-none-match", ""), tag):
        return start, piece
    del headers["content-length"]
    return {**start, "status": 304}, {**piece, "body": b""}
