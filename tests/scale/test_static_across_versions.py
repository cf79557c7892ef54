"""While two versions serve side by side, a page of one finds its stylesheet at the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from lms.kernel.static import StaticFiles


@pytest.fixture
def versions(tmp_path: Path) -> Iterator[tuple[StaticFiles, StaticFiles, TestClient]]:
    """The files of two versions, and a browser that visits the second."""
    made = []
    for content in ("old", "new"):
        folder = tmp_path / content / "pages"
        folder.mkdir(parents=True)
        (folder / "site.css").write_text(content)
        made.append(StaticFiles(folder.parent, {}))
    with TestClient(Starlette(routes=[Mount("/static", app=made[1])])) as browser:
        yield made[0], made[1], browser


def test_what_another_version_refers_to_is_served_but_not_remembered(versions) -> None:
    old, new, browser = versions
    assert old.url("pages/site.css") != new.url("pages/site.css")
    own, other = (browser.get(files.url("pages/site.css")) for files in (new, old))
    assert (own.text, own.headers["cache-control"]) == ("new", "public, max-age=31536000, immutable")
    assert (other.text, other.headers["cache-control"]) == ("new", "no-store"), "the browser asks again once all servers are new"


@pytest.mark.parametrize(
    "path", ["/static/", "/static/0123", "/static/0123/", "/static/0123/pages", "/static/0123/../../secret", "/static/x/nothing.css"]
)
def test_what_no_version_has_is_not_there(versions, path: str) -> None:
    assert versions[2].get(path).status_code == 404
