"""The JSON API: how a plugin adds a resource.

    api = Router(tag="Courses")

    class Course(Shown):                                     # what the API says; a docstring and examples go into its description
        code: str
        title: str

    class NewCourse(Body):                                   # what it accepts; unknown fields are refused
        code: Annotated[str, Field(max_length=40, examples=["POLI"])]

    @api.get("/courses", permission=SIGNED_IN, answers=Page[Course])
    def courses(request: Request, me: Me, session: Read, asked: Paging, language: str = "") -> Response:
        rows = queries.courses(session, me.reach("courses.view_drafts"), asked.after, asked.limit + 1)
        return many(request, Course, asked, rows, lambda row: row.id, Course.model_validate)

    @api.get("/courses/{code}", permission=SIGNED_IN, answers=Course)
    def course(request: Request, code: str, me: Me, session: Read) -> Response:
        return one(request, shown(load(session, me, code)))  # a stranger gets NotFound, a member without the right Forbidden

    @api.post("/courses", permission="courses.edit", answers=Course)
    def add(request: Request, new: NewCourse, me: Me, session: Write) -> Response:
        return made(request, shown(editing.create_course(session, me, **new.model_dump())), f"{API}/courses/{new.code}")

`plugin.py` declares `api=api`. The routes are three lines of thought like those of pages: rules stay in services. What comes by itself:
the bearer token and its scope (`read` for GET, `write` for the rest), problems for every refusal, parameters that the route does not
declare refused, `limit` and `cursor` (Paging), `fields`, tags of states with 304, HEAD, Idempotency-Key on every POST (through `Write`,
which is this module's, not that of pages), and all of it in the description at /api/v1/openapi.json.

- A change of one thing calls `check_match(request, shown(row))` after locking the row: If-Match, 412.
- A body with files: parameters `Annotated[str, Form()]`, `Annotated[list[UploadFile], File()]`; it is then multipart/form-data.
- `also=(409,)` documents further refusals; `status=202` and `answers=` say what a success is. `media_type=` documents a file.
- Services name the fields of forms; `with renamed(country_code="country"):` gives the pointers of problems the names of the API.
- A new address with an object needs a sample in tests/security/objects.py.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form as FormParameter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Strict
from starlette.responses import Response

from lms.kernel import api_replays
from lms.kernel.api_answers import Outdated, Page, Shown, check_match, made, many, one
from lms.kernel.api_asking import Asked, Fields, Paging, WrongMediaType, check_form, check_json, check_parameters, form_hash, parameters_of
from lms.kernel.api_gate import ApiGate, needed, token_of
from lms.kernel.api_problems import InvalidRequest, misread
from lms.kernel.api_replays import Sent
from lms.kernel.api_responses import responses_of
from lms.kernel.database import Session
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_
from lms.kernel.web import API, Again, Here, Id, Me, Read, campus_of, origin_of

__all__ = [
    "API", "Asked", "Body", "Here", "Id", "InvalidRequest", "Me", "Outdated", "Page", "Paging", "Read", "Router", "Shown", "Whole",
    "Write", "WrongMediaType", "check_match", "made", "many", "one", "renamed", "token_of",
]  # fmt: skip


Whole = Annotated[int, Strict()]
"""A number in a body: neither true nor "5" is one."""


class Body(BaseModel):
    """Base of what the API accepts: a field with a spelling mistake is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")


class ApiRoute(APIRoute):
    """A route that asks who is there before it reads anything, and keeps its answer for those who send the same twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of a request, inside the transaction that the route asked for."""
        handle = super().get_route_handler()
        gate = next(d.dependency for d in self.dependencies if isinstance(d.dependency, ApiGate))
        known = parameters_of(self.dependant)

        async def answer(request: Request) -> Response:
            await gate(request)
            check_parameters(request, known)
            digest = await self._read_body(request)
            request.state.sent = _sent(request, digest)
            try:
                response = await handle(request)
            except RequestValidationError as error:
                raise misread(error) from None
            await _keep(request, response)
            return response

        return answer

    async def _read_body(self, request: Request) -> str:
        if self.body_field is None:
            return ""
        if isinstance(self.body_field.field_info, FormParameter):
            form = await check_form(request)
            return await form_hash(form) if "idempotency-key" in request.headers else ""
        return sha256(await check_json(request)).hexdigest()


