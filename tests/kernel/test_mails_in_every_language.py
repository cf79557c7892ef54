"""Every mail speaks the reader's language as a whole: no line of it stays English."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jinja2 import meta

from lms.kernel import i18n
from lms.kernel.paths import resource

FOLDER: Path = resource("templates")
MAILS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("**/mail/*.txt") if not path.name.startswith("_"))
LETTERS = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]{3}")  # a size such as "7 kB" is written the same in many languages
OURS = ("Aula Sur", "SHA-256")
"""What is written the same in every language."""


class Sample(int):
    """Stands for whatever a mail is told: a number without letters that has every attribute, and holds one of its kind."""

    def __getattr__(self, name: str) -> "Sample":
        return self

    def __iter__(self) -> Iterator["Sample"]:
        yield self

    def __len__(self) -> int:
        return int(self)


@cache
def names() -> frozenset[str]:
    """What the mails ask for, besides what every template knows."""
    english = i18n.environment("en")
    asked = {name for path in FOLDER.glob("**/mail/*.txt") for name in meta.find_undeclared_variables(english.parse(path.read_text()))}
    return frozenset(asked - set(english.globals))


def told(value: object, *_more: object) -> str:
    """Stands for dates and numbers."""
    return str(value)


def written(template: str, language: str, sample: Sample) -> list[str]:
    """The lines of the mail that have letters, without addresses."""
    values: dict[str, Any] = dict.fromkeys(names(), sample) | dict.fromkeys(("date", "datetime", "number", "percent"), told)
    with i18n.using(language):
        text = i18n.environment(language).get_template(template).render(values)
    lines = [line.removeprefix("Subject:").strip() for line in text.splitlines()]
    return [line for line in lines if WORD.search(line) and "/" not in line and not line.startswith(OURS)]


@pytest.mark.parametrize("sample", [Sample(7), Sample(0)], ids=["something", "nothing"])
@pytest.mark.parametrize("language", ["es", "fr", "pt"])
@pytest.mark.parametrize("template", MAILS)
def test_no_line_of_a_mail_stays_english(template, language, sample):
    english, translated = written(template, "en", sample), written(template, language, sample)
    assert len(translated) == len(english)
    assert [line for line in translated if line in english] == []


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
@pytest.mark.parametrize("template", MAILS)
def test_every_sentence_of_a_mail_begins_with_a_capital(template, language):
    first = [LETTERS.search(line) for line in written(template, language, Sample(7)) if not line[0].isdigit()]
    assert [match[0] for match in first if match and not match[0].isupper()] == []
