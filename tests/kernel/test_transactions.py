"""Transactions of requests: waiting for a turn, and what the database cannot take back."""

import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from lms.app import create_app
from lms.kernel.storage import save_file
from lms.kernel.web import Here, Router, Write
from tests.serving import served


def test_requests_that_wait_for_their_turn_in_either_way_all_come_to_an_end(campus):
    pages = Router()

    @pages.get("/by-itself", permission="public")
    def by_itself(campus: Here) -> str:
        with campus.database.transaction():
            return "written"

    @pages.get("/given", permission="public")
    def given(session: Write) -> str:
        return "written"

    app = create_app(campus)
    app.include_router(pages)

    def ask(number: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/by-itself" if number % 3 else "/given")
        return connection.getresponse().status

    with served(app) as port, ThreadPoolExecutor(24) as pool:
        assert set(pool.map(ask, range(96))) == {200}


def test_a_file_kept_in_a_transaction_that_fails_leaves_no_bytes_behind(campus):
    kept = []

    def keep(fails: bool) -> None:
        with campus.database.transaction() as session:
            kept.append(save_file(session, campus.storage, b"essay", "essay.txt", "text/plain", None).key)
            if fails:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        keep(fails=True)
    keep(fails=False)
    assert [campus.storage.exists(key) for key in kept] == [False, True]
