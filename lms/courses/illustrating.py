"""Pictures of an activity as readers see them: put into its text, or in the light version named there with what they weigh."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from markupsafe import Markup
from sqlalchemy import bindparam, select

from lms.courses.models import ActivityPicture, PictureSize
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.storage import StoredFile

# SQLModel types a column as its value; in a statement it is a column.
_Picture: Any = ActivityPicture
_Size: Any = PictureSize
_StoredFile: Any = StoredFile

TEMPLATE = "courses/_picture.html"
_IMAGE = re.compile(r'<img(?: [a-z]+(?:="[^"]*")?)*>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_NUMBERED = re.compile(r"picture:([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Size:
    """One width of a picture and what it weighs, in bytes."""

    width: int
    height: int
    file_id: int
    weight: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an activity: the whole of it, and the widths that pages show, the narrowest first."""

    number: int
    alt: str
    state: str
    name: str
    weight: int
    width: int
    height: int
    sizes: tuple[Size, ...]

    @property
    def mark(self) -> str:
        """What puts it into a text."""
        alt = re.sub(r"([\\\[\]*_`<&])", r"\\\1", self.alt)
        return f"![{alt}](picture:{self.number})"


_PICTURES: Any = (
    select(_Picture.id, _Picture.number, _Picture.alt, _Picture.state, _Picture.width, _Picture.height)
    .add_columns(_StoredFile.name, _StoredFile.size.label("weight"))
    .join(StoredFile, _StoredFile.id == _Picture.file_id)
    .where(_Picture.activity_id == bindparam("activity"))
    .order_by(_Picture.number)
)
_SIZES: Any = (
    select(_Size.picture_id, _Size.width, _Size.height, _Size.file_id, _StoredFile.size.label("weight"))
    .join(ActivityPicture, _Picture.id == _Size.picture_id)
    .join(StoredFile, _StoredFile.id == _Size.file_id)
    .where(_Picture.activity_id == bindparam("activity"))
    .order_by(_Size.picture_id, _Size.width)
)


def of_activity(session: ReadSession, activity_id: int) -> list[Picture]:
    """The pictures of an activity, by number. Two queries."""
    rows: Any = session.rows(_PICTURES, {"activity": activity_id}).all()
    sizes: dict[int, list[Size]] = {}
    found: Any = session.rows(_SIZES, {"activity": activity_id}).all()
    for row in found:
        sizes.setdefault(row.picture_id, []).append(Size(row.width, row.height, row.file_id, row.weight))
    return [
        Picture(row.number, row.alt, row.state, row.name, row.weight, row.width, row.height, tuple(sizes.get(row.id, ()))) for row in rows
    ]  # fmt: skip


def file_of(session: ReadSession, activity_id: int, number: int, width: int | None) -> StoredFile:
    """The file of a picture that is ready: of one width, or the whole. Raises NotFound."""
    column = _Picture.file_id if width is None else _Size.file_id
    statement = select(StoredFile).join(ActivityPicture, _StoredFile.id == column) if width is None else _narrow(width)
    found: StoredFile | None = session.scalars(
        statement.where(_Picture.activity_id == activity_id, _Picture.number == number, _Picture.state == "ready")
    ).first()
    if found is None:
        raise NotFound()
    return found


def _narrow(width: int) -> Any:
    sized = select(StoredFile).join(PictureSize, _StoredFile.id == _Size.file_id)
    return sized.join(ActivityPicture, _Picture.id == _Size.picture_id).where(_Size.width == width)


def put_in(session: ReadSession, activity_id: int, html: str, show: Callable[..., str]) -> Markup:
    """A piece of page with its pictures. `show` renders one from `picture` (none where there is no such), `alt` and `source`."""
    if "<img" not in html:
        return Markup(html)  # noqa: S704  # a rendered template
    pictures = {picture.number: picture for picture in of_activity(session, activity_id)} if 'src="picture:' in html else {}
    return Markup(_IMAGE.sub(lambda found: _shown(found.group(), pictures, show), html))  # noqa: S704  # the same


def _shown(image: str, pictures: Mapping[int, Picture], show: Callable[..., str]) -> str:
    said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(image)}
    source, alt = said.get("src", ""), said.get("alt", "")
    if numbered := _NUMBERED.fullmatch(source):
        picture = pictures.get(int(numbered[1]))
        return show(picture=picture, alt=alt or (picture.alt if picture else ""), source="")
    return show(picture=None, alt=alt, source=source)
