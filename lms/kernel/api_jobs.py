"""The JSON API of background work: how far it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from lms.kernel import jobs
from lms.kernel.api import API, Id, Me, Read, Router, Shown, one
from lms.kernel.jobs import JobStatus
from lms.kernel.permissions import SIGNED_IN

api = Router(tag="Background work")


class Job(Shown):
    """Work that is done outside a request."""

    id: Annotated[int, Field(examples=[77])]
    title: Annotated[str, Field(examples=["Issuing certificates: Influencing policy"])]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    done: Annotated[int, Field(description="Of `total`, which is 0 while it is unknown.", examples=[40])]
    total: Annotated[int, Field(examples=[120])]
    result: Annotated[dict[str, Any] | None, Field(description="What came of it, such as the address of a page.", examples=[None])]
    created_at: datetime
    finished_at: datetime | None
    url: Annotated[str, Field(examples=["/api/v1/jobs/77"])]


def shown(status: JobStatus) -> Job:
    """The job as programs see it. Its error stays with the operators: it may name what is inside."""
    result: Mapping[str, Any] | None = status.result
    return Job(
        id=status.id, title=status.title, state=status.state, done=status.done, total=status.total,
        result=dict(result) if result is not None else None, created_at=status.created_at, finished_at=status.finished_at,
        url=f"{API}/jobs/{status.id}",
    )  # fmt: skip


@api.get("/jobs/{job_id}", permission=SIGNED_IN, answers=Job)
def job(request: Request, job_id: Id, me: Me, session: Read) -> Response:
    """How far a job is, for the person who started it."""
    return one(request, shown(jobs.status_for(session, me, job_id)))
