"""Pages of grades: a trainee's own, the gradebook of a cohort, and the columns that are filled in by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from lms.courses.loading import load_cohort
from lms.courses.models import Cohort
from lms.enrollment.queries import PRESENT
from lms.grading import books, items, marking, own_grades, sheets
from lms.grading.books import EVERYBODY
from lms.grading.forms import Id, read_ids, read_item, read_version
from lms.grading.models import GradeItem
from lms.grading.points import plain
from lms.kernel import csvio
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid
from lms.kernel.i18n import _, counted
from lms.kernel.lists import next_url
from lms.kernel.permissions import Actor
from lms.kernel.storage import content_disposition
from lms.kernel.web import Form, FormInput, Me, Read, Router, Write, local_url, page, redirect, redisplay

pages = Router()


@pages.get("/grades", permission="grading.submit")
def grades_page(request: Request, me: Me, session: Read) -> Response:
    """The person's own grades, in every cohort."""
    return page(request, "grading/grades.html", cohorts=own_grades.grades_of(session, me.id or 0))


@pages.get("/staff/cohorts/{code}/grades", permission="grading.view")
def gradebook_page(request: Request, code: str, me: Me, session: Read, everybody: str = "", after: str = "") -> Response:
    """Trainees and their grades; on request also those who are suspended."""
    cohort = load_cohort(session, me, code, "grading.view")
    book = books.gradebook(session, cohort.id or 0, statuses=EVERYBODY if everybody else PRESENT, after=after)
    return page(
        request, "grading/gradebook.html", cohort=cohort, book=book, ready=books.ready_counts(session, cohort.id or 0),
        next_url=next_url(request, after=book.after),
        everybody=everybody, may_grade=me.can("grading.grade", cohort.scope), may_release=me.can("grading.release", cohort.scope),
    )  # fmt: skip


def _url(cohort: Cohort) -> str:
    return f"/staff/cohorts/{cohort.code}/grades"


@pages.get("/staff/cohorts/{code}/grades.csv", permission="grading.view")
def gradebook_csv(code: str, me: Me, session: Read) -> Response:
    """The gradebook for a spreadsheet: everybody who has not withdrawn; released and marked grades, totals of the released ones."""
    cohort = load_cohort(session, me, code, "grading.view")
    book = books.gradebook(session, cohort.id or 0, statuses=EVERYBODY, limit=None)
    titles = ["email", "name", "status", *(column.name for column in book.columns), "running_total", "final_total"]
    rows = [[row.email, row.name, row.status, *(plain(cell.points) for cell in row.cells), row.running, row.final] for row in book.rows]
    headers = {"content-disposition": content_disposition(f"grades-{cohort.code}.csv"), "cache-control": "private, no-store"}
    return StreamingResponse(csvio.write(titles, rows, bom=True), media_type="text/csv; charset=utf-8", headers=headers)


