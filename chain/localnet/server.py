"""The localnet over HTTP and WebSocket, both at `/`, as a validator's RPC and PubSub ports."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from .dispatch import answer, read_params
from .errors import PARSE_ERROR, RpcError, invalid_request
from .guard import Guard
from .params import Params
from .service import Localnet
from .subscriptions import Connection, Feed

logger = logging.getLogger(__name__)
MAX_BODY_BYTES = 50 * 1024  # agave's default
MAX_WAITING_MESSAGES = 10_000  # towards one slow WebSocket client, before it is cut off


def build_app(
    net: Localnet, *, slot_seconds: float, guard: Guard, on_ready: Callable[[], None]
) -> Starlette:
    """`slot_seconds` 0 leaves the slots to the test hooks."""
    endpoints = _Endpoints(net, Feed(net), guard)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        clock = asyncio.create_task(_keep_time(net, slot_seconds))
        on_ready()
        yield
        clock.cancel()
        with suppress(asyncio.CancelledError):
            await clock

    return Starlette(
        routes=[
            Route("/", endpoints.rpc, methods=["POST", "OPTIONS"]),
            Route("/health", endpoints.health),
            WebSocketRoute("/", endpoints.pubsub),
        ],
        lifespan=lifespan,
    )


@dataclass(frozen=True, slots=True)
class _Endpoints:
    net: Localnet
    feed: Feed
    guard: Guard

    async def rpc(self, request: Request) -> Response:
        if not self.guard.allows(request.headers):
            return PlainTextResponse("Host or Origin is not allowed\n", 403)
        if request.method == "OPTIONS":
            headers = self.guard.preflight_headers(request.headers)
            return Response(status_code=204, headers=headers)
        response = await _answer_http(self.net, request)
        response.headers.update(self.guard.cors_headers(request.headers))
        return response

    async def pubsub(self, socket: WebSocket) -> None:
        if not self.guard.allows(socket.headers):
            await socket.close(1008)
            return
        await socket.accept()
        await _serve_socket(self.feed, socket)

    async def health(self, request: Request) -> Response:
        allowed = self.guard.allows(request.headers)
        return PlainTextResponse("ok" if allowed else "not allowed", 200 if allowed else 403)


async def _answer_http(net: Localnet, request: Request) -> Response:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        return PlainTextResponse("Supplied content type is not allowed.\n", 415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return PlainTextResponse("The request body is too large.\n", 413)
    except ClientDisconnect:  # killed while it asked: nobody reads this
        return Response(status_code=400)
    return Response(answer(net, bytes(body)), media_type="application/json")


async def _keep_time(net: Localnet, slot_seconds: float) -> None:
    """One slot after the other; a machine that slept does not catch up in a burst."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while slot_seconds:
        due = max(due + slot_seconds, loop.time())
        await asyncio.sleep(due - loop.time())
        try:
            net.tick()
        except Exception:
            logger.exception("a slot could not begin")


async def _serve_socket(feed: Feed, socket: WebSocket) -> None:
    waiting: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(MAX_WAITING_MESSAGES)

    def send(message: dict[str, Any]) -> None:
        if waiting.full():
            feed.connections.discard(connection)
            waiting.get_nowait()
            waiting.put_nowait(None)
        else:
            waiting.put_nowait(message)

    connection = Connection(feed, send)
    feed.connections.add(connection)
    writer = asyncio.create_task(_write_out(socket, waiting))
    try:
        async for text in socket.iter_text():
            _answer_socket(connection, send, text)
    finally:
        feed.connections.discard(connection)
        writer.cancel()


async def _write_out(socket: WebSocket, waiting: asyncio.Queue[dict[str, Any] | None]) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while (message := await waiting.get()) is not None:
            await socket.send_text(json.dumps(message))
        await socket.close(1013, "too slow")


def _answer_socket(
    connection: Connection, send: Callable[[dict[str, Any]], None], text: str
) -> None:
    identifier, then = None, None
    try:
        request = _read_request(text)
        identifier = request.get("id")
        result, then = connection.request(request["method"], Params(read_params(request)))
        reply = {"jsonrpc": "2.0", "result": result, "id": identifier}
    except RpcError as error:
        reply = {"jsonrpc": "2.0", "error": error.as_json(), "id": identifier}
    send(reply)
    if then is not None:
        then()


def _read_request(text: str) -> dict[str, Any]:
    try:
        request = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, "Parse error") from error
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise invalid_request()
    return request
