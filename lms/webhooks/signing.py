"""How a message proves where it comes from: HMAC-SHA256 as in the Standard Webhooks specification 1.0."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"


def key_of(secret_key: bytes, salt: str) -> bytes:
    """The 32 bytes that sign for an endpoint: derived from the key of the installation, so that the database holds no secret."""
    return hmac.new(secret_key, f"webhook:{salt}".encode(), hashlib.sha256).digest()


def shown(key: bytes) -> str:
    """The secret as the receiver enters it, such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`."""
    return PREFIX + base64.b64encode(key).decode()


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, `v1,` and base64, over id, seconds since 1970 and the body's very bytes."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers. Several keys while a secret is being changed: the receiver needs one that fits."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, message_id, timestamp, body) for key in keys),
    }