def _sent(request: Request, digest: str) -> Sent | None:
    key, actor = request.headers.get("idempotency-key"), request.state.actor
    if key is None or request.method != "POST":
        return None
    if not api_replays.is_key(key):
        raise InvalidRequest({"": N_("An Idempotency-Key has 1 to 200 visible signs of ASCII.")})
    return Sent(actor.id, key, request.method, request.url.path, digest)


async def _keep(request: Request, response: Response) -> None:
    sent, session = request.state.sent, getattr(request.state, "api_session", None)
    if sent and session:
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        await run_in_threadpool(api_replays.keep, session, sent, response.status_code, headers, bytes(response.body))


async def _writing(request: Request) -> AsyncIterator[Session]:
    async with campus_of(request).database.transaction_async(origin_of(request)) as session:
        if request.state.sent:
            if before := await run_in_threadpool(api_replays.begin, session, request.state.sent):
                raise Again(before)
            request.state.api_session = session
        yield session


Write = Annotated[Session, Depends(_writing, scope="function")]
"""The transaction of this request, with its answer in it where an Idempotency-Key came along."""


class Router(APIRouter):
    """Routes of the API below /api/v1, each with its permission and what it answers."""

    def __init__(self, *, tag: str) -> None:
        super().__init__(prefix=API, tags=[tag], route_class=ApiRoute)

    def _route(
        self,
        methods: list[str],
        path: str,
        permission: str,
        answers: Any,
        status: int,
        also: tuple[int, ...],
        media_type: str,
        options: Any,
    ) -> Callable[[Any], Any]:
        def register(endpoint: Any) -> Any:
            gate = ApiGate(permission, needed(methods[0]))
            is_item = isinstance(answers, type) and issubclass(answers, (Shown, Page))
            self.add_api_route(
                path, endpoint, methods=methods, response_model=answers, status_code=status, include_in_schema=True,
                dependencies=[Depends(gate), *([Fields] if is_item else [])],
                responses=responses_of(methods[0], self.prefix + path, permission, status, also, media_type), **options,
            )  # fmt: skip
            return endpoint

        return register

    def get(  # type: ignore[override]  # ours asks for more
        self, path: str, *, permission: str, answers: Any = None, also: tuple[int, ...] = (), media_type: str = "", **options: Any
    ) -> Callable[[Any], Any]:
        """Something to read; `media_type` where it is no JSON but a file."""
        return self._route(["GET", "HEAD"], path, permission, answers, 200, also, media_type, options)

    def post(  # type: ignore[override]  # ours asks for more
        self, path: str, *, permission: str, answers: Any, status: int = 201, also: tuple[int, ...] = (), **options: Any
    ) -> Callable[[Any], Any]:
        """Something new. Its session must be `Write`, so that sent twice it is done once."""
        return self._route(["POST"], path, permission, answers, status, also, "", options)

    def patch(  # type: ignore[override]  # ours asks for more
        self, path: str, *, permission: str, answers: Any, also: tuple[int, ...] = (), **options: Any
    ) -> Callable[[Any], Any]:
        """A change of some fields."""
        return self._route(["PATCH"], path, permission, answers, 200, also, "", options)

    def put(  # type: ignore[override]  # ours asks for more
        self, path: str, *, permission: str, answers: Any, also: tuple[int, ...] = (), **options: Any
    ) -> Callable[[Any], Any]:
        """A thing in place of the one that was there."""
        return self._route(["PUT"], path, permission, answers, 200, also, "", options)


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Give the fields in the problems of a service the names that the API has for them."""
    try:
        yield
    except Invalid as refusal:
        raise Invalid({names.get(field, field): sentence for field, sentence in refusal.errors.items()}) from refusal
