"""Files are kept whole or not at all, and come back as attachments."""

import errno
import hashlib
import io
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from lms.accounts import models  # noqa: F401  # files belong to people
from lms.kernel import clock
from lms.kernel.database import Database, Row
from lms.kernel.errors import NotFound, TooLarge
from lms.kernel.storage import (
    LocalStorage,
    clean_name,
    content_disposition,
    download,
    open_storage,
    save_file,
    sign_link,
    verify_link,
)
from lms.settings import Settings
from tests.buckets import bucket_settings


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    """Each kind of storage, empty: all that follows must hold for both."""
    if request.param == "folder":
        return LocalStorage(tmp_path / "files")
    return open_storage(Settings(_env_file=None, **bucket_settings()))


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    Row.metadata.create_all(database.engine)
    yield database
    database.dispose()


def files_in(place: Any) -> list[str]:
    if isinstance(place, LocalStorage):
        return [str(path) for path in place.folder.rglob("*") if path.is_file()]
    return [entry["path"] for batch in place.store.list() for entry in batch]


class Broken(io.BytesIO):
    """A stream that breaks off after its first part."""

    def read(self, size=-1):
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().read(4)


def test_what_was_kept_comes_back_with_its_size_and_digest(place):
    stored = place.put(io.BytesIO(b"hello" * 100_000))
    assert (stored.size, place.size(stored.key), place.exists(stored.key)) == (500_000, 500_000, True)
    assert stored.sha256 == hashlib.sha256(b"hello" * 100_000).hexdigest()
    with place.open(stored.key) as file:
        assert file.read() == b"hello" * 100_000
    place.delete(stored.key)
    place.delete(stored.key)
    assert not place.exists(stored.key)
    for gone in (place.open, place.size):
        with pytest.raises(NotFound):
            gone(stored.key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 31, "A" * 32, "0" * 32 + "\n", "/etc/passwd"])
def test_a_key_that_we_did_not_make_leads_nowhere(place, key):
    with pytest.raises(NotFound):
        place.open(key)


