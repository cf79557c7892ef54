"""The declaration: reads the new column where it is filled, always writes it, and fills the rest by a job, in small steps."""

import os

from sqlmodel import Field, col, func, select
from starlette.responses import JSONResponse, Response

from lms.kernel import jobs
from lms.kernel.database import Row, Session
from lms.kernel.jobs import JobRun
from lms.kernel.permissions import PUBLIC
from lms.kernel.web import Form, Read, Router, Write
from lms.plugin import Plugin

FILL, BATCH = "orchard.fill", 20
pages = Router()


class Pear(Row, table=True):
    """One pear. What the version before planted has no colour until the job comes by."""

    __tablename__ = "orchard_pear"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    process: int
    colour: str | None = Field(default=None, index=True)


def colour_of(name: str) -> str:
    """What the column will hold."""
    return "green" if len(name) % 2 else "yellow"


@pages.get("/orchard", permission=PUBLIC)
def orchard(session: Read) -> Response:
    """How many there are of each colour, the unfilled ones worked out as they are read."""
    found = session.execute(select(Pear.name, Pear.colour)).all()
    green = sum((row.colour or colour_of(row.name)) == "green" for row in found)
    return JSONResponse({"version": 2, "pears": len(found), "green": green})


@pages.post("/orchard", permission=PUBLIC)
def plant(session: Write, form: Form) -> Response:
    """One more, with its colour."""
    name = form.get("name")
    session.add(Pear(name=name, process=os.getpid(), colour=colour_of(name)))
    return JSONResponse({"planted": name}, 201)


def fill(run: JobRun) -> None:
    """The job: a few rows in each transaction, so that nobody waits for it."""
    while rows := _fill_some(run):
        run.progress(rows, rows)


def _fill_some(run: JobRun) -> int:
    with run.database.transaction() as session:
        some = session.scalars(select(Pear).where(col(Pear.colour).is_(None)).limit(BATCH).with_for_update(skip_locked=True)).all()
        for pear in some:
            pear.colour = colour_of(pear.name)
        return len(some)


def setup(session: Session) -> None:
    """After every migration: put the job in line where there is something to fill."""
    if session.scalar(select(func.count()).where(col(Pear.colour).is_(None))):
        jobs.enqueue(session, FILL, {}, dedupe=FILL)


plugin = Plugin("orchard", "Orchard", pages=pages, jobs={FILL: fill}, setup=setup)
