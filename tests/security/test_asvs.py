"""docs/security.md holds every requirement once, and names only files and tests that are there."""

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/security.md"
STANDARD = ROOT.parent / "shared/data/security/owasp-asvs/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv"
LINE = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
VERDICTS = {"met", "partly", "not met", "n/a"}


@cache
def lines() -> list[tuple[str, ...]]:
    """Id, what is asked, verdict, how, proof."""
    return LINE.findall(DOCUMENT.read_text("utf-8"))


def test_every_requirement_has_one_line_and_a_verdict():
    ids = [line[0] for line in lines()]
    assert len(ids) == 253
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert {line[2] for line in lines()} <= VERDICTS
    assert [line[0] for line in lines() if line[2] != "met" and line[3] == "—"] == [], "what is not met says why"


def test_the_lines_are_those_of_the_standard_at_levels_1_and_2():
    if not STANDARD.is_file():
        pytest.skip("the standard is not beside the checkout (../shared/data/security)")
    with STANDARD.open(encoding="utf-8") as file:
        asked = {row["req_id"].removeprefix("V") for row in csv.DictReader(file) if row["L"] in ("1", "2")}
    assert {line[0] for line in lines()} == asked


def test_the_sums_in_the_text_are_right():
    text = " ".join(DOCUMENT.read_text("utf-8").split())
    sums = Counter(line[2] for line in lines())
    said = re.search(r"(\d+) are met, (\d+) partly, (\d+) not, and (\d+) are about", text)
    assert said
    assert tuple(map(int, said.groups())) == (sums["met"], sums["partly"], sums["not met"], sums["n/a"])


def test_every_file_and_test_that_is_named_is_there():
    missing = []
    named = re.findall(r"`((?:lms|tests|docs|deploy|script|static|templates|requirements)/[\w./-]+|[\w.]+\.(?:yaml|md))(?:::(\w+))?`",
                       DOCUMENT.read_text("utf-8"))  # fmt: skip
    assert len(named) > 250
    for path, test in named:
        place = ROOT / path
        if not place.exists():
            missing.append(path)
        elif test and f"def {test}(" not in place.read_text("utf-8"):
            missing.append(f"{path}::{test}")
    assert sorted(set(missing)) == []