def test_a_large_file_is_read_from_anywhere(place):
    content = bytes(range(256)) * 40_000  # more than is sent, or fetched, at a time
    stored = place.put(io.BytesIO(content))
    assert (stored.size, stored.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    with place.open(stored.key) as file:
        assert file.read(3) == content[:3]
        assert file.seek(-1000, io.SEEK_END) == len(content) - 1000
        assert file.read() == content[-1000:]
        file.seek(2_000_001)
        assert file.read(300_000) == content[2_000_001:2_300_001]
        file.seek(0)
        assert file.read() == content


def test_an_empty_file_is_a_file(place):
    stored = place.put(b"")
    assert (stored.size, place.size(stored.key), place.exists(stored.key)) == (0, 0, True)
    with place.open(stored.key) as file:
        assert file.read() == b""


def test_bytes_come_back_from_a_backup_under_their_key(place):
    key = "0123456789abcdef" * 2
    assert place.restore(key, io.BytesIO(b"essay")).sha256 == hashlib.sha256(b"essay").hexdigest()
    with place.open(key) as file:
        assert file.read() == b"essay"
    with pytest.raises(NotFound):
        place.restore("../essay", io.BytesIO(b"essay"))


def test_a_place_that_is_well_passes_its_check_and_holds_no_file_of_it(place):
    place.check()
    assert [name for name in files_in(place) if name != "check"] == []


def test_a_stream_that_breaks_off_leaves_nothing_behind(place):
    with pytest.raises(OSError, match="No space"):
        place.put(Broken(b"12345678"))
    assert files_in(place) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    place = LocalStorage(tmp_path)

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        place.put(b"12345678")
    assert files_in(place) == []


def test_a_file_beyond_the_limit_is_refused_and_leaves_nothing_behind(place):
    with pytest.raises(TooLarge):
        place.put(b"x" * 11, limit=10)
    assert files_in(place) == []
    assert place.put(b"x" * 10, limit=10).size == 10


def test_the_settings_name_the_folder(tmp_path):
    settings = Settings(data_dir=tmp_path, storage_url=f"file://{tmp_path}/kept")
    open_storage(settings).check()
    assert (tmp_path / "kept").is_dir()
    for wrong in ("ftp://somewhere", "s3://", "file://"):
        with pytest.raises(ValueError, match="LMS_STORAGE_URL"):
            open_storage(Settings(storage_url=wrong))


def test_a_row_that_cannot_be_written_takes_its_bytes_along(place, database):
    with database.transaction() as session:
        session.execute(text("CREATE TRIGGER full BEFORE INSERT ON stored_file BEGIN SELECT RAISE(ABORT, 'no room'); END"))
    with pytest.raises(Exception, match="no room"), database.transaction() as session:
        save_file(session, place, b"essay", "essay.txt", "text/plain", owner_id=None)
    assert files_in(place) == []


def test_a_script_that_calls_itself_a_page_is_handed_out_as_bytes(place, database):
    with database.transaction() as session:
        file = save_file(session, place, b"<script>", "../año <1>.html", "text/html; charset=utf-8", owner_id=None)
    answer = download(place, file)
    assert (file.name, file.content_type) == ("año _1_.html", "application/octet-stream")
    assert TestClient(answer).get("/").content == b"<script>"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "attachment; filename=\"a_o _1_.html\"; filename*=UTF-8''a%C3%B1o%20_1_.html"


def test_a_large_file_is_handed_out_in_pieces(place, database):
    with database.transaction() as session:
        file = save_file(session, place, b"x" * 1_500_000, "film.mp4", "video/mp4", None)
    answer = download(place, file)
    with TestClient(answer).stream("GET", "/") as received:
        sizes = [len(piece) for piece in received.iter_raw()]
    assert (sum(sizes), received.headers["content-length"]) == (1_500_000, "1500000")
    assert received.headers["content-type"] == "video/mp4"


def test_a_download_goes_on_where_the_line_broke(place, database):
    content = bytes(range(256)) * 20
    with database.transaction() as session:
        file = save_file(session, place, content, "film.mp4", "video/mp4", None)

    def ask(**headers: str) -> Any:
        return TestClient(download(place, file)).get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})

    whole = ask()
    tag = whole.headers["etag"]
    rest = ask(range="bytes=1000-", if_range=tag)
    assert (rest.status_code, rest.content, rest.headers["content-range"]) == (206, content[1000:], "bytes 1000-5119/5120")
    assert [ask(range=wish).content for wish in ("bytes=0-9", "bytes=-20", "bytes=5000-9999")] == [
        content[:10], content[-20:], content[5000:],
    ]  # fmt: skip
    for wish in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=-"):
        assert (ask(range=wish).status_code, ask(range=wish).content) == (200, content)
    assert (ask(range="bytes=5120-").status_code, ask(range="bytes=-0").status_code) == (416, 416)
    assert ask(range="bytes=10-", if_range='"another"').content == content, "it was changed meanwhile"
    assert (ask(if_none_match=tag).status_code, ask(if_none_match=tag).content) == (304, b"")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("essay.pdf", "essay.pdf"), ("../../etc/passwd", "passwd"), ("C:\\Users\\Ana\\tesis final.docx", "tesis final.docx"), ("", "file"),
        ("...", "file"), (".htaccess", "htaccess"), ("con.txt", "con_.txt"), ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
        ("evil\u202efdp.exe", "evilfdp.exe"), ("日本.pdf", "日本.pdf"), ('a"b.txt', "a_b.txt"),
    ],
)  # fmt: skip
def test_a_file_name_is_made_harmless(typed, kept):
    assert clean_name(typed) == kept


def test_a_long_name_keeps_its_ending():
    assert clean_name("x" * 400 + ".pdf").endswith("x.pdf")
    assert len(clean_name("x" * 400 + ".pdf")) <= 120
    assert "\n" not in content_disposition("a\nb")


def test_a_signed_link_opens_one_thing_until_it_expires():
    with clock.frozen(datetime(2026, 3, 1, tzinfo=UTC)):
        token = sign_link(b"secret", "file:5", timedelta(hours=1))
        assert verify_link(b"secret", "file:5", token)
        assert not verify_link(b"secret", "file:6", token)
        assert not verify_link(b"other", "file:5", token)
        assert not verify_link(b"secret", "file:5", f"9{token}")
        assert not any(verify_link(b"secret", "file:5", wrong) for wrong in ("", ".", "x.y", "²." + "0" * 64, "1.é", token + "0"))
    with clock.frozen(datetime(2026, 3, 1, 1, 0, tzinfo=UTC)):
        assert not verify_link(b"secret", "file:5", token)
