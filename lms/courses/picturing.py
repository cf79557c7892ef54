"""Giving pictures to an activity and taking them away; drawing them small is a job's work."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

from sqlalchemy import func, select, update

from lms.courses import loading
from lms.courses.models import Activity, ActivityPicture, PictureSize
from lms.kernel import audit, jobs, pictures
from lms.kernel.database import ReadSession, Session
from lms.kernel.discarding import discard
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, require
from lms.kernel.pictures import Drawing
from lms.kernel.references import in_use
from lms.kernel.storage import Storage, StoredFile, save_file
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Picture: Any = ActivityPicture
_Size: Any = PictureSize

WIDTHS = (480, 960, 1600)
"""Pixels: a phone, a sharp phone or a page on a desk, a sharp desk."""
MOST = 30
"""Pictures of one activity."""
DRAWING, FORGETTING = "courses.draw_picture", "courses.forget_files"
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def add(
    session: Session, storage: Storage, actor: Actor, activity_id: int, stream: BinaryIO, name: str, alt: str, is_decoration: bool
) -> ActivityPicture:
    """Give an activity a picture, with words for those who do not see it unless it is decoration. Raises Invalid, Forbidden."""
    activity = session.lock(Activity, activity_id)
    _require(session, actor, activity)
    said = "" if is_decoration else tidy(alt)
    if not said and not is_decoration:
        raise Invalid({"alt": N_("Please say what the picture shows, or mark it as decoration.")})
    held, last = session.rows(
        select(func.count(), func.coalesce(func.max(_Picture.number), 0)).where(_Picture.activity_id == activity_id)
    ).one()  # fmt: skip
    if held >= MOST:
        raise Invalid({"picture": N_("This activity has {limit} pictures already; please take one away first.").format(limit=MOST)})
    checked = pictures.check(stream, "picture")
    stream.seek(0)
    file = save_file(session, storage, stream, name, pictures.type_of(checked), actor.id)
    picture = session.add(ActivityPicture(activity_id=activity_id, number=last + 1, alt=said, file_id=file.id or 0))
    jobs.enqueue(session, DRAWING, {"file_id": file.id}, by=actor.id)
    audit.record(session, actor, "picture.added", "activity", activity_id, None, {"number": picture.number, "alt": said})
    return picture


def remove(session: Session, actor: Actor, activity: Activity, number: int) -> None:
    """Take a picture away; what copies elsewhere show stays. Raises NotFound, Forbidden."""
    _require(session, actor, activity)
    picture: ActivityPicture | None = session.scalars(
        select(ActivityPicture).where(_Picture.activity_id == activity.id, _Picture.number == number)
    ).first()
    if picture is None:
        raise NotFound()
    files = [picture.file_id, *session.scalars(select(_Size.file_id).where(_Size.picture_id == picture.id))]
    session.delete(picture)
    forget(session, files)
    audit.record(session, actor, "picture.removed", "activity", activity.id, {"number": number, "alt": picture.alt}, None)


def forget(session: Session, file_ids: list[int]) -> None:
    """Delete those of these files that nothing refers to any more."""
    discard(session, set(file_ids) - in_use(session, StoredFile, file_ids), FORGETTING)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a job made of a picture: the whole of it, and the narrower ones."""

    whole: Drawing
    sizes: tuple[Drawing, ...]


def draw(stream: BinaryIO) -> Drawn:
    """A picture drawn anew, in its own size and in each width that is less. Takes a second for one of a phone. Raises Invalid."""
    opened = pictures.check(stream, "picture")
    kind = opened.format
    plain = pictures.unpack(opened, "picture")
    widths = sorted({min(width, plain.width) for width in WIDTHS})
    return Drawn(pictures.whole(plain, kind), tuple(pictures.narrowed(plain, width) for width in widths))


def is_waiting(session: ReadSession, file_id: int) -> bool:
    """Whether a picture still is the file that was sent."""
    waiting = select(_Picture.id).where(_Picture.file_id == file_id, _Picture.state == "waiting").limit(1)
    return session.scalar(waiting) is not None


def keep(session: Session, storage: Storage, file_id: int, drawn: Drawn) -> None:
    """Put what was drawn in the place of the file that was sent, for every picture that was copied meanwhile too."""
    sent = session.one(StoredFile, file_id)
    kept = [(drawing, _file(session, storage, sent, drawing)) for drawing in (drawn.whole, *drawn.sizes)]
    whole, narrow = kept[0][1], kept[1:]
    found: list[ActivityPicture] = list(session.scalars(select(ActivityPicture).where(_Picture.file_id == file_id)))
    for picture in found:
        picture.state, picture.file_id = "ready", whole.id or 0
        picture.width, picture.height = drawn.whole.width, drawn.whole.height
    session.add_all(
        [
            PictureSize(picture_id=picture.id or 0, width=drawing.width, height=drawing.height, file_id=file.id or 0)
            for picture in found
            for drawing, file in narrow
        ]
    )
    session.flush()
    forget(session, [file_id])


def _file(session: Session, storage: Storage, sent: StoredFile, drawing: Drawing) -> StoredFile:
    name = f"{PurePath(sent.name).stem}.{_ENDINGS[drawing.content_type]}"
    return save_file(session, storage, drawing.content, name, drawing.content_type, sent.owner_id)


def give_up(session: Session, file_id: int) -> None:
    """Write down that a picture could not be read to its end."""
    session.execute(update(ActivityPicture).where(_Picture.file_id == file_id).values(state="broken"))


def copy(session: Session, copies: dict[int, int]) -> None:
    """Give activities the pictures of those that they were copied from (old id -> new id); they share the files. Two queries."""
    sources: list[ActivityPicture] = list(session.scalars(select(ActivityPicture).where(_Picture.activity_id.in_(list(copies)))))
    if not sources:
        return
    same = ("number", "alt", "state", "file_id", "width", "height")
    made = {
        source.id: ActivityPicture(activity_id=copies[source.activity_id], **{name: getattr(source, name) for name in same})
        for source in sources
    }
    session.add_all(list(made.values()))
    sizes: list[PictureSize] = list(session.scalars(select(PictureSize).where(_Size.picture_id.in_(list(made)))))
    session.add_all(
        [PictureSize(picture_id=made[s.picture_id].id or 0, width=s.width, height=s.height, file_id=s.file_id) for s in sizes]
    )  # fmt: skip


def _require(session: ReadSession, actor: Actor, activity: Activity) -> None:
    owner = loading.owner_of(session, activity)
    require(actor, loading.editing_permission(owner), owner.scope)
