"""Which pages may read a stream: CORS for all, and the Origin check for browser sessions."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from core.errors import NotAllowed
from realtime.requests import StreamRequest

ALLOWED_HEADERS = b"authorization, if-none-match, last-event-id, x-correlation-id"
EXPOSED_HEADERS = b"etag, retry-after, x-correlation-id"

Headers = list[tuple[bytes, bytes]]


def cors_headers(request: StreamRequest) -> Headers:
    """For every answer; `*` is never sent."""
    headers = [(b"vary", b"Origin")]
    if request.origin is not None and request.origin in settings.CORS_ALLOWED_ORIGINS:
        headers.append((b"access-control-allow-origin", request.origin.encode("latin-1")))
        headers.append((b"access-control-expose-headers", EXPOSED_HEADERS))
        if settings.CORS_ALLOW_CREDENTIALS:
            headers.append((b"access-control-allow-credentials", b"true"))
    return headers


def preflight_headers() -> Headers:
    """On top of those of every answer."""
    return [
        (b"allow", b"GET, OPTIONS"),
        (b"access-control-allow-methods", b"GET"),
        (b"access-control-allow-headers", ALLOWED_HEADERS),
        (b"access-control-max-age", b"600"),
    ]


def check_origin(request: StreamRequest) -> None:
    """A cookie comes along from any page, and a WebSocket may be opened by any page: it has to
    be ours. Raises NotAllowed.
    """
    if request.origin is None:
        allowed = request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
    else:
        allowed = request.origin in _own_origins(request)
    if not allowed:
        raise NotAllowed("ORIGIN_NOT_ALLOWED", "This page may not open the stream.")


def _own_origins(request: StreamRequest) -> set[str]:
    own = {*settings.CORS_ALLOWED_ORIGINS}
    site = urlsplit(settings.PUBLIC_BASE_URL)
    own.add(f"{site.scheme}://{site.netloc}")
    host = request.headers.get("host", "")
    if validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        own.add(f"{request.scheme}://{host}")
    return own
