"""Answers on the wire: compressed where that helps, in pieces where they come in pieces, and not sent twice."""

import gzip
import zlib
from collections.abc import Iterator
from typing import Any

import anyio
import brotli
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from lms.app import create_app
from lms.kernel.compression import encoding_for
from lms.kernel.permissions import PUBLIC
from lms.kernel.web import Router
from tests.factories import make_person, sign_in
from tests.kernel.probe import browse, with_pages

pages = Router()
TEXT = "Evidence, carried into policy. " * 200
PIECES = ("first " * 300, "second " * 300, "third " * 300)


@pages.get("/probe/text", permission=PUBLIC)
def long_text() -> Response:
    """A text with a tag of its own."""
    return PlainTextResponse(TEXT, headers={"etag": '"seven"'})


@pages.get("/probe/short", permission=PUBLIC)
def short_text() -> Response:
    """A text that fits into a packet."""
    return PlainTextResponse("ok")


@pages.get("/probe/problem", permission=PUBLIC)
def long_problem() -> Response:
    """JSON under a name of its own."""
    return JSONResponse({"detail": TEXT}, media_type="application/problem+json")


@pages.get("/probe/archive", permission=PUBLIC)
def archive() -> Response:
    """Something that is compressed already."""
    return Response(b"PK\3\4" + bytes(4000), media_type="application/zip")


@pages.get("/probe/part", permission=PUBLIC)
def part() -> Response:
    """A part of a text: its bytes are counted by the client."""
    return PlainTextResponse(TEXT, 206)


@pages.get("/probe/pieces", permission=PUBLIC)
def pieces() -> Response:
    """An answer that is made while it is sent."""

    def body() -> Iterator[str]:
        yield from PIECES

    return StreamingResponse(body(), media_type="text/csv", headers={"content-length": "5700"})


@pytest.fixture
def browser(campus):
    with browse(with_pages(campus, pages)) as opened:
        yield opened


def test_texts_leave_in_the_smallest_coding_that_the_client_takes(browser):
    sizes = {}
    for wish, coding in {"gzip, deflate, br": "br", "gzip": "gzip", "identity": None}.items():
        for path in ("/probe/text", "/probe/problem"):
            answer = browser.get(path, headers={"accept-encoding": wish})
            assert (answer.headers.get("content-encoding"), TEXT in answer.text) == (coding, True)
            assert "Accept-Encoding" in answer.headers["vary"]
            sizes[wish] = int(answer.headers["content-length"])
    assert sizes["gzip, deflate, br"] < sizes["gzip"] < sizes["identity"] / 10


def test_a_compressed_answer_is_another_form_of_the_same_thing(browser):
    assert browser.get("/probe/text", headers={"accept-encoding": "identity"}).headers["etag"] == '"seven"'
    assert browser.get("/probe/text", headers={"accept-encoding": "br"}).headers["etag"] == 'W/"seven"'


@pytest.mark.parametrize("path", ["/probe/short", "/probe/archive", "/probe/part"])
def test_what_is_short_compressed_or_a_part_passes_as_it_is(browser, path):
    answer = browser.get(path, headers={"accept-encoding": "br, gzip"})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("", ""), ("*", ""), ("br", "br"), ("BR;q=0.1, gzip", "br"), ("br;q=0, gzip;q=0.5", "gzip"), ("br; q=0.000,gzip;q=0", ""), ("x", "")],
)  # fmt: skip
def test_a_client_may_refuse_a_coding(accepted, coding):
    assert encoding_for(accepted) == coding


def test_what_comes_in_pieces_leaves_in_pieces(campus):
    """Each piece can be read when it arrives, before the next one is made."""
    for wish, reader in {"br": brotli.Decompressor().process, "gzip": zlib.decompressobj(31).decompress}.items():
        sent = messages(create_app(with_pages(campus, pages)), "/probe/pieces", wish)
        assert b"content-length" not in dict(sent[0]["headers"])
        read = [reader(message["body"]).decode() for message in sent[1:] if message.get("body")]
        assert [text for text in read if text] == list(PIECES)


def messages(app: Any, path: str, accepted: str) -> list[Any]:
    """What the application sends, message by message."""
    sent: list[Any] = []

    async def receive() -> Any:
        await anyio.sleep_forever()  # nothing more is said

    async def keep(message: Any) -> None:
        sent.append(message)

    headers = [(b"accept-encoding", accepted.encode()), (b"host", b"testserver")]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    asgi = {"asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("testserver", 80)}
    anyio.run(app, {**scope, **asgi, "root_path": ""}, receive, keep)
    return sent


def test_a_page_that_the_browser_has_is_not_sent_again(campus, browser):
    sign_in(browser, campus, make_person(campus))
    first = browser.get("/accessibility")
    again = browser.get("/accessibility", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert {"etag", "vary", "cache-control", "content-security-policy"} <= set(again.headers)
    assert "Save-Data" in again.headers["vary"]
    other = browser.get("/accessibility", headers={"if-none-match": first.headers["etag"], "accept-language": "es"})
    assert (other.status_code, "<html" in other.text) == (200, True)


def test_the_form_of_a_page_that_was_kept_still_works_and_only_for_its_own_visitor(campus, browser):
    browser.get("/")
    browser.get("/sign-in")  # which names the visitor
    first = browser.get("/sign-in")
    asked = {"if-none-match": first.headers["etag"]}
    assert browser.get("/sign-in", headers=asked).status_code == 304
    browser.cookies.clear()  # the browser was closed: its form token belongs to a visitor who is forgotten
    assert browser.get("/sign-in", headers=asked).status_code == 200
    sign_in(browser, campus, make_person(campus))
    assert browser.get("/accessibility", headers=asked).status_code == 200


def test_gzip_reads_what_we_write(browser):
    with browser.stream("GET", "/probe/text", headers={"accept-encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())).decode() == TEXT
