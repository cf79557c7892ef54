"""Pages of those who have certificates; with those for everybody and those of staff they are the pages of this plugin."""

from fastapi import Request
from starlette.responses import Response

from lms.certificates import loading, public_pages, queries, staff_pages
from lms.certificates.titles import BADGES, STATUS_TITLES
from lms.kernel.errors import NotFound
from lms.kernel.i18n import _
from lms.kernel.permissions import SIGNED_IN
from lms.kernel.storage import StoredFile, download
from lms.kernel.web import Here, Me, Read, Router, page, redirect

pages = Router()
LARGEST = 2**31 - 1


@pages.get("/certificates", permission=SIGNED_IN)
def own_page(request: Request, me: Me, session: Read, campus: Here, before: int = 0) -> Response:
    """What the person was given: to download, and to show to others."""
    found, following = queries.own(session, me.id or 0, min(max(before, 0), LARGEST))
    return page(
        request, "certificates/own.html", certificates=found, titles=STATUS_TITLES, badges=BADGES,
        verify=f"{campus.settings.base_url.rstrip('/')}/verify", next_url=f"/certificates?before={following}" if following else None,
    )  # fmt: skip


@pages.get("/certificates/{code}/file", permission=SIGNED_IN)
def certificate_file(request: Request, code: str, me: Me, session: Read, campus: Here) -> Response:
    """The document, for its owner and for staff of its cohort."""
    certificate = loading.load_certificate(session, me, code)
    if certificate.file_id is None:
        if certificate.person_id != me.id:
            raise NotFound(_("This document is not drawn yet. Please come back in a minute."))
        return redirect(request, "/certificates", _("Your certificate is being drawn. Please come back in a minute."), "wait")
    return download(campus.storage, session.one(StoredFile, certificate.file_id))


# One router to a plugin; `include_router` would lose what each route declares.
pages.routes.extend([*public_pages.pages.routes, *staff_pages.pages.routes])
