"""Pages for everybody: is this certificate genuine?"""

from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from lms.certificates import verifying
from lms.certificates.numbering import grouped
from lms.certificates.titles import BADGES, STATUS_TITLES
from lms.certificates.verifying import Verdict
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC
from lms.kernel.web import Form, Here, Router, origin_of, page, redirect, redisplay, wants_json

pages = Router()
LARGEST = 5 * 1024 * 1024


class NoFile(Invalid):
    """Nothing was sent, or something that cannot be a certificate."""


@pages.get("/verify", permission=PUBLIC)
def verify_page(request: Request, code: str = "") -> Response:
    """The form for a code; one that was typed leads to its answer."""
    if plain := grouped(code):
        return redirect(request, f"/verify/{plain}")
    return page(request, "certificates/verify.html")


@pages.get("/verify/{code}", permission=PUBLIC)
def verdict_page(request: Request, code: str, campus: Here) -> Response:
    """Yes or no to a code, for people and for programs."""
    verdict = verifying.check(campus.database, code, origin_of(request).ip)
    if wants_json(request):
        response: Response = JSONResponse(verdict.as_json(), 200 if verdict.is_known else 404, {"cache-control": "no-store"})
    else:
        response = _answer(request, verdict, 200 if verdict.is_known else 404, code=grouped(code))
    response.headers["vary"] = "Accept, Cookie, Accept-Language"
    return response


@pages.post("/verify", permission=PUBLIC)
def verify_file(request: Request, form: Form, campus: Here) -> Response:
    """Yes or no to a file: whether every byte is as issued."""
    with redisplay(request, "certificates/verify.html", form):
        uploads = form.files("file")
        if not uploads or (uploads[0].size or 0) > LARGEST:
            raise NoFile({"file": N_("Please choose the PDF of a certificate; at most 5 MB.")})
        verdict = verifying.check_file(campus.database, uploads[0].file, origin_of(request).ip)
    return _answer(request, verdict, 200 if verdict.is_known else 404, is_file=True)


def _answer(request: Request, verdict: Verdict, status: int, **context: Any) -> Response:
    shown = {"code": "", "is_file": False, **context}
    response = page(request, "certificates/verdict.html", status, verdict=verdict, titles=STATUS_TITLES, badges=BADGES, **shown)
    response.headers["x-robots-tag"] = "noindex"  # names of people are for those who hold the certificate
    return response
