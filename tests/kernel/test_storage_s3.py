"""What is particular to a bucket: how it is found, how its faults are told, and what the world would see of it."""

import sys
import time
from typing import Any

import pytest

from lms.kernel.storage import open_storage
from lms.settings import Settings
from tests.buckets import ENDPOINT, bucket_settings


def settings(**values):
    return Settings(_env_file=None, **values)


def test_a_browser_that_finds_the_bucket_keeps_what_it_gets():
    place: Any = open_storage(settings(**bucket_settings()))
    stored = place.put(b"<script>alert(1)</script>")
    found = place.store.get(f"{stored.key[:2]}/{stored.key}")
    assert dict(found.attributes) == {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}


def test_what_the_settings_leave_open_comes_from_the_usual_variables(monkeypatch):
    named = bucket_settings()
    for name, value in {
        "AWS_ENDPOINT_URL": ENDPOINT, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    place = open_storage(settings(storage_url=named["storage_url"]))
    assert place.exists(place.put(b"essay").key)


def test_two_campuses_share_a_bucket_and_see_nothing_of_each_other():
    named = bucket_settings()
    one, other = (open_storage(settings(**{**named, "storage_url": f"{named['storage_url']}/{part}"})) for part in ("north", "south"))
    key = one.put(b"essay").key
    assert (one.exists(key), other.exists(key)) == (True, False)


def test_a_bucket_that_is_not_there_is_told_in_a_line():
    named = bucket_settings()
    place = open_storage(settings(**{**named, "storage_url": "s3://lms-nowhere"}))
    for action in (place.check, lambda: place.put(b"essay")):
        with pytest.raises(OSError, match="bucket"):
            action()


def test_a_server_that_is_away_is_told_soon():
    named = {"storage_url": "s3://somewhere", "s3_endpoint": "http://127.0.0.1:9", "s3_access_key_id": "a", "s3_secret_access_key": "b"}
    began = time.monotonic()
    with pytest.raises(OSError, match="error"):
        open_storage(settings(**named)).check()
    assert time.monotonic() - began < 25


def test_without_its_library_the_refusal_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "lms.kernel.storage_s3", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ValueError, match=r"pip install 'aula-sur\[s3\]'"):
        open_storage(settings(storage_url="s3://somewhere"))
