"""Puts the courses of the library into the catalogue, in every language, as staff would write them."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from starlette.datastructures import FormData, Headers, UploadFile

from lms.courses import content, editing
from lms.courses.activity_types import TypeForm, Types
from lms.courses.models import Course, Module, Topic
from lms.demo.library import CUTOFF_DAYS, LANGUAGES, SOURCE, Attachment, Content, Part
from lms.kernel.database import Session
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import Storage, save_file

_OF_ACTIVITY = ("minutes", "required", "completion", "due_day")
_OF_TYPE = ("points", "pass_points", "weight", "url")
OTHERS = tuple(language for language in LANGUAGES if language != SOURCE)


@dataclass(frozen=True, slots=True)
class MadeCourse:
    """A course in the catalogue: which activity came from which part, and the files that take its place in another language."""

    course: Course
    content: Content
    parts: Mapping[int, Part]
    files: Mapping[tuple[int, str], int]
    """(activity, language) -> stored file."""


def add_course(session: Session, types: Types, storage: Storage, written: Content) -> MadeCourse:
    """Add a course with its modules, activities, files and words, and publish it."""
    session.insert_new(Topic, code=written.topic_code, name=written.topic)
    topic = editing.topic(session, written.topic_code)  # by its code: the topics that come translated have shorter ones than their names
    own = written.entries[SOURCE]
    course = editing.create_course(
        session, SYSTEM, code=written.code, title=own.title, language=SOURCE, summary=own.summary, description=own.description,
        weeks=written.weeks, hours=written.hours, topic_id=topic.id if topic else None,
    )  # fmt: skip
    for language in OTHERS:
        said = written.entries[language]
        editing.save_course_text(session, SYSTEM, course, language, title=said.title, summary=said.summary, description=said.description)
    parts: dict[int, Part] = {}
    translated: dict[tuple[int, str], int] = {}
    for week, module in enumerate(_add_modules(session, course, written), 1):
        for part in (part for part in written.parts if part.week == week):
            activity_id = _add_part(session, types, storage, module, part)
            parts[activity_id] = part
            for language in OTHERS:
                if language in part.attachments:
                    translated[activity_id, language] = _keep(session, storage, part.attachments[language])
    editing.publish(session, SYSTEM, course)
    return MadeCourse(course, written, parts, translated)


def _add_modules(session: Session, course: Course, written: Content) -> list[Module]:
    modules = []
    for said in written.modules:
        module = content.add_module(session, SYSTEM, course, said[SOURCE].title, said[SOURCE].body)
        for language in OTHERS:
            content.save_words(session, SYSTEM, module, language, title=said[language].title, body=said[language].body)
        modules.append(module)
    return modules


def _add_part(session: Session, types: Types, storage: Storage, module: Module, part: Part) -> int:
    said = part.words[SOURCE]
    fields: dict[str, Any] = {name: part.facts[name] for name in _OF_ACTIVITY if name in part.facts}
    if "due_day" in fields:
        fields["cutoff_day"] = fields["due_day"] + CUTOFF_DAYS
    activity = content.add_activity(session, SYSTEM, types, module, part.type, said.title, said.body, _typed(part, storage), **fields)
    for language in OTHERS:
        words = part.words[language]
        content.save_words(session, SYSTEM, activity, language, title=words.title, body=words.body)
    return activity.id or 0


def _typed(part: Part, storage: Storage) -> TypeForm:
    """What staff would type into the fields of the type."""
    fields: list[tuple[str, str | UploadFile]] = [(name, str(part.facts[name])) for name in _OF_TYPE if name in part.facts]
    if SOURCE in part.attachments:
        given = part.attachments[SOURCE]
        headers = Headers({"content-type": _kind(given.name)})
        fields.append(("file", UploadFile(BytesIO(given.content), filename=given.name, size=len(given.content), headers=headers)))
    return TypeForm(FormData(fields), storage)


def _keep(session: Session, storage: Storage, given: Attachment) -> int:
    return save_file(session, storage, given.content, given.name, _kind(given.name), None).id or 0


def _kind(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "text/plain"
