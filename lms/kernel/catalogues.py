"""Translators' tool: `python -m lms.kernel.catalogues extract|check|missing LANG`, run in a checkout.

extract: bring every `locale/*/LC_MESSAGES/lms.po` up to date with the texts in code and templates; what went is dropped.
check: exit code 1, with the reasons, where a catalogue is out of date, lacks translations, or changes placeholders or tags.
missing: the texts of a language that are not translated yet, as .po entries.

`extract FOLDER` and `check FOLDER` do the same for the package of a plugin, whose catalogues are `locale/*/LC_MESSAGES/<plugin>.po`.

Files come out the same on every machine: entries are sorted and hold no dates, line numbers or people's names.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from lms.kernel.i18n import DOMAIN, SOURCE

_JINJA = "jinja2.ext:babel_extract"
_JINJA_OPTIONS = {"silent": "false", "newstyle_gettext": "true", "trimmed": "true"}
METHODS = [("**.py", "python"), ("**.html", _JINJA), ("**.txt", _JINJA)]
OPTIONS = {"**.html": _JINJA_OPTIONS, "**.txt": _JINJA_OPTIONS}
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "counted": (1, 2), "pgettext_lazy": ((1, "c"), 2)}
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%\(\w+\)[#0\- +]?\w|%[sd]")
_TAG = re.compile(r"</?[a-z][^<>]*>")


def extracted(root: Path) -> Catalog:
    """Every text of the checkout that is marked for translation. Raises where a file cannot be read, naming it."""
    found = Catalog(fuzzy=False)
    for folder in ("lms", "templates") if (root / "lms").is_dir() else ("",):
        tags = ("Translators:",)
        texts = extract_from_dir(root / folder, METHODS, OPTIONS, KEYWORDS, comment_tags=tags, strip_comment_tags=True)
        for name, _line, message, comments, context in texts:
            found.add(message, None, [((Path(folder) / name).as_posix(), 0)], auto_comments=comments, context=context)
    return found


def updated(path: Path, texts: Catalog) -> str:
    """What the catalogue file should hold: today's texts with the translations it has."""
    language = path.parent.parent.name
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(texts, no_fuzzy_matching=True)
    written = io.BytesIO()
    write_po(written, catalogue, width=120, omit_header=True, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return _header(language) + written.getvalue().decode().rstrip("\n") + "\n"


def _header(language: str) -> str:
    lines = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    lines += [f"Language: {language}", f"Plural-Forms: {get_plural(language).plural_forms};".replace(";;", ";")]
    return 'msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in lines) + "\n"


def catalogue_files(root: Path) -> list[Path]:
    """The catalogues of the checkout."""
    return sorted(path for path in root.glob("locale/*/LC_MESSAGES/*.po") if path.parent.parent.name != SOURCE)


def entries(path: Path) -> Iterator[Message]:
    """The texts of a catalogue file, without its header."""
    with path.open("rb") as file:
        yield from (message for message in read_po(file, locale=path.parent.parent.name) if message.id)


def is_missing(message: Message) -> bool:
    """Whether a form of the text has no translation."""
    return not message.string or not all(_forms(message.string))


def problems(path: Path, texts: Catalog) -> list[str]:
    """What is wrong with a catalogue, in sentences; nothing where all is well."""
    found = [] if path.read_text("utf-8") == updated(path, texts) else ["is out of date: run `python -m lms.kernel.catalogues extract`"]
    for message in entries(path):
        name = repr(_forms(message.id)[0])
        if message.fuzzy:
            found.append(f"unsure (fuzzy): {name}")
        elif is_missing(message):
            found.append(f"not translated: {name}")
        elif not keeps_placeholders(message):
            found.append(f"other placeholders than the text: {name}")
        elif not keeps_tags(message):
            found.append(f"other tags than the text: {name}")
    return found


def keeps_placeholders(message: Message) -> bool:
    """Whether the translation fills in what the text fills in. A singular may leave the number out ("one seat")."""
    originals = [set(_PLACEHOLDER.findall(text)) for text in _forms(message.id)]
    translated = [set(_PLACEHOLDER.findall(text)) for text in _forms(message.string)]
    if len(originals) == 1:
        return translated[0] == originals[0]
    return translated[0] <= originals[0] | originals[1] and all(form == originals[1] for form in translated[1:])


def keeps_tags(message: Message) -> bool:
    """Whether every form of the translation has the markup of the text, no more and no less."""
    original = sorted(_TAG.findall(_forms(message.id)[-1]))
    return all(sorted(_TAG.findall(form)) == original for form in _forms(message.string))


def _forms(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def extract(root: Path) -> int:
    """Bring every catalogue up to date."""
    texts = extracted(root)
    for path in catalogue_files(root):
        content = updated(path, texts)
        path.write_text(content, "utf-8")
        _say(f"{path.relative_to(root)}: {len(texts)} texts, {sum(map(is_missing, entries(path)))} not translated")
    return 0


def check(root: Path) -> int:
    """Say what is wrong with each catalogue; 1 where something is."""
    texts = extracted(root)
    found = [f"{path.relative_to(root)}: {problem}" for path in catalogue_files(root) for problem in problems(path, texts)]
    for line in found:
        _say(line)
    return 1 if found else 0


def missing(root: Path, language: str) -> int:
    """Print what a language lacks, as a .po file to be filled in."""
    path = root / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.is_file():
        _say(f"there is no catalogue for {language}: make locale/{language}/LC_MESSAGES/{DOMAIN}.po, empty, and run extract")
        return 1
    lacking = Catalog(locale=language)
    for message in entries(path):
        if message.fuzzy or is_missing(message):
            lacking[message.id] = message.clone()
    written = io.BytesIO()
    write_po(written, lacking, width=120, omit_header=True, sort_output=True, include_lineno=False)
    _say(_header(language) + written.getvalue().decode())
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main(arguments: Iterable[str], root: Path | None = None) -> int:
    """Run the tool; answers the exit code."""
    root = root or Path(__file__).resolve().parents[2]
    match list(arguments):
        case ["extract", *folder]:
            return extract(Path(*folder) if folder else root)
        case ["check", *folder]:
            return check(Path(*folder) if folder else root)
        case ["missing", language]:
            return missing(root, language)
    _say(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
