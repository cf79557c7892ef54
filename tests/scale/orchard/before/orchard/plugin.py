"""The declaration, and all there is behind it: a table, a page that reads and writes it, jobs that do."""

import os
import threading
from typing import Any

from fastapi import Request
from sqlmodel import Field, col, func, select
from starlette.responses import JSONResponse, Response

from lms.kernel.database import Row
from lms.kernel.jobs import JobRun
from lms.kernel.permissions import PUBLIC
from lms.kernel.web import Form, Read, Router, Write
from lms.plugin import Plugin

pages = Router()


class Pear(Row, table=True):
    """One pear, and the process that it came from. Nothing forbids two of one name: a test counts them."""

    __tablename__ = "orchard_pear"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    process: int


@pages.get("/orchard", permission=PUBLIC)
def orchard(request: Request, session: Read) -> Response:
    """How many there are, and who is asking."""
    host = request.client.host if request.client else ""
    return JSONResponse({"version": 1, "pears": session.scalar(select(func.count()).select_from(Pear)), "client": host})


@pages.post("/orchard", permission=PUBLIC)
def plant(session: Write, form: Form) -> Response:
    """One more."""
    session.add(Pear(name=form.get("name"), process=os.getpid()))
    return JSONResponse({"planted": form.get("name")}, 201)


def pick(run: JobRun, name: str) -> None:
    """The job: one pear, written with the end of the job."""
    with run.database.transaction() as session:
        session.add(Pear(name=name, process=os.getpid()))
        run.finish(session)


def hold(run: JobRun, name: str) -> None:
    """The job: says that it has begun, and goes on until there is a pear called "ripe"."""
    with run.database.transaction() as session:
        session.add(Pear(name=f"{name} begun", process=os.getpid()))
    while not _is_ripe(run):
        run.check_cancelled()
        threading.Event().wait(0.1)
    pick(run, name)


def _is_ripe(run: JobRun) -> Any:
    with run.database.reading() as session:
        return session.scalar(select(Pear.id).where(col(Pear.name) == "ripe").limit(1))


plugin = Plugin("orchard", "Orchard", pages=pages, jobs={"orchard.pick": pick, "orchard.hold": hold})
