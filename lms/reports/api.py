"""The API of statistics: any dataset by its dimensions, as far as the person's roles reach."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from lms.kernel.api import Here, Me, Page, Paging, Read, Router, Shown, many, one, renamed
from lms.kernel.datasets import Dataset
from lms.reports import exporting, gathering
from lms.reports.addresses import Asked
from lms.reports.asking import ask

api = Router(tag="Statistics")


class ReportItem(Shown):
    """A report that one may ask for."""

    name: Annotated[str, Field(examples=["trainees"])]
    title: Annotated[str, Field(examples=["Trainees"])]
    description: Annotated[str, Field(description="How is counted.")]
    dimensions: Annotated[list[str], Field(description="What to count by.", examples=[["region", "gender"]])]
    measures: Annotated[list[str], Field(description="What is counted.", examples=[["trainees", "participations"]])]


class AnswerItem(Shown):
    """What a report says: a row for each combination that occurs, and last one for everything, whose dimensions read TOTAL."""

    report: Annotated[str, Field(examples=["trainees"])]
    title: Annotated[str, Field(examples=["Trainees by gender"])]
    by: Annotated[list[str], Field(examples=[["gender"]])]
    where: Annotated[dict[str, list[str]], Field(examples=[{"country": ["PE"]}])]
    since: Annotated[date | None, Field(alias="from", examples=["2026-01-01"])]
    until: Annotated[date | None, Field(alias="to", examples=["2026-12-31"])]
    made_at: datetime
    definitions: Annotated[dict[str, str], Field(description="What each column means.")]
    row_count: Annotated[int, Field(description="Rows without the total.", examples=[2])]
    rows: Annotated[
        list[dict[str, str | int | float | None]],
        Field(examples=[[{"gender": "female", "gender_name": "Female", "trainees": 12, "completion_rate": 0.75}]]),
    ]


def _asked(
    by: Annotated[
        list[str] | None,
        Query(max_length=12, description="Dimensions, repeated or joined by commas; none: the total alone.", examples=[["gender"]]),
    ] = None,
    where: Annotated[
        list[str] | None,
        Query(max_length=100, description="`dimension=value`, repeated. Of one dimension: either; of several: all. A region covers its "
              "parts, `region==005` means exactly this one.", examples=[["country=PE"]]),
    ] = None,
    since: Annotated[str, Query(alias="from", max_length=10, description="First day that counts (UTC).", examples=["2026-01-01"])] = "",
    until: Annotated[str, Query(alias="to", max_length=10, description="Last day that counts (UTC).", examples=["2026-12-31"])] = "",
) -> Asked:  # fmt: skip
    return Asked(by, tuple(where or ()), since, until)


AskedHere = Annotated[Asked, Depends(_asked)]


@api.get("/reports", permission="reports.view", answers=Page[ReportItem])
def reports(request: Request, me: Me, campus: Here, asked: Paging) -> Response:
    """The reports that this person may ask for."""
    open_to = list(enumerate(gathering.open_to(gathering.datasets(campus.plugins), me), 1))
    return many(request, ReportItem, asked, open_to[asked.after :][: asked.limit + 1], lambda row: row[0], lambda row: _report(row[1]))


def _report(dataset: Dataset) -> ReportItem:
    return ReportItem(
        name=dataset.name, title=str(dataset.title), description=str(dataset.description),
        dimensions=[dimension.name for dimension in dataset.dimensions], measures=[measure.name for measure in dataset.measures],
    )  # fmt: skip


@api.get("/reports/{name}", permission="reports.view", answers=AnswerItem)
def report(request: Request, name: str, asked: AskedHere, me: Me, session: Read, campus: Here) -> Response:
    """What a report says."""
    with renamed(**{"from": "?from", "to": "?to"}):
        answer = ask(session, me, gathering.datasets(campus.plugins), asked.question(name))
    return one(request, AnswerItem(**exporting.as_json(answer)))
