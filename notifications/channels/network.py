"""Where a push may go: addresses that a stranger gave us must not lead into our own house."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from core.errors import InvalidInput

NAT64 = ipaddress.ip_network("64:ff9b::/96")
LONGEST_ENDPOINT = 1000


def check_endpoint(endpoint: str) -> SplitResult:
    """Raises InvalidInput for anything but https to a public host; a name is resolved later."""
    try:
        url = urlsplit(endpoint)
        port, host = url.port, url.hostname
    except ValueError:
        raise _refused("This is no address.") from None
    if not host or not endpoint.isascii() or len(endpoint) > LONGEST_ENDPOINT or url.username:
        raise _refused("This is no address of a push service.")
    if is_own_loopback(host):
        return url
    if url.scheme != "https" or port not in {None, 443}:
        raise _refused("A push service is reached by https at its usual port.")
    if _as_address(host) is not None and not is_public(host):
        raise _refused("This address is not public.")
    return url


def is_public(address: str) -> bool:
    """Whether an IP address lies outside, also when it wraps another one."""
    found = _as_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found in NAT64 or found.teredo:
            return False
        found = found.ipv4_mapped or found.sixtofour or found
    return found is not None and found.is_global and not found.is_multicast


def is_own_loopback(host: str) -> bool:
    """For development and tests, where a setting allows it."""
    return bool(settings.PUSH_LOOPBACK_ALLOWED) and host in {"127.0.0.1", "localhost"}


def _as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refused(message: str) -> InvalidInput:
    return InvalidInput("INVALID_ENDPOINT", message)
