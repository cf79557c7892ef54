"""Words that the tests of this folder share: entering as one of the invented people, and counting."""

import re
from typing import Any

from sqlalchemy import func, select
from starlette.testclient import TestClient

from lms.accounts.queries import DEMO_DOMAIN, DEMO_PASSWORD
from lms.kernel.campus import Campus
from lms.kernel.database import Row


def enter(browser: TestClient, name: str) -> Any:
    """Sign in by the form; answers the page that comes next."""
    return submit(browser, "/sign-in", "/sign-in", email=f"{name}{DEMO_DOMAIN}", password=DEMO_PASSWORD)


def submit(browser: TestClient, path: str, action: str, **fields: str) -> Any:
    """Open a page and send one of its forms."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)
    return browser.post(action, data={"csrf_token": token[1] if token else "", **fields})


def everything(campus: Campus) -> dict[str, int]:
    """How many rows each table has."""
    with campus.database.reading() as session:
        tables = Row.metadata.sorted_tables
        return {table.name: int(session.scalar(select(func.count()).select_from(table))) for table in tables}