@pages.post("/staff/cohorts/{code}/grades/release", permission="grading.release")
def release_grades(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Let trainees see what is marked: of the whole cohort, or of one column (`item`)."""
    cohort = load_cohort(session, me, code, "grading.release")
    chosen = read_ids(form, "item")
    released = marking.release_marked(session, me, cohort, chosen[0] if chosen else None)
    return redirect(request, local_url(form.get("back") or _url(cohort)), _told(released))


def _told(released: int) -> str:
    if not released:
        return _("There was nothing to release.")
    return counted("{n} grade released, with a mail.", "{n} grades released, each with a mail.", released)


@pages.get("/staff/cohorts/{code}/grades/new", permission="grading.grade")
def new_item_page(request: Request, code: str, me: Me, session: Read) -> Response:
    """The form for a column to fill in by hand."""
    cohort = load_cohort(session, me, code, "grading.grade")
    form = FormInput({"points": "100", "weight": "1"})
    return page(request, "grading/item_form.html", form=form, cohort=cohort, item=None)


@pages.post("/staff/cohorts/{code}/grades/new", permission="grading.grade")
def add_item(request: Request, code: str, me: Me, session: Write, form: Form) -> Response:
    """Add the column."""
    cohort = load_cohort(session, me, code, "grading.grade")
    with redisplay(request, "grading/item_form.html", form, cohort=cohort, item=None):
        name, points, weight = read_item(form)
        item = items.add_item(session, me, cohort, name=name, points=points, weight=weight)
    return redirect(request, f"{_url(cohort)}/{item.id}", _("The column is there. Fill it in."))


@pages.get("/staff/cohorts/{code}/grades/{item_id}/edit", permission="grading.grade")
def edit_item_page(request: Request, code: str, item_id: Id, me: Me, session: Read) -> Response:
    """The form with a column."""
    cohort = load_cohort(session, me, code, "grading.grade")
    item = items.item_by_hand(session, cohort, item_id)
    form = FormInput({"name": item.name, "points": plain(item.points), "weight": plain(item.weight)})
    return page(request, "grading/item_form.html", form=form, cohort=cohort, item=item)


@pages.post("/staff/cohorts/{code}/grades/{item_id}/edit", permission="grading.grade")
def save_item(request: Request, code: str, item_id: Id, me: Me, session: Write, form: Form) -> Response:
    """Save the column."""
    cohort = load_cohort(session, me, code, "grading.grade")
    item = items.item_by_hand(session, cohort, item_id)
    with redisplay(request, "grading/item_form.html", form, cohort=cohort, item=item):
        name, points, weight = read_item(form)
        items.save_item(session, me, cohort, item_id, name=name, points=points, weight=weight)
    return redirect(request, _url(cohort), _("Saved."))


@pages.post("/staff/cohorts/{code}/grades/{item_id}/delete", permission="grading.grade")
def delete_item(request: Request, code: str, item_id: Id, me: Me, session: Write, form: Form) -> Response:
    """Delete the column, while it is empty."""
    cohort = load_cohort(session, me, code, "grading.grade")
    item = items.item_by_hand(session, cohort, item_id)
    known = FormInput({"name": item.name, "points": plain(item.points), "weight": plain(item.weight)})
    with redisplay(request, "grading/item_form.html", known, cohort=cohort, item=item):
        items.delete_item(session, me, cohort, item_id)
    return redirect(request, _url(cohort), _("The column is deleted."))


@pages.get("/staff/cohorts/{code}/grades/{item_id}", permission="grading.grade")
def sheet_page(request: Request, code: str, item_id: Id, me: Me, session: Read, after: str = "") -> Response:
    """A column to fill in; that of an assignment is filled in where its work is marked."""
    cohort = load_cohort(session, me, code, "grading.grade")
    item = items.item_of_cohort(session, cohort, item_id)
    if item.activity_id is not None:
        return redirect(request, f"/marking?cohort={cohort.code}")
    return page(request, "grading/sheet.html", **_sheet_context(request, session, me, cohort, item, after))


def _sheet_context(request: Request, session: ReadSession, me: Actor, cohort: Cohort, item: GradeItem, after: str) -> dict[str, Any]:
    rows, following = books.sheet(session, cohort.id or 0, item.id or 0, after)
    next_url = f"{request.url.path}?after={following}" if following else None
    return {
        "cohort": cohort, "item": item, "rows": rows, "next_url": next_url, "after": after, "meanwhile": {}, "my_id": me.id,
        "history": books.history_of(session, item.id or 0, [row.person_id for row in rows]),
        "may_release": me.can("grading.release", cohort.scope),
    }  # fmt: skip


@pages.post("/staff/cohorts/{code}/grades/{item_id}", permission="grading.grade")
def save_sheet(request: Request, code: str, item_id: Id, me: Me, session: Write, form: Form) -> Response:
    """Save the lines that changed, and release the column where that was asked."""
    cohort = load_cohort(session, me, code, "grading.grade")
    item = items.item_by_hand(session, cohort, item_id)
    after = form.get("after")
    with _sheet_again(request, form, _sheet_context(request, session, me, cohort, item, after)):
        saved = sheets.save_sheet(session, me, cohort, item_id, _entries(form))
    message = counted("{n} grade saved.", "{n} grades saved.", saved)
    if form.get("then") == "release":
        message += " " + _told(marking.release_marked(session, me, cohort, item_id))
    return redirect(request, f"{request.url.path}?after={after}" if after.isalnum() else request.url.path, message)


def _entries(form: FormInput) -> list[sheets.Entry]:
    ids = read_ids(form, "person")
    return [sheets.Entry(i, read_version(form, f"version-{i}"), form.get(f"points-{i}"), form.get(f"feedback-{i}")) for i in ids]


@contextmanager
def _sheet_again(request: Request, form: FormInput, context: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    except Invalid as refusal:
        if isinstance(refusal, sheets.SheetRefused):
            context = {**context, "meanwhile": refusal.meanwhile}
        with redisplay(request, "grading/sheet.html", form, **context):
            raise
