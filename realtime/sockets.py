"""A stream that has its socket to itself.

For an open response uvicorn keeps a parser, the request, a task and a dozen coroutines within
each other: 10 KiB that a stream never uses again. So once the response has begun the stream takes
the socket over, writes to it itself, and hears from it when the client has left. On other servers,
and over WebSocket, `realtime.connection` does the same through ASGI.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from realtime import metrics
from realtime.connection import Hear, Receive, Send
from realtime.transports import Asgi

LAST_CHUNK = b"0\r\n\r\n"


def response_behind(send: Send) -> RequestResponseCycle | None:
    """The response that uvicorn's `send` belongs to; None where the server is another one."""
    response = getattr(send, "__self__", None)
    return response if isinstance(response, RequestResponseCycle) else None


class SocketConnection(asyncio.Protocol):
    """As `realtime.connection.Connection`, and outlives the request that opened it.

    Until the socket is ours, and while the client does not read, frames wait; at most `limit`
    bytes of them. `on_over` is called when the socket is gone.
    """

    __slots__ = (
        "_connections", "_grace", "_last_words", "_limit", "_on_over", "_response", "_size",
        "_socket", "_waiting", "ended_because", "is_over",
    )  # fmt: skip

    def __init__(
        self,
        response: RequestResponseCycle,
        *,
        last_words: Callable[[str], bytes],
        on_over: Callable[[], object],
        limit: int,
        grace: float,
    ) -> None:
        self.ended_because: str | None = None
        self.is_over = False
        self._connections: set[Any] = set()  # uvicorn's, of all that it has to end
        self._grace = grace
        self._last_words = last_words
        self._limit = limit
        self._on_over = on_over
        self._response: RequestResponseCycle | None = response
        self._size = 0
        self._socket: asyncio.Transport = response.transport
        self._waiting: list[bytes] | None = []  # None: what is written goes out

    @property
    def is_blocked(self) -> bool:
        """The client does not read as fast as we write."""
        return self._waiting is not None

    @property
    def is_detached(self) -> bool:
        """The socket is ours, and `on_over` will be called whatever becomes of the request."""
        return self._response is None

    async def open(self, opening: Asgi) -> None:
        """Let the server begin its response, then take the socket over."""
        response = self._response
        if response is None:
            return
        last = (b"connection", b"close")  # nothing else will be asked on it
        begin: Send = response.send
        await begin({**opening, "headers": [*opening["headers"], last]})
        protocol = self._socket.get_protocol()
        if response.disconnected or not isinstance(protocol, HttpToolsProtocol):
            self.lost()
            return
        self._take_over(protocol, response)
        if not protocol.flow.write_paused:
            self.resume_writing()

    async def wait(self, receive: Receive, hear: Hear) -> None:
        """Returns at once: the request may end, the stream goes on without it."""

    def write(self, frame: bytes) -> None:
        if self.ended_because is not None:
            return
        if self._waiting is None:
            self._socket.write(_chunk(frame))
        elif self._size + len(frame) <= self._limit:
            self._hold(frame)
        else:
            self.cut("too_slow")

    def cut(self, reason: str) -> None:
        """End with the last words in place of whatever waits."""
        if self._waiting is not None:
            self._waiting, self._size = [], 0
        self.end(reason, self._last_words(reason))

    def end(self, reason: str, frame: bytes | None = None) -> None:
        """Finish the stream with `frame`, after what waits; the first reason counts."""
        if self.ended_because is not None:
            return
        self._conclude(reason)
        if self._waiting is None:
            self._waiting = [frame or b""]
            self.resume_writing()
        elif frame is not None:
            self._hold(frame)
        asyncio.get_running_loop().call_later(self._grace, self._drop)

    def lost(self) -> None:
        """The client is gone, and what waits with it."""
        if self.ended_because is None:
            self._conclude("client_left")
        if self.is_over:
            return
        self.is_over = True
        self._connections.discard(self)
        on_over, self._on_over, self._last_words = self._on_over, _nothing, _silence
        self._waiting = []
        on_over()

    # What the socket tells us.

    def pause_writing(self) -> None:
        self._waiting = []

    def resume_writing(self) -> None:
        frames, self._waiting, self._size = b"".join(self._waiting or ()), None, 0
        if frames:
            self._socket.write(_chunk(frames))
        if self.ended_because is not None:
            self._socket.write(LAST_CHUNK)
            self._socket.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost()

    def shutdown(self) -> None:
        """The server stops, and waits until all its connections are closed."""
        self.cut("shutdown")

    def _take_over(self, protocol: HttpToolsProtocol, response: RequestResponseCycle) -> None:
        """Nothing of uvicorn's refers to the socket afterwards, nor to the request."""
        self._socket.set_protocol(self)
        self._connections = cast("set[Any]", protocol.connections)
        self._connections.discard(protocol)
        self._connections.add(self)
        protocol.flow.resume_reading()  # or the end would not be heard
        protocol.parser = None  # type: ignore[assignment]  # each refers to the other
        response.disconnected = True  # to it the client has left
        self._response = None

    def _hold(self, frame: bytes) -> None:
        if self._waiting is not None:
            self._waiting.append(frame)
            self._size += len(frame)

    def _conclude(self, reason: str) -> None:
        self.ended_because = reason
        metrics.closed.labels(reason).inc()

    def _drop(self) -> None:
        """The grace is over: a client that still does not read loses its socket."""
        if not self.is_over:
            self._socket.abort()


@lru_cache(maxsize=16)
def _chunk(frame: bytes) -> bytes:
    """As HTTP/1.1 sends it; made once for all who get it in one turn."""
    return b"%x\r\n%b\r\n" % (len(frame), frame)


def _nothing() -> None: ...


def _silence(_reason: str) -> bytes:
    return b""
