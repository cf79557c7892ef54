"""Pages where staff give pictures to an activity."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.courses import illustrating, loading, picturing
from lms.courses.content_pages import url_of
from lms.courses.forms import Id
from lms.courses.models import Activity, Course
from lms.kernel import pictures
from lms.kernel.database import ReadSession
from lms.kernel.errors import Invalid
from lms.kernel.i18n import _
from lms.kernel.web import Form, Here, Me, Read, Router, Write, page, redirect, redisplay

pages = Router()
TEMPLATE = "courses/pictures.html"


@pages.get("/staff/activities/{activity_id}/pictures", permission="courses.adapt")
def pictures_page(request: Request, activity_id: Id, me: Me, session: Read) -> Response:
    """The pictures of an activity, and the form for another one."""
    return page(request, TEMPLATE, **_context(session, loading.load_activity(session, me, activity_id)))


def _context(session: ReadSession, activity: Activity) -> dict[str, Any]:
    owner = loading.owner_of(session, activity)
    is_course = isinstance(owner, Course)
    return {
        # Plain values: a refused picture must not show on the page around the form.
        "activity": {"id": activity.id, "title": activity.title}, "owner": {"title": owner.title, "url": url_of(owner)},
        "is_cohort": not is_course, "accepted": pictures.ACCEPTED, "pictures": illustrating.of_activity(session, activity.id or 0),
        "base": f"{url_of(owner)}/preview/{activity.id}" if is_course else f"/learn/{owner.code}/{activity.id}",
    }  # fmt: skip


@pages.post("/staff/activities/{activity_id}/pictures", permission="courses.adapt")
def add_picture(request: Request, activity_id: Id, me: Me, session: Write, form: Form, campus: Here) -> Response:
    """Take a picture with what it shows; it is drawn small by a job."""
    activity = loading.load_activity(session, me, activity_id)
    with redisplay(request, TEMPLATE, form, **_context(session, activity)):
        sent = form.files("picture")
        if not sent:
            raise Invalid({"picture": _("Please choose a picture.")})
        name, alt = sent[0].filename or "", form.get("alt")
        picturing.add(session, campus.storage, me, activity_id, sent[0].file, name, alt, "decoration" in form)
    return redirect(request, f"/staff/activities/{activity_id}/pictures", _("The picture is there. In a moment it is ready to be shown."))


@pages.post("/staff/activities/{activity_id}/pictures/{number}/delete", permission="courses.adapt")
def remove_picture(request: Request, activity_id: Id, number: Id, me: Me, session: Write) -> Response:
    """Take a picture away."""
    picturing.remove(session, me, loading.load_activity(session, me, activity_id), number)
    return redirect(request, f"/staff/activities/{activity_id}/pictures", _("The picture is gone."))
