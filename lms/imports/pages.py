"""Pages of staff: files are given, looked at, checked, brought in and undone."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from lms.imports import downloads, drafting, presenting, source, standing
from lms.imports.forms import FileForm, ReadingForm
from lms.imports.given import ImportFile
from lms.imports.models import ImportRun
from lms.imports.standing import USE
from lms.imports.titles import (
    DELIMITER_CHARACTERS,
    DELIMITERS,
    ENCODINGS,
    MODE_TITLES,
    RESULT_BADGES,
    RESULT_TITLES,
    STATE_BADGES,
    STATE_TITLES,
)
from lms.kernel import csvio, spreadsheet
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.encodings import NoText, UnknownEncoding
from lms.kernel.errors import Invalid, NotFound, Refused
from lms.kernel.i18n import _
from lms.kernel.importing import Importer
from lms.kernel.lists import next_url
from lms.kernel.permissions import Actor
from lms.kernel.storage import StoredFile, content_disposition, download
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, page, read_form, redirect, redisplay

pages = Router()
BASE = "/staff/imports"


def importers(campus: Campus) -> dict[str, Importer]:
    """The kinds of files by their names, in their order."""
    found: dict[str, Importer] = campus.plugins.named("importers")
    return dict(sorted(found.items(), key=lambda item: item[1].weight))


def importer_of(campus: Campus, name: str) -> Importer:
    """The importer of this name. Raises NotFound where its plugin is gone."""
    found = importers(campus).get(name)
    if found is None:
        raise NotFound()
    return found


@pages.get("/staff/imports", permission=USE)
def list_page(request: Request, me: Me, session: Read, campus: Here, after: str = "") -> Response:
    """The imports so far, and what can be taken out."""
    kinds = importers(campus)
    files, following = presenting.runs(session, me, after)
    return page(
        request, "imports/list.html", files=files, kinds={kind.name: kind.title for kind in kinds.values()}, states=STATE_TITLES,
        badges=STATE_BADGES, importable=[kind for kind in kinds.values() if drafting.may_import(me, kind)],
        exportable=[kind for kind in kinds.values() if downloads.may_export(me, kind)], next_url=next_url(request, after=following),
    )  # fmt: skip


@pages.get("/staff/imports/new", permission=USE)
def new_page(request: Request, me: Me, campus: Here, kind: str = "") -> Response:
    """Choose what a file holds, and the file."""
    return page(request, "imports/new.html", **{**_choices(campus, me), "chosen": kind})


def _choices(campus: Campus, me: Actor) -> dict[str, Any]:
    kinds = [kind for kind in importers(campus).values() if drafting.may_import(me, kind)]
    return {"kinds": kinds, "options": [(kind.name, kind.title) for kind in kinds], "modes": list(MODE_TITLES.items()), "chosen": ""}


@pages.post("/staff/imports/new", permission=USE)
def give(request: Request, me: Me, session: Write, campus: Here, form: Form) -> Response:
    """Keep a file, and show how it is read."""
    with redisplay(request, "imports/new.html", form, **_choices(campus, me)):
        given = read_form(FileForm, form)
        upload = next(iter(form.files("file")), None)
        if given.kind not in importers(campus):
            raise Invalid({"kind": _("Please choose one of the options.")})
        if upload is None:
            raise Invalid({"file": _("Please choose a file.")})
        try:
            importer = importer_of(campus, given.kind)
            run = drafting.give(session, me, campus.storage, importer, upload.file, upload.filename or "", given.mode)
        except (csvio.CsvError, UnknownEncoding, NoText) as error:
            raise Invalid({"file": error.sentence()}) from error
    return redirect(request, f"{BASE}/{run.code}")


@pages.get("/staff/imports/template.csv", permission=USE)
def template(request: Request, campus: Here, kind: str = "") -> Response:
    """An empty file of a kind: its first line names the columns."""
    if not kind:
        return redirect(request, f"{BASE}/new")
    importer = importer_of(campus, kind)
    headers = {"content-disposition": content_disposition(f"{importer.name}.csv")}
    return Response(b"".join(csvio.write(importer.known, [], bom=True)), media_type="text/csv; charset=utf-8", headers=headers)


@pages.get("/staff/imports/{code}", permission=USE)
def file_page(
    request: Request, code: str, me: Me, session: Read, campus: Here, result: str = "", after: int = 0, edit: bool = False
) -> Response:
    """An import: how its file is read, how far the work is, or what became of it."""
    run = standing.load(session, me, code)
    file = standing.file_of(session, run)
    job = standing.job_of(session, file)
    state, failure = standing.state(run, job), standing.failure(job)
    if file and (state == "waiting" or (edit and state == "checked")):
        context = _draft(session, campus, run, file)
        errors = context["errors"] or ({"": failure} if failure else {})
        return page(request, "imports/draft.html", **{**context, "errors": errors})
    context = _standing(request, session, campus, run, file, state, result, after)
    return page(request, "imports/file.html", **context, job=job, failure=failure)


def _standing(
    request: Request, session: ReadSession, campus: Campus, run: ImportRun, file: ImportFile | None, state: str, result: str, after: int
) -> dict[str, Any]:
    is_busy = state in standing.BUSY
    known = result if result in RESULT_TITLES else ""
    rows, following = ([], 0) if is_busy else presenting.rows(session, run, known, after)
    kind = importers(campus).get(run.importer)
    counts = presenting.counts(run)
    may_undo = kind is not None and state in standing.UNDOABLE and presenting.undoable(session, run.id or 0) > 0
    return {
        "file": run, "base": f"{BASE}/{run.code}", "state": state, "states": STATE_TITLES, "badges": STATE_BADGES, "is_busy": is_busy,
        "kind_title": kind.title if kind else run.importer, "mode_title": MODE_TITLES[run.mode], "counts": counts,
        "results": list(RESULT_TITLES.items()), "result": known, "result_titles": RESULT_TITLES, "result_badges": RESULT_BADGES,
        "filters": [(name, f"{title} ({counts.get(name, 0)})") for name, title in RESULT_TITLES.items()],
        "rows": rows, "next_url": next_url(request, after=following), "has_rows": not is_busy and presenting.has_rows(session, run),
        "is_there": file is not None and file.file_id is not None, "will_change": bool(counts.get("created") or counts.get("updated")),
        "undone": presenting.undone(session, run), "may_undo": may_undo,
    }  # fmt: skip


def _draft(session: ReadSession, campus: Campus, run: ImportRun, file: ImportFile) -> dict[str, Any]:
    importer = importer_of(campus, run.importer)
    errors: dict[str, str] = {}
    shown = presenting.Sample()
    stored = session.get(StoredFile, file.file_id) if file.file_id else None
    if stored is None:
        errors[""] = drafting.FileForgotten().sentence()
    else:
        try:
            with campus.storage.open(stored.key) as opened:
                shown = presenting.sample(opened, file, importer)
        except Refused as refusal:
            errors[""] = refusal.sentence()
    marks = {mark: name for name, mark in DELIMITER_CHARACTERS.items()}
    form = FormInput(
        {"encoding": file.encoding, "delimiter": marks.get(file.delimiter, ""), "reading": "foreign" if file.is_foreign else "columns"}
    )
    return {
        "file": run, "given": file, "base": f"{BASE}/{run.code}", "kind": importer, "sample": shown, "errors": errors, "form": form,
        "encodings": list(ENCODINGS.items()), "delimiters": list(DELIMITERS.items()), "modes": list(MODE_TITLES.items()),
        "weight": stored.size if stored else 0,
    }  # fmt: skip


@pages.post("/staff/imports/{code}", permission=USE)
def choose(request: Request, code: str, me: Me, session: Write, campus: Here, form: Form) -> Response:
    """Set how a file is read; and, where asked for, have every row checked."""
    run = standing.load(session, me, code)
    importer = importer_of(campus, run.importer)
    drafting.require(me, importer)
    chosen = read_form(ReadingForm, form)
    delimiter = DELIMITER_CHARACTERS[chosen.delimiter]
    drafting.choose(session, run, chosen.mode, encoding=chosen.encoding, delimiter=delimiter)
    file = session.one(ImportFile, run.id)
    header = _header(session, campus, file)
    _choose_columns(file, importer, header, form, chosen.reading)
    session.flush()
    if chosen.act == "check" and header:
        with redisplay(request, "imports/draft.html", form, **_without_form(_draft(session, campus, run, file))):
            drafting.check_choice(file, importer, header)
        drafting.start_check(session, me, run, importer)
    return redirect(request, f"{BASE}/{code}")


def _without_form(context: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in context.items() if name not in ("form", "errors")}


def _header(session: ReadSession, campus: Campus, file: ImportFile) -> tuple[str, ...]:
    """The names of the columns, read as was just chosen; none where it cannot be read, which the page says."""
    stored = session.get(StoredFile, file.file_id) if file.file_id else None
    if stored is None:
        return ()
    try:
        with campus.storage.open(stored.key) as opened:
            return source.columns(opened, file).header
    except Refused:
        return ()


def _choose_columns(file: ImportFile, importer: Importer, header: tuple[str, ...], form: FormInput, reading: str) -> None:
    if set(header) != set(file.columns):
        drafting.guess(file, importer, header)  # read differently, the file has other columns
    elif "column-1" in form:
        # The form numbers the columns: their names may hold anything.
        file.columns = {title: form.get(f"column-{number}") for number, title in enumerate(header, 1)}
    if reading:
        file.is_foreign = reading == "foreign" and drafting.is_foreign(importer, header)
    names = [column.name for column in source.missing(importer, header, file)]
    file.fixed = {name: text for name in names if (text := form.get(f"fixed-{name}").strip()[:200])}


@pages.post("/staff/imports/{code}/run", permission=USE)
def bring_in(request: Request, code: str, me: Me, session: Write, campus: Here) -> Response:
    """Have the rows brought in."""
    run = standing.load(session, me, code)
    drafting.start_import(session, me, run, importer_of(campus, run.importer))
    return redirect(request, f"{BASE}/{code}")


@pages.post("/staff/imports/{code}/undo", permission=USE)
def undo(request: Request, code: str, me: Me, session: Write, campus: Here) -> Response:
    """Have everything that an import did taken back."""
    run = standing.load(session, me, code)
    drafting.start_undo(session, me, run, importer_of(campus, run.importer))
    return redirect(request, f"{BASE}/{code}")


@pages.post("/staff/imports/{code}/stop", permission=USE)
def stop(request: Request, code: str, me: Me, session: Write) -> Response:
    """Stop the work on an import."""
    drafting.stop(session, me, standing.load(session, me, code))
    return redirect(request, f"{BASE}/{code}", _("The task is being stopped."))


@pages.post("/staff/imports/{code}/discard", permission=USE)
def discard(request: Request, code: str, me: Me, session: Write) -> Response:
    """Forget a file that was not brought in."""
    drafting.discard(session, me, standing.load(session, me, code))
    return redirect(request, BASE, _("The file is discarded."))


@pages.get("/staff/imports/{code}/file", permission=USE)
def given_file(code: str, me: Me, session: Read, campus: Here) -> Response:
    """The file as it was given."""
    file = standing.file_of(session, standing.load(session, me, code))
    stored = session.get(StoredFile, file.file_id) if file and file.file_id else None
    if stored is None:
        raise NotFound(drafting.FileForgotten.message)
    return download(campus.storage, stored)


@pages.get("/staff/imports/{code}/rejected.csv", permission=USE)
def rejected(code: str, me: Me, session: Read, campus: Here) -> Response:
    """The rows that were rejected, as they stood in the file, each with the reason."""
    run = standing.load(session, me, code)
    name = f"{run.file_name.rpartition('.')[0] or run.file_name}.rejected.csv"
    return _stream(downloads.rejected(campus.database, run), name)


@pages.get("/staff/exports", permission=USE)
def export(request: Request, me: Me, campus: Here, kind: str = "", ending: Annotated[str, Query(alias="as")] = "csv") -> Response:
    """Everything of a kind that this person may see, as csv or xlsx."""
    if not kind:
        return redirect(request, BASE)
    importer = importer_of(campus, kind)
    downloads.require(me, importer)
    if ending not in ("csv", "xlsx"):
        raise NotFound()
    return _stream(downloads.everything(campus.database, me, importer, ending), f"{kind}.{ending}")


def _stream(pieces: Iterator[bytes], name: str) -> Response:
    headers = {"content-disposition": content_disposition(name), "cache-control": "private, no-cache"}
    media_type = spreadsheet.MEDIA_TYPE if name.endswith(".xlsx") else "text/csv; charset=utf-8"
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
