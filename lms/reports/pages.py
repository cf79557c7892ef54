"""Pages of statistics: the list of reports, a report, its definitions, and its files."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from lms.kernel import i18n, spreadsheet
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.permissions import Actor
from lms.kernel.storage import content_disposition
from lms.kernel.web import FormInput, Here, Me, Read, Router, page
from lms.reports import addresses, exporting, filtering, gathering, presenting
from lms.reports.addresses import Asked
from lms.reports.asking import Answer, ask
from lms.reports.questions import Question
from lms.reports.remembering import recall

pages = Router()


def _asked(
    by: Annotated[list[str] | None, Query()] = None,
    where: Annotated[list[str] | None, Query()] = None,
    since: Annotated[str, Query(alias="from")] = "",
    until: Annotated[str, Query(alias="to")] = "",
) -> Asked:
    return Asked(by, tuple(where or ()), since, until)


AskedHere = Annotated[Asked, Depends(_asked)]
"""What the address asks."""

WRITERS: dict[str, tuple[str, Callable[[Answer, Actor], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", lambda answer, me: b"".join(exporting.as_csv(answer))),
    "json": ("application/json", lambda answer, me: json.dumps(exporting.as_json(answer), ensure_ascii=False).encode()),
    "xlsx": (spreadsheet.MEDIA_TYPE, lambda answer, me: exporting.as_workbook(answer, me.timezone)),
}


@pages.get("/reports", permission="reports.view")
def reports_page(request: Request, me: Me, campus: Here) -> Response:
    """The reports that this person may see, with the questions that are asked often."""
    datasets = gathering.open_to(gathering.datasets(campus.plugins), me)
    links = {
        dataset.name: [(shortcut.title, addresses.page_of(Question(dataset.name, shortcut.by))) for shortcut in dataset.shortcuts]
        for dataset in datasets
    }
    return page(request, "reports/reports.html", datasets=datasets, links=links)


@pages.get("/reports/{name}/definitions", permission="reports.view")
def definitions_page(request: Request, name: str, me: Me, campus: Here) -> Response:
    """What the figures of a report mean."""
    return page(request, "reports/definitions.html", dataset=gathering.find(gathering.datasets(campus.plugins), me, name))


@pages.get("/reports/{name}/export.{kind}", permission="reports.view")
def export(name: str, kind: str, asked: AskedHere, me: Me, session: Read, campus: Here) -> Response:
    """The whole answer as a file."""
    if kind not in WRITERS:
        raise NotFound()
    answer = ask(session, me, gathering.datasets(campus.plugins), asked.question(name))
    media_type, write = WRITERS[kind]
    headers = {"content-disposition": content_disposition(exporting.file_name(answer, kind))}
    return Response(write(answer, me), media_type=media_type, headers=headers)


@pages.get("/reports/{name}", permission="reports.view")
def report_page(request: Request, name: str, asked: AskedHere, me: Me, session: Read, campus: Here) -> Response:
    """A report: figures, filters, bars and a table that leads from the large to the small."""
    datasets = gathering.datasets(campus.plugins)
    dataset = gathering.find(datasets, me, name)
    if asked.by is None:
        asked = replace(asked, by=list(dataset.shortcuts[0].by if dataset.shortcuts else (dataset.dimensions[0].name,)))
    question, errors = _question(name, asked)
    answer, choices = _answered(session, me, campus, question)
    view = presenting.view(answer, choices)
    form = FormInput({"from": asked.since, "to": asked.until})
    return page(request, "reports/report.html", status=422 if errors else 200, answer=answer, view=view, form=form, errors=errors)


def _answered(session: ReadSession, me: Actor, campus: Campus, question: Question) -> tuple[Answer, presenting.Choices]:
    """The answer, and the values that can be chosen: the same for everybody whose roles reach as far and who reads that language."""
    datasets = gathering.datasets(campus.plugins)
    dataset = gathering.find(datasets, me, question.report)
    offered = [dimension for dimension in dataset.dimensions if dimension.is_filter]

    def count() -> tuple[Answer, presenting.Choices]:
        return ask(session, me, datasets, question), filtering.choices(session, me, dataset, offered)

    return recall(campus.database, (question, me.reach(dataset.permission), i18n.locale()), count)


def _question(name: str, asked: Asked) -> tuple[Question, dict[str, str]]:
    """The question, and by field what is wrong with its dates, which are left out then."""
    try:
        return asked.question(name), {}
    except Invalid as wrong:
        return replace(asked, since="", until="").question(name), wrong.errors
