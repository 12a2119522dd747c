"""One open stream: written at once while the client reads, bounded when it does not."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, AnyStr, Generic

from realtime import metrics
from realtime.transports import Asgi, Transport

Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]
Hear = Callable[[Any], None]
Step = Coroutine[Any, Any, None]
LEFT = frozenset({"http.disconnect", "websocket.disconnect"})


class Connection(Generic[AnyStr]):
    """Writes frames in order without ever blocking the caller, on any ASGI server.

    While the client reads, a write happens inside the call: no task, no queue. When the server
    applies backpressure a task waits and frames pile up, at most `limit` bytes; then the client
    is cut: `last_words(reason)` replaces what waits. A stream that is to end has `grace`
    seconds to get out before its socket is dropped. `on_over` is called once nothing more will
    be written.
    """

    __slots__ = (
        "_grace", "_last_words", "_limit", "_on_over", "_pending", "_send", "_size",
        "_transport", "_waiter", "_writer", "ended_because", "is_over",
    )  # fmt: skip
    is_detached = False  # it ends with the request

    def __init__(
        self,
        send: Send,
        transport: Transport[AnyStr],
        *,
        last_words: Callable[[str], AnyStr],
        on_over: Callable[[], object],
        limit: int,
        grace: float,
    ) -> None:
        self.ended_because: str | None = None
        self.is_over = False  # nothing more will be written
        self._grace = grace
        self._last_words: Callable[[str], AnyStr] = last_words
        self._limit = limit
        self._on_over = on_over
        self._pending: list[AnyStr] = []
        self._send = send
        self._size = 0
        self._transport: Transport[AnyStr] = transport
        self._waiter: asyncio.Task[Any] | None = None
        self._writer: asyncio.Task[None] | None = None

    async def open(self, opening: Asgi) -> None:
        """Begin the response, or accept the handshake."""
        await self._send(opening)

    async def wait(self, receive: Receive, hear: Hear) -> None:
        """Returns when the client has left or the stream is over; `hear` gets what it says."""
        self._waiter = None if self.is_over else asyncio.current_task()
        try:
            while self._waiter is not None and (message := await receive())["type"] not in LEFT:
                hear(message)
        except asyncio.CancelledError:
            if self._waiter is not None or not self.is_over:
                raise
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
        finally:
            self._waiter = None
            self.lost()

    @property
    def is_blocked(self) -> bool:
        """The client does not read as fast as we write."""
        return self._writer is not None

    @property
    def _is_ending(self) -> bool:
        return self.ended_because is not None and not self.is_over

    def write(self, frame: AnyStr) -> None:
        if self.ended_because is not None:
            return
        if self._writer is None:
            self._write_now(frame)
        elif self._size + len(frame) <= self._limit:
            self._queue(frame)
        else:
            self.cut("too_slow")

    def cut(self, reason: str) -> None:
        """End with the last words in place of whatever waits."""
        self._pending, self._size = [], 0
        self.end(reason, self._last_words(reason))

    def end(self, reason: str, frame: AnyStr | None = None) -> None:
        """Finish the stream with `frame`, after what is pending; the first reason counts."""
        if self.ended_because is not None:
            return
        self._conclude(reason)
        if frame is not None:
            self._queue(frame)
        loop = asyncio.get_running_loop()
        if self._writer is None:
            self._writer = loop.create_task(self._flush(None))
        loop.call_later(self._grace, self._drop)

    def lost(self) -> None:
        """The client is gone, and what is pending with it."""
        if self.ended_because is None:
            self._conclude("client_left")
        self._pending, self._size = [], 0
        self._close()

    def _close(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self._waiter is not None:  # not every server says so through `receive`
            waiter, self._waiter = self._waiter, None
            waiter.cancel()
        self._on_over()

    def _conclude(self, reason: str) -> None:
        self.ended_because = reason
        metrics.closed.labels(reason).inc()

    def _queue(self, frame: AnyStr) -> None:
        self._pending.append(frame)
        self._size += len(frame)

    def _write_now(self, frame: AnyStr) -> None:
        """Run the first step of a send here; a task is needed only if it has to wait."""
        step: Step = self._send(self._transport.write(frame))  # type: ignore[assignment]
        try:
            waiting = step.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - servers differ in how they say "disconnected"
            self.lost()
            return
        self._writer = asyncio.get_running_loop().create_task(self._flush(_Rest(step, waiting)))

    async def _flush(self, rest: Awaitable[None] | None) -> None:
        """Write what is pending until nothing is; ends the response when that was asked for."""
        try:
            if rest is not None:
                await rest
            while self._pending or self._is_ending:
                await self._write_pending()
        except Exception:  # noqa: BLE001 - as above
            self.lost()
        finally:
            self._writer = None

    async def _write_pending(self) -> None:
        frames, self._pending, self._size = self._pending, [], 0
        reason = self.ended_because
        if reason is None:
            messages = self._transport.write_all(frames)
        else:
            messages = self._transport.finish(frames, reason=reason)
        for message in messages:
            await self._send(message)
        if reason is not None:
            self._close()

    def _drop(self) -> None:
        """The grace is over: a client that still does not read, or answer, loses its socket."""
        if self._writer is not None:
            self._writer.cancel()
            abort(self._send)
            self.lost()
        elif self._transport.closes_with_handshake:
            abort(self._send)


class _Rest:
    """The rest of a coroutine whose first step was run by hand and waits for `waiting`."""

    def __init__(self, step: Step, waiting: Any) -> None:
        self._step = step
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, None]:
        waiting = self._waiting
        while True:
            try:
                value = yield waiting
            except BaseException as error:  # noqa: BLE001 - also a cancellation goes inside
                resume = partial(self._step.throw, error)
            else:
                resume = partial(self._step.send, value)
            try:
                waiting = resume()
            except StopIteration:
                return


def abort(send: Send) -> None:
    """Drop the socket of a client that does not read.

    ASGI has no word for it, and closing politely waits for that client for ever (and with it
    the server's shutdown).
    """
    with contextlib.suppress(AttributeError):
        transport_of(send).abort()  # type: ignore[union-attr]


def transport_of(send: Send) -> asyncio.Transport | None:
    """uvicorn's `send` belongs to an object that knows the transport; other servers hide it."""
    return getattr(getattr(send, "__self__", None), "transport", None)
