"""Programmes: the name, signatory, languages and logo that courses and certificates bear."""

import io
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms.accounts.models import Programme
from lms.kernel import audit, pictures
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor, Reach, Scope, require
from lms.kernel.storage import Storage, save_file
from lms.kernel.text import tidy

# SQLModel types a column as its value; in a statement it is a column.
_Programme: Any = Programme

EDITABLE = ("code", "name", "signatory", "languages")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,11}")
LOGO_BOX = (600, 300)
"""Largest width and height of a logo, in pixels: sharp on paper at the size that a certificate gives it."""


def looked_after(session: ReadSession, reach: Reach) -> list[Programme]:
    """The programmes in which a permission holds as a whole, by name."""
    statement = select(Programme).order_by(_Programme.name, _Programme.id)
    return list(session.scalars(statement if reach.everywhere else statement.where(_Programme.id.in_(reach.programmes))))


def load_programme(session: ReadSession, actor: Actor, code: str) -> Programme:
    """The programme with this code, for somebody who may change it. Raises NotFound."""
    found: Programme | None = session.scalars(select(Programme).where(_Programme.code == code)).first()
    if found is None or not actor.can("accounts.edit_programme", Scope(programme=found.id)):
        raise NotFound()
    return found


def save(session: Session, actor: Actor, programme_id: int, *, code: str, name: str, signatory: str, languages: Sequence[str]) -> Programme:
    """Change what a programme is called and who signs for it. Certificates that were issued stay as they are. Raises Forbidden, Invalid."""
    programme = _hold(session, actor, programme_id)
    if not CODE.fullmatch(code.strip()):
        raise Invalid({"code": N_("Letters, digits and hyphens, at most 12, for example SFE.")})
    if not languages:
        raise Invalid({"languages": N_("Please choose at least one.")})
    before = {field: getattr(programme, field) for field in EDITABLE}
    after = {"code": code.strip(), "name": tidy(name), "signatory": tidy(signatory), "languages": list(languages)}
    try:
        with session.attempt():
            # Inside the savepoint: set before, the values would be written on the way into it.
            for field, value in after.items():
                setattr(programme, field, value)
            session.flush()
    except IntegrityError:
        raise Invalid({"code": N_("This code is taken.")}) from None
    if changed := [field for field in EDITABLE if before[field] != after[field]]:
        shown = {field: "(changed)" for field in changed if field == "signatory"}  # a person's name is not for a log that never forgets
        audit.record(
            session, actor, "programme.changed", "programme", programme_id, {f: before[f] for f in changed} | shown,
            {f: after[f] for f in changed} | shown,
        )  # fmt: skip
    return programme


def set_logo(session: Session, storage: Storage, actor: Actor, programme_id: int, stream: BinaryIO) -> None:
    """Give a programme a logo. The old one is kept: certificates that were issued with it bear it. Raises Forbidden, Invalid."""
    programme = _hold(session, actor, programme_id)
    file = save_file(session, storage, redraw(stream), f"logo-{programme.code}.png", "image/png", actor.id)
    programme.logo_file_id = file.id
    audit.record(session, actor, "programme.logo", "programme", programme_id, None, {"file": file.id})


def remove_logo(session: Session, actor: Actor, programme_id: int) -> None:
    """Take the logo away from what will be issued. Raises Forbidden."""
    programme = _hold(session, actor, programme_id)
    before, programme.logo_file_id = programme.logo_file_id, None
    audit.record(session, actor, "programme.logo", "programme", programme_id, {"file": before}, {"file": None})


def _hold(session: Session, actor: Actor, programme_id: int) -> Programme:
    require(actor, "accounts.edit_programme", Scope(programme=programme_id))
    return session.lock(Programme, programme_id)


def redraw(stream: BinaryIO) -> bytes:
    """A PNG of an uploaded picture, at most 600 x 300 pixels, its transparency kept. Raises Invalid."""
    drawn = pictures.unpack(pictures.check(stream, "logo"), "logo", max(LOGO_BOX) * 2)
    drawn.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()
