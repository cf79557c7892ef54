"""Kinds of activity: an extension point. The built-in ones are page, file and link."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.datastructures import FormData

from lms.courses.models import Activity
from lms.kernel import file_kinds
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, LazyText
from lms.kernel.permissions import Actor
from lms.kernel.storage import Storage, StoredFile, clean_name, save_file
from lms.kernel.web import FormInput


class TypeForm(FormInput):
    """What staff typed into the fields of a type, with the place where its files are kept."""

    def __init__(self, form: FormData | Mapping[str, Any], storage: Storage | None = None, limit: int | None = None) -> None:
        super().__init__(form)
        self._storage = storage
        self._limit = limit

    def keep(self, session: Session, actor: Actor, name: str) -> StoredFile | None:
        """Keep the file sent under this name; None where none was sent. Raises TooLarge, NotWhatItSays."""
        sent = self.files(name)
        if not sent or self._storage is None:
            return None
        upload = sent[0]
        filename = clean_name(upload.filename or "")
        return save_file(session, self._storage, upload.file, filename, file_kinds.check(filename, upload.file), actor.id, self._limit)


class ActivityType(Protocol):
    """A kind of activity. `template` is the piece shown to the trainee (it gets `activity` and what `context` answers);
    `form_template` adds fields to the editor of staff (it gets `activity`, `form`, `errors` and what `form_context` answers), or is empty.
    A type may also say `offline = True`: its page shows nothing but the course and the person's own work, so a device may keep it.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> LazyText | str: ...
    @property
    def icon(self) -> str: ...
    @property
    def completions(self) -> tuple[str, ...]: ...
    @property
    def template(self) -> str: ...
    @property
    def form_template(self) -> str: ...

    def context(self, session: ReadSession, actor: Actor, activity: Activity) -> Mapping[str, Any]:
        """What the trainee's piece needs besides the activity."""
        ...

    def form_context(self, session: ReadSession, activity: Activity) -> Mapping[str, Any]:
        """What the editor's fields need; the activity may not be saved yet."""
        ...

    def save(self, session: Session, actor: Actor, activity: Activity, form: TypeForm) -> None:
        """Keep the type's own fields. Raises Invalid."""
        ...

    def copy(self, session: Session, source: Activity, target: Activity) -> None:
        """Copy what the type keeps beside the activity's row."""
        ...


Types = Mapping[str, ActivityType]
"""The types of the loaded plugins by name."""


class Plain:
    """What simple types share: nothing of their own besides the activity's row."""

    name = ""
    title: LazyText | str = ""
    icon = "page"
    completions: tuple[str, ...] = ("viewed", "marked", "none")
    offline = True
    template = ""
    form_template = ""

    def context(self, session: ReadSession, actor: Actor, activity: Activity) -> Mapping[str, Any]:
        """Nothing more."""
        return {}

    def form_context(self, session: ReadSession, activity: Activity) -> Mapping[str, Any]:
        """Nothing more."""
        return {}

    def save(self, session: Session, actor: Actor, activity: Activity, form: TypeForm) -> None:
        """Nothing to keep."""

    def copy(self, session: Session, source: Activity, target: Activity) -> None:
        """Nothing beside the row."""


class PageType(Plain):
    """Text to read."""

    name = "page"
    title = N_("Page")
    icon = "page"
    template = "courses/types/page.html"


class LinkType(Plain):
    """An address elsewhere, with words about it."""

    name = "link"
    title = N_("Link")
    icon = "link"
    template = "courses/types/link.html"
    form_template = "courses/types/link_form.html"

    def save(self, session: Session, actor: Actor, activity: Activity, form: TypeForm) -> None:
        """Keep the address. Only the web: other schemes can run things on the reader's machine."""
        url = form.get("url").strip()
        if not is_web_address(url):
            raise Invalid({"url": N_("Please write an address that begins with https://.")})
        activity.settings = {**activity.settings, "url": url}


def is_web_address(url: str) -> bool:
    """Whether a link with this address leads to a page of the web."""
    try:
        parts = urlsplit(url) if len(url) <= 2000 else urlsplit("")
    except ValueError:  # for example an IPv6 address without its end
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable() and " " not in url


class FileType(Plain):
    """A file to download."""

    name = "file"
    title = N_("File")
    icon = "file"
    template = "courses/types/file.html"
    form_template = "courses/types/file_form.html"

    def context(self, session: ReadSession, actor: Actor, activity: Activity) -> Mapping[str, Any]:
        """The file's name and size."""
        return {"file": session.get(StoredFile, activity.file_id) if activity.file_id else None}

    def form_context(self, session: ReadSession, activity: Activity) -> Mapping[str, Any]:
        """The file that is there already."""
        return {"file": session.get(StoredFile, activity.file_id) if activity.file_id else None}

    def save(self, session: Session, actor: Actor, activity: Activity, form: TypeForm) -> None:
        """Keep a new file; an earlier one stays stored, because copies of the activity may show it."""
        stored = form.keep(session, actor, "file")
        if stored:
            activity.file_id = stored.id
        elif activity.file_id is None:
            raise Invalid({"file": N_("Please choose a file.")})
