"""Secret parts of addresses: a name of ours with a signature behind it, so that who reads the database alone cannot make one."""

import hashlib
import hmac

from lms.kernel.errors import NotFound


def signed(secret: bytes, purpose: str, name: str) -> str:
    """The name with its signature. It opens what has this purpose and nothing else."""
    signature = hmac.new(secret, f"{purpose}:{name}".encode(), hashlib.sha256).hexdigest()
    return f"{name}-{signature[:40]}"


def read(secret: bytes, purpose: str, given: str) -> str:
    """The name in a text that we signed for this purpose. Raises NotFound."""
    name = given.rpartition("-")[0]
    if not given.isascii() or not hmac.compare_digest(signed(secret, purpose, name), given):
        raise NotFound()
    return name
