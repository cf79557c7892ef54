"""Forms that a device sends later, and perhaps twice, because its line broke: with an Idempotency-Key each is done once.

The answers are kept beside those of the API, by its rules (`api_replays`). A device that sends in the background asks for JSON: it gets
{"location": ...} for what was done, and a problem (RFC 9457) for what was refused.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from lms.kernel import api_replays
from lms.kernel.api_asking import form_hash
from lms.kernel.api_replays import Sent
from lms.kernel.database import Session
from lms.kernel.errors import Invalid, Refused
from lms.kernel.i18n import N_
from lms.kernel.web import Again, campus_of, origin_of, wants_json

SEE_OTHER = 303


class OnceRoute(APIRoute):
    """A form that may be sent again: `pages.post(..., route_class_override=OnceRoute)`, whose session is `Once`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of a request, inside the transaction that the route asked for."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
                await _keep(request, response)
            except Again as again:
                refusal = again.__cause__
                if isinstance(refusal, Refused):  # shown beside the form to a person, told to a program
                    raise (refusal if wants_json(request) else again) from None
                response = again.response
            return _as_asked(request, response)

        return answer


def _as_asked(request: Request, response: Response) -> Response:
    """Where to go on, in JSON for a device that cannot see where a redirect leads."""
    if response.status_code != SEE_OTHER or not wants_json(request):
        return response
    return JSONResponse({"location": response.headers["location"]}, headers={"cache-control": "no-store"})


async def _sent(request: Request) -> Sent | None:
    key = request.headers.get("idempotency-key")
    if key is None or request.state.actor.id is None:
        return None
    if not api_replays.is_key(key):
        raise Invalid({"": N_("An Idempotency-Key has 1 to 200 visible signs of ASCII.")})
    form: FormData = request.state.form
    said = FormData([(name, value) for name, value in form.multi_items() if name != "csrf_token"])  # another one each time
    return Sent(request.state.actor.id, key, request.method, request.url.path, await form_hash(said))


async def _keep(request: Request, response: Response) -> None:
    sent, session = request.state.once
    if sent and response.status_code == SEE_OTHER:
        await run_in_threadpool(api_replays.keep, session, sent, SEE_OTHER, {"location": response.headers["location"]}, b"")


async def _once(request: Request) -> AsyncIterator[Session]:
    sent = await _sent(request)
    async with campus_of(request).database.transaction_async(origin_of(request)) as session:
        if sent and (before := await run_in_threadpool(api_replays.begin, session, sent)):
            raise Again(before)
        request.state.once = sent, session
        yield session


Once = Annotated[Session, Depends(_once, scope="function")]
"""The transaction of this request, with its answer in it where an Idempotency-Key came along."""
