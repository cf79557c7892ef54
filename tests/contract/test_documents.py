"""The pages say what is: snippets are the files themselves, the reference lists everything there is to use, links lead somewhere."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from lms.courses.activity_types import ActivityType
from lms.kernel import catalogues
from lms.kernel.permissions import Permission
from lms.plugin import Plugin, Plugins
from tests.contract.environment import EXAMPLE, ROOT

GUIDE, REFERENCE = ((ROOT / "docs" / "extending" / name).read_text("utf-8") for name in ("README.md", "reference.md"))
SNIPPETS = re.findall(r"\*\*\[`([^`]+)`\]\(example/\1\)\*\*\n\n```[^\n]*\n(.*?)\n```\n", GUIDE, re.S)
PYTHON = sorted((ROOT / "lms").rglob("*.py"))


def section(title: str) -> str:
    """What stands under a heading of the reference."""
    return REFERENCE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_column(text: str) -> list[str]:
    """The names that a table lists."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.M)


@pytest.mark.parametrize(("name", "shown"), SNIPPETS, ids=[f"{n}-{name}" for n, (name, _) in enumerate(SNIPPETS)])
def test_a_snippet_is_the_very_file(name: str, shown: str) -> None:
    assert f"\n{shown}\n" in "\n" + (EXAMPLE / name).read_text("utf-8")


def test_every_block_of_code_is_such_a_snippet_or_a_command() -> None:
    assert len(SNIPPETS) == len(re.findall(r"^```(?!sh)\S+$", GUIDE, re.M)) > 20


def test_every_file_of_the_example_is_in_the_tutorial() -> None:
    told = {*re.findall(r"\(example/([^)]+)\)", GUIDE), "aula_sur_journal/__init__.py"}
    files = {
        path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".html", ".txt", ".css", ".toml")
    }
    assert {name for name in files if not re.search(r"(^|/)(build|dist|\.\w+)/", name)} - told == set()


PAGES = sorted(page for folder in ("extending", "decisions", "using") for page in (ROOT / "docs" / folder).glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!\w+:)([^)#]+)", page.read_text("utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize("folder", ["decisions", "using"])
def test_every_page_of_a_folder_is_in_its_list(folder: str) -> None:
    index = (ROOT / "docs" / folder / "README.md").read_text("utf-8")
    assert [p.name for p in PAGES if p.parent.name == folder and p.name != "README.md" and f"({p.name})" not in index] == []


def test_every_field_of_the_contract_is_in_the_reference() -> None:
    assert sorted(first_column(section("Fields of `Plugin`"))) == sorted(field.name for field in fields(Plugin))
    assert first_column(section("Folders")) == ["templates/", "static/", "locale/", "migrations/"]


def protocols() -> Iterator[tuple[str, set[str]]]:
    """Every Protocol of the suite with the names that it asks for."""
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases):
                yield node.name, {item.name for item in node.body if isinstance(item, ast.FunctionDef)}


def test_every_extension_point_is_in_the_reference() -> None:
    points = section("Extension points")
    found = dict(protocols())
    assert ActivityType.__name__ in found
    for name, asked in found.items():
        text = points.partition(f"\n### `{name}`")[2].partition("\n### ")[0]
        assert {word for word in asked if f"`{word}`" not in text} == set(), name


def test_every_event_of_the_suite_is_in_the_reference() -> None:
    raised = set()
    for path in PYTHON:
        if path.name == "events.py" and path.parent.name != "kernel":
            found = [node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
            raised |= {f"{path.parent.name}.{name}" for name in found}
    assert set(first_column(section("Events"))) == raised


def test_every_permission_is_in_the_reference_with_its_roles(plugins: Plugins) -> None:
    told = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \|$", section("Permissions"), re.M)
    declared: list[Permission] = plugins.collect("permissions")
    assert sorted(told) == sorted((p.name, str(p.title), ", ".join(p.default_roles)) for p in declared)


@pytest.mark.parametrize(
    ("title", "folder", "ending", "pattern"),
    [
        ("Guards", "lms", "py", r'session\.guard\("([a-z_.]+)"'),
        ("Slots", "lms", "py", r'panels\(\s*request, session, "([a-z_.]+)"'),
        ("Places of the navigation", "templates", "html", r'nav\("([a-z_.]+)"'),
    ],
)
def test_every_place_to_join_in_is_in_the_reference(title: str, folder: str, ending: str, pattern: str) -> None:
    used = {name for path in (ROOT / folder).rglob(f"*.{ending}") for name in re.findall(pattern, path.read_text("utf-8"))}
    assert set(first_column(section(title))) == used


def test_the_example_speaks_every_language_that_it_offers() -> None:
    assert catalogues.check(EXAMPLE / "aula_sur_journal") == 0
