"""The courses of the demo as they are written in `content/`: read from files, in every language.

`<course>/course.toml` holds the catalogue entry and the modules, `<course>/<language>/<week>-<number>-<slug>.md` an activity. What is the
same in every language (type, minutes, points, dates) stands once, in the front matter of the source language.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

SOURCE, LANGUAGES = "en", ("en", "es")
COURSES = ("influencing", "monitoring", "communicating")
CUTOFF_DAYS = 3
"""How long after the due date an exercise is still taken."""

_FRONT_MATTER = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n(.*)\Z", re.S | re.M)
_NAME = re.compile(r"(\d+)-(\d+)-[a-z0-9-]+\.md")


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a text in Markdown."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to download."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """An activity. `facts` hold what its front matter says besides title, type and file."""

    name: str
    week: int
    type: str
    facts: Mapping[str, Any]
    words: Mapping[str, Words]
    attachments: Mapping[str, Attachment]

    @property
    def least(self) -> int:
        """How many words an exercise asks for at least."""
        return int(self.facts.get("words", [0])[0])


@dataclass(frozen=True, slots=True)
class Entry:
    """A course's words for the catalogue."""

    title: str
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Content:
    """A course: its entry, the titles and summaries of its modules, and its activities by week."""

    code: str
    topic_code: str
    topic: str
    weeks: int
    hours: int
    entries: Mapping[str, Entry]
    modules: tuple[Mapping[str, Words], ...]
    parts: tuple[Part, ...]


@cache
def library() -> tuple[Content, ...]:
    """Every course of the demo."""
    root = files("lms.demo") / "content"
    return tuple(_course(root / name) for name in COURSES)


def _course(folder: Traversable) -> Content:
    told = tomllib.loads((folder / "course.toml").read_text(encoding="utf-8"))
    modules = ({language: Words(row[language]["title"], row[language]["summary"]) for language in LANGUAGES} for row in told["modules"])
    names = sorted(item.name for item in (folder / SOURCE).iterdir() if item.name.endswith(".md"))
    return Content(
        code=told["code"], topic_code=told["topic"]["code"], topic=told["topic"]["name"], weeks=told["weeks"], hours=told["hours"],
        entries={language: Entry(**told[language]) for language in LANGUAGES},
        modules=tuple(modules),
        parts=tuple(_part(folder, name) for name in names),
    )  # fmt: skip


def _part(folder: Traversable, name: str) -> Part:
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name}: a content file is named <week>-<number>-<slug>.md")
    read = {language: read_page((folder / language / name).read_text(encoding="utf-8")) for language in LANGUAGES}
    facts = read[SOURCE][0]
    return Part(
        name=name.removesuffix(".md"), week=int(match[1]), type=facts["type"],
        facts={key: value for key, value in facts.items() if key not in ("title", "type", "file")},
        words={language: Words(front["title"], body) for language, (front, body) in read.items()},
        attachments={language: _attachment(folder / language, front["file"]) for language, (front, _) in read.items() if "file" in front},
    )  # fmt: skip


def _attachment(folder: Traversable, name: str) -> Attachment:
    return Attachment(name, (folder / "files" / name).read_bytes())


def read_page(text: str) -> tuple[dict[str, Any], str]:
    """The front matter (TOML between two lines of +++) and the text below it. Raises ValueError where there is none."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise ValueError("a content file begins with its front matter between two lines of +++")
    return tomllib.loads(match[1]), match[2].strip()
