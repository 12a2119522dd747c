"""Streams and polls as raw ASGI endpoints beside Django, and the lifespan of a server process."""

import asyncio
import gc
import logging
import re
import signal
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import Any

from core.errors import DomainError, error_body
from realtime import sse
from realtime.answers import answer, answer_error
from realtime.connect_rate import address_of
from realtime.connection import Receive, Send
from realtime.origins import cors_headers, preflight_headers
from realtime.polling import poll
from realtime.requests import (
    StreamRequest,
    check_size,
    hide_ticket,
    read_request,
    read_resume_point,
)
from realtime.signin import find_feed, sign_in
from realtime.site import Site, current_site, stop_site
from realtime.streams import Stream, serve_stream
from realtime.wire import dump

logger = logging.getLogger(__name__)

App = Callable[[Any, Any, Any], Awaitable[None]]
Handler = Callable[[StreamRequest, Receive, Send], Awaitable[None]]

ROUTES = {
    "user": re.compile(r"/api/v1/user/nft-events\Z"),
    "upgrade": re.compile(r"/api/nft/upgrade/(?P<upgrade_id>[^/]+)/events\Z"),
    "system": re.compile(r"/api/v1/admin/events\Z"),
}
CHANGES = re.compile(r"/api/v1/user/nft-portfolio-changes\Z")
COLLECT_AFTER = (20_000, 10, 20)
DRAIN_SECONDS = 1.0  # a client that does not read holds up the end of a server no longer
ALLOW = (b"allow", b"GET, OPTIONS")


def streams_or(django: App) -> App:
    """The application for HTTP: streams and polls here, everything else to Django."""

    async def route(scope: Any, receive: Receive, send: Send) -> None:
        if handle := _handler_of(scope["path"]):
            await _answer(handle, scope, receive, send)
        else:
            await django(scope, receive, send)

    return route


def _handler_of(path: str) -> Handler | None:
    if CHANGES.match(path):
        return _answer_poll
    for name, pattern in ROUTES.items():
        if match := pattern.match(path):
            return partial(_stream, name, match.groupdict().get("upgrade_id"))
    return None


async def _answer(handle: Handler, scope: Any, receive: Receive, send: Send) -> None:
    request = read_request(scope)
    hide_ticket(scope)
    if request.method == "OPTIONS":
        await answer(send, request, 204, headers=preflight_headers())
    elif request.method != "GET":
        body = error_body(405, "This can only be read.", "METHOD_NOT_ALLOWED")
        await answer(send, request, 405, headers=[ALLOW], body=dump(body))
    else:
        try:
            check_size(scope)
            await handle(request, receive, send)
        except DomainError as error:
            await answer_error(send, request, error)


async def _stream(
    route: str, upgrade_id: str | None, request: StreamRequest, receive: Receive, send: Send
) -> None:
    """Raises DomainError before anything is sent."""
    site = current_site()
    site.connect_rate.count(address_of(request))
    grant = await sign_in(site, request)
    feed = await find_feed(site, grant, route=route, upgrade_id=upgrade_id)
    point = read_resume_point(request)
    headers = [*sse.HEADERS, *cors_headers(request)]
    opening = {"type": "http.response.start", "status": 200, "headers": headers}
    stream = Stream(site, grant, feed, send, transport=sse.SSE)
    if point.is_superseded or not await serve_stream(stream, point, receive, send, opening=opening):
        await answer(send, request, 204)  # tells `EventSource` not to come back


async def _answer_poll(request: StreamRequest, receive: Receive, send: Send) -> None:
    """304 when nothing has happened while the poll waited, or nothing but what is known."""
    found = await poll(current_site(), request, receive)
    if found is None:
        return
    asked, result = found
    etag = result.etag(asked)
    headers = [(b"etag", etag.encode()), (b"cache-control", b"private, no-cache")]
    is_known = etag in request.headers.get("if-none-match", "")
    if is_known or (asked.wait and not result.is_news and asked.after is not None):
        await answer(send, request, 304, headers=headers)
    else:
        await answer(send, request, 200, headers=headers, body=result.body)


async def lifespan(_scope: Any, receive: Receive, send: Send) -> None:
    """Starts the hub with the server; ends the streams as soon as the server is told to stop."""
    await receive()
    site = current_site()
    _settle_memory()
    _drain_on_signal(site)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stop_site()
    await send({"type": "lifespan.shutdown.complete"})


def _settle_memory() -> None:
    """Collections are for what is new: what is imported stays, and a crowd that only arrives, or
    waits, is no reason to look at all its streams again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _drain_on_signal(site: Site) -> None:
    """Servers wait for open responses before they say `lifespan.shutdown`: streams would hold
    them for ever; and they close WebSockets without a word of ours. So we hear the signal first,
    and pass it on to the server's own handler when the streams have ended.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(signum: int, frame: FrameType | None, before: Any = before) -> None:
            pass_on = partial(before, signum, frame) if callable(before) else _nothing
            asyncio.run_coroutine_threadsafe(_drain(site, pass_on), loop)

        signal.signal(number, handle)


async def _drain(site: Site, pass_on: Callable[[], None]) -> None:
    try:
        site.drain()
        await site.wait_for_readers(seconds=DRAIN_SECONDS)
    finally:  # a fault of ours must not keep a server from stopping
        pass_on()


def _nothing() -> None:
    pass
