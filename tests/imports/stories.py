"""What staff do on the pages of imports."""

import re
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from lms.accounts.models import Person
from lms.imports.models import ImportRun
from lms.kernel.campus import Campus

PEOPLE = """Correo electrónico;Nombre;Apellidos;País;Notas
ana@example.org;Ana;Rojas;PE;likes tea
luis@example.org;Luis;Paz;EC;
broken;Zoé;King;CO;
"""


def token(browser: TestClient, path: str) -> str:
    """The token of the forms on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)
    assert found, f"no form at {path}"
    return found[1]


def send(browser: TestClient, path: str, action: str = "", **fields: Any) -> Any:
    """Send a form of the page at `path` to `action` (the page itself where it is not named)."""
    return browser.post(action or path, data={"csrf_token": token(browser, path), **fields})


def give(browser: TestClient, content: str | bytes, kind: str = "people", name: str = "people.csv", **fields: Any) -> Any:
    """Upload a file; answers the page that follows."""
    path = "/staff/imports/new"
    sent = content if isinstance(content, bytes) else content.encode()
    data = {"csrf_token": token(browser, path), "kind": kind, "mode": "upsert", **fields}
    return browser.post(path, data=data, files={"file": (name, sent, "text/csv")})


def bring(browser: TestClient, campus: Campus, content: str | bytes, kind: str = "people", **fields: Any) -> str:
    """Upload a file, check it and bring it in; answers its address."""
    path = str(give(browser, content, kind, **fields).url.path)
    send(browser, path, act="check", mode=fields.get("mode", "upsert"))
    campus.run_jobs()
    send(browser, path, f"{path}/run")
    campus.run_jobs()
    return path


def people(campus: Campus) -> dict[str, Person]:
    """Everybody with an address, by it."""
    with campus.database.reading() as session:
        return {person.email: person for person in session.scalars(select(Person)) if person.email}


def runs(campus: Campus) -> list[ImportRun]:
    """The imports, the oldest first."""
    with campus.database.reading() as session:
        return list(session.scalars(select(ImportRun).order_by(ImportRun.id)))  # type: ignore[arg-type]  # a column
