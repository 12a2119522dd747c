"""The WebSocket application: signs in before it accepts, then serves the user's feed.

Raw ASGI behind Channels' protocol router: a Channels consumer is slower to accept and costs more
memory a connection (docs/decisions), and closes database connections that we do not hold.
"""

import re
from typing import Any

from core.errors import Conflict, DomainError, NotFound
from realtime import metrics
from realtime.answers import IN_PLACE_OF_WEBSOCKET, answer_error
from realtime.connect_rate import address_of
from realtime.connection import Receive, Send
from realtime.origins import check_origin
from realtime.requests import (
    BEARER,
    StreamRequest,
    check_size,
    hide_ticket,
    read_request,
    read_resume_point,
)
from realtime.signin import find_feed, sign_in
from realtime.site import current_site
from realtime.streams import Stream, serve_stream
from realtime.websocket import WEBSOCKET

PATH = re.compile(r"/ws/nft-events/?\Z")
REFUSED = 4000  # plus the HTTP status, where a refusal cannot be an HTTP answer


async def websocket(scope: Any, receive: Receive, send: Send) -> None:
    await receive()  # `websocket.connect`
    request = read_request(scope)
    hide_ticket(scope)
    try:
        check_size(scope)
        await _open(request, receive, send)
    except DomainError as error:
        await _refuse(scope, request, error, send)


async def _open(request: StreamRequest, receive: Receive, send: Send) -> None:
    """Raises DomainError before the handshake is accepted."""
    if not PATH.match(request.path):
        raise NotFound("NOT_FOUND", "There is nothing here.")
    check_origin(request)
    site = current_site()
    site.connect_rate.count(address_of(request))
    grant = await sign_in(site, request)
    feed = await find_feed(site, grant, route="user", upgrade_id=None)
    point = read_resume_point(request)
    if point.is_superseded:
        raise Conflict("SUPERSEDED", "Newer streams of yours took this one's place.")
    opening = {"type": "websocket.accept"}
    if BEARER in request.subprotocols:
        opening["subprotocol"] = BEARER
    stream = Stream(site, grant, feed, send, transport=WEBSOCKET)
    await serve_stream(stream, point, receive, send, opening=opening)


async def _refuse(scope: Any, request: StreamRequest, error: DomainError, send: Send) -> None:
    if IN_PLACE_OF_WEBSOCKET in (scope.get("extensions") or {}):
        await answer_error(send, request, error, how=IN_PLACE_OF_WEBSOCKET)
        return
    metrics.refused.labels(error.code).inc()
    await send({"type": "websocket.close", "code": REFUSED + error.status, "reason": error.code})
