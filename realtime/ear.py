"""The socket of the process's one Redis subscription: every message the moment it is read.

redis-py connects and signs in; then we read its socket ourselves. Its own reading costs a task
step and a dozen calls for each message, three times as much as all that we do with it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import hiredis
from redis.asyncio.connection import AbstractConnection

LATE_LIMIT = 1_000  # messages; then Redis has to wait

Take = Callable[[bytes, bytes], bool]
"""A channel's name and a message: False when it cannot be taken yet."""


class Ear(asyncio.Protocol):
    """What cannot be taken yet, and all after it, is `late`: who awaits `news()` handles it."""

    def __init__(self, transport: asyncio.Transport, take: Take) -> None:
        self.late: deque[bytes] = deque()
        self.heard_at = 0.0
        self.subscribed = 0
        self.is_lost = False
        self._before = transport.get_protocol()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._reader = hiredis.Reader()
        self._take = take
        self._transport = transport

    def subscribe(self, *channels: str) -> None:
        self._transport.set_protocol(self)
        command: Any = ("SUBSCRIBE", *channels)
        self._transport.write(hiredis.pack_command(command))

    async def news(self, *, silence_seconds: float) -> bool:
        """Something is late, confirmed or lost; False when nothing is heard for so long.

        The time in which nobody waited here does not count.
        """
        self.heard_at = self._loop.time()
        self._transport.resume_reading()
        while (until := self.heard_at + silence_seconds) > self._loop.time():
            try:
                async with asyncio.timeout_at(until):
                    await self._news.wait()
            except TimeoutError:
                await asyncio.sleep(0)  # what arrived while we were busy is read first
            else:
                self._news.clear()
                return True
        return False

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            if not isinstance(reply, list):  # an error
                self._transport.abort()
                return
            if reply[0] != b"message":
                self._note(reply)
            elif self.late or not self._take(reply[1], reply[2]):
                self._put_off(reply[2])

    def connection_lost(self, error: Exception | None) -> None:
        """redis-py hears it too: it waits for that when it disconnects."""
        self.is_lost = True
        self._news.set()
        self._before.connection_lost(error)

    def _note(self, reply: Any) -> None:
        if reply[0] == b"subscribe":
            self.subscribed += 1
            self._news.set()

    def _put_off(self, data: bytes) -> None:
        self.late.append(data)
        self._news.set()
        if len(self.late) > LATE_LIMIT:
            self._transport.pause_reading()


def socket_of(connection: AbstractConnection) -> asyncio.Transport:
    """Of a connection that is connected and waits for no answer."""
    writer = cast("asyncio.StreamWriter", connection._writer)
    return cast("asyncio.Transport", writer.transport)
