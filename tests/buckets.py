"""Throw-away buckets of a test server that speaks S3."""

import http.client
import os
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest

ENDPOINT = os.environ.get("LMS_TEST_S3_URL", "")


def bucket_settings() -> dict[str, Any]:
    """Settings that name a new, empty bucket. Skips where there is no server."""
    if not ENDPOINT:
        pytest.skip("LMS_TEST_S3_URL is not set")
    name = f"lms-{uuid.uuid4().hex[:12]}"
    connection = http.client.HTTPConnection(urlsplit(ENDPOINT).netloc, timeout=20)
    connection.request("PUT", f"/{name}")
    assert connection.getresponse().status == 200
    connection.close()
    return {
        "storage_url": f"s3://{name}/campus", "s3_endpoint": ENDPOINT, "s3_region": "us-east-1",
        "s3_access_key_id": "test", "s3_secret_access_key": "test",
    }  # fmt: skip
