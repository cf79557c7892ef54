"""The container files: read, not run, since no container engine is needed for the tests."""

import re

import pytest

from tests.setup.checkout import ROOT

yaml = pytest.importorskip("yaml")

SECRET = re.compile(r"(SECRET_KEY|PASSWORD|TOKEN)\s*[:=]\s*\S", re.I)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest) with continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word.upper(), rest) for word, _, rest in (line.partition(" ") for line in lines)]


def last_stage() -> list[tuple[str, str]]:
    """The instructions of the stage that ships."""
    found = instructions()
    start = max(place for place, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def services() -> dict[str, dict[str, object]]:
    """The services of compose.yaml."""
    parsed: dict[str, dict[str, dict[str, object]]] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return parsed["services"]


def test_the_image_is_built_in_stages_from_slim_images() -> None:
    stages = [rest for word, rest in instructions() if word == "FROM"]
    assert len(stages) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+ AS \w+", stage) for stage in stages)


def test_the_image_runs_as_somebody_without_rights() -> None:
    users = [rest for word, rest in last_stage() if word == "USER"]
    assert users
    assert users[-1] not in ("root", "0")
    words = [word for word, _ in last_stage()]
    assert words.index("USER") < words.index("CMD")


def test_the_image_says_whether_it_is_well() -> None:
    checks = [rest for word, rest in last_stage() if word == "HEALTHCHECK"]
    assert len(checks) == 1
    assert "/healthz" in checks[0]


def test_the_image_installs_only_hashed_requirements() -> None:
    installs = [part for word, rest in instructions() if word == "RUN" for part in rest.split("&&") if "pip install" in part]
    assert installs
    assert all("--require-hashes" in part or "--no-deps /wheels" in part for part in installs)


@pytest.mark.parametrize("word", ["ENV", "ARG", "COPY"])
def test_no_secret_is_baked_into_the_image(word: str) -> None:
    assert not [rest for found, rest in instructions() if found == word and (SECRET.search(rest) or ".env" in rest)]


def test_everything_copied_into_the_image_is_let_through() -> None:
    allowed = {line[1:].strip("/") for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert {"lms", "templates", "locale", "static", "migrations", "requirements", "pyproject.toml", "README.md", "LICENSE"} == allowed


def test_compose_holds_a_whole_installation() -> None:
    assert {"proxy", "migrate", "web", "worker", "backup", "postgres"} <= services().keys()


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["proxy"]


def test_compose_refuses_to_start_without_its_secrets() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert "${LMS_SECRET_KEY:?" in text
    assert not re.search(r"(PASSWORD|SECRET_KEY): (?!\$\{)\S", text)
