"""Which addresses may be called: only public ones, so that nobody reaches through us what stands behind the firewall."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_

LONGEST = 500
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1: an IPv4 address in its last four bytes
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unreachable(Exception):
    """The address may not be called, or leads nowhere. The message says why."""


def check(url: str, *, allows_private: bool) -> str:
    """The address as it is kept. Raises Invalid where it can never be called; where its name leads is looked up before each call."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and (parts.port is None or 0 < parts.port < 65536)
    except ValueError:
        is_whole = False
    if not is_whole or len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid({"url": N_("Please write a whole address, for example https://example.org/hook.")})
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid({"url": N_("Please leave out user, password and what follows a #: messages are signed instead.")})
    if parts.scheme != "https" and not (allows_private and parts.scheme == "http"):
        raise Invalid({"url": N_("The address must begin with https://.")})
    if not allows_private and _is_plainly_private(parts.hostname or ""):
        raise Invalid({"url": N_("This address is not on the public internet.")})
    return url


def _is_plainly_private(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return False


def is_public(address: IpAddress) -> bool:
    """Whether the address is one of the public internet, looking also into IPv6 addresses that carry an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(address.packed[12:]))
        carried = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if carried is not None:
            return is_public(carried)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def resolve(parts: SplitResult, *, allows_private: bool) -> tuple[str, int]:
    """IP address and port to connect to. Raises Unreachable. Every address of the name must be allowed, not only the first."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"the name leads nowhere: {error}") from None
    addresses = [str(entry[4][0]) for entry in found]
    hidden = [text for text in addresses if not is_public(ipaddress.ip_address(text.partition("%")[0]))]
    if hidden and not allows_private:
        raise Unreachable("the name leads to an address that is not on the public internet")
    if parts.scheme != "https" and len(hidden) < len(addresses):
        raise Unreachable("http is for private networks alone")
    return addresses[0], port
