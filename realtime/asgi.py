"""The streams as a raw ASGI endpoint beside Django, and the lifespan of a server process."""

import asyncio
import logging
import re
import signal
import threading
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

from core.errors import DomainError, LimitExceeded, error_body
from realtime import metrics, sse
from realtime.connect_rate import address_of
from realtime.connection import Send
from realtime.origins import Headers, cors_headers, preflight_headers
from realtime.requests import StreamRequest, hide_ticket, read_request, read_resume_point
from realtime.signin import find_feed, sign_in
from realtime.site import Site, current_site, stop_site
from realtime.streams import Receive, Stream, serve_stream
from realtime.wire import dump

logger = logging.getLogger(__name__)

App = Callable[[Any, Any, Any], Awaitable[None]]

ROUTES = {
    "user": re.compile(r"/api/v1/user/nft-events\Z"),
    "upgrade": re.compile(r"/api/nft/upgrade/(?P<upgrade_id>[^/]+)/events\Z"),
    "system": re.compile(r"/api/v1/admin/events\Z"),
}


def streams_or(django: App) -> App:
    """The application for HTTP: streams here, everything else to Django."""

    async def route(scope: Any, receive: Receive, send: Send) -> None:
        for name, pattern in ROUTES.items():
            if match := pattern.match(scope["path"]):
                await _answer(name, match.groupdict().get("upgrade_id"), scope, receive, send)
                return
        await django(scope, receive, send)

    return route


async def _answer(
    route: str, upgrade_id: str | None, scope: Any, receive: Receive, send: Send
) -> None:
    request = read_request(scope)
    hide_ticket(scope)
    if request.method == "OPTIONS":
        await _send(send, 204, preflight_headers(request))
    elif request.method != "GET":
        body = error_body(405, "A stream can only be read.", "METHOD_NOT_ALLOWED")
        await _send(send, 405, [(b"allow", b"GET, OPTIONS"), *cors_headers(request)], body)
    else:
        await _answer_get(request, route, upgrade_id, receive, send)


async def _answer_get(
    request: StreamRequest, route: str, upgrade_id: str | None, receive: Receive, send: Send
) -> None:
    headers = cors_headers(request)
    try:
        if not await _stream(current_site(), request, route, upgrade_id, receive, send):
            await _send(send, 204, headers)  # tells `EventSource` not to come back
    except DomainError as error:
        metrics.refused.labels(error.code).inc()
        body = error_body(error.status, error.message, error.code, error.details)
        await _send(send, error.status, [*headers, *_error_headers(error)], body)


async def _stream(
    site: Site,
    request: StreamRequest,
    route: str,
    upgrade_id: str | None,
    receive: Receive,
    send: Send,
) -> bool:
    """False when there is nothing more to stream. Raises DomainError before anything is sent."""
    site.connect_rate.count(address_of(request))
    grant = await sign_in(site, request)
    feed = await find_feed(site, grant, route=route, upgrade_id=upgrade_id)
    point = read_resume_point(request)
    if point.is_superseded:
        return False
    headers = [*sse.HEADERS, *cors_headers(request)]
    return await serve_stream(
        Stream(site, grant, feed, send, headers=headers), point, receive, send
    )


def _error_headers(error: DomainError) -> Headers:
    if isinstance(error, LimitExceeded):
        return [(b"retry-after", str(error.retry_after).encode())]
    if error.status == 503:
        return [(b"retry-after", b"5")]
    return [(b"www-authenticate", b"Bearer")] if error.status == 401 else []


async def _send(send: Send, status: int, headers: Headers, body: Any = None) -> None:
    content = b"" if body is None else dump(body).encode()
    described = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    start = [*headers, (b"cache-control", b"no-store"), *(described if content else [])]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": content})


async def lifespan(_scope: Any, receive: Receive, send: Send) -> None:
    """Starts the hub with the server; ends the streams as soon as the server is told to stop."""
    await receive()
    site = current_site()
    _drain_on_signal(site)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stop_site()
    await send({"type": "lifespan.shutdown.complete"})


def _drain_on_signal(site: Site) -> None:
    """Servers wait for open responses before they say `lifespan.shutdown`: streams would hold
    them for ever. So we hear the signal too, and then pass it on to the server's own handler.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(signum: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(site.drain)
            if callable(before):
                before(signum, frame)

        signal.signal(number, handle)
