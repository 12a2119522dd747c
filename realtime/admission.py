"""Where a user's stream too many is refused: may this one open, whatever process holds the others?

The process asks all others, and each answers how many streams the user has there and which are
about to open. Of those that open in the same moment the oldest get in, and everybody comes to the
same result. Without an answer (Redis away, a process that hangs) each process keeps its own count.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from redis import RedisError

from core.ids import uuid7
from realtime.limits import Entry, Limits, too_many_streams

logger = logging.getLogger(__name__)

Publish = Callable[[str, dict[str, Any]], Awaitable[int]]


@dataclass
class _Call:
    entry: Entry
    older: int = 0
    answers: int = 0
    has_news: asyncio.Event = field(default_factory=asyncio.Event)


class Admission:
    """`publish(kind, message)` returns how many processes hear it, this one included."""

    def __init__(self, limits: Limits[Any], publish: Publish, *, answers_within: float):
        self._limits = limits
        self._publish = publish
        self._answers_within = answers_within
        self._calls: dict[str, _Call] = {}
        self._opening: dict[UUID, list[Entry]] = {}

    def opening(self, user_id: UUID) -> list[Entry]:
        """The user's streams that ask right now."""
        return list(self._opening.get(user_id, ()))

    @asynccontextmanager
    async def admit(self, user_id: UUID) -> AsyncIterator[None]:
        """Open the stream inside. Raises LimitExceeded."""
        if not self._limits.per_user_refuse:
            yield
            return
        entry = (time.time(), str(uuid7()))
        opening = self._opening.setdefault(user_id, [])
        opening.append(entry)
        try:
            elsewhere = await self._ask(user_id, entry)
            here = self._limits.of_user(user_id) + sum(other < entry for other in opening)
            if here + elsewhere >= self._limits.per_user:
                raise too_many_streams()
            yield
        finally:
            opening.remove(entry)
            if not opening:
                self._opening.pop(user_id, None)

    def answered(self, call_id: str, *, count: int, opening: Sequence[Entry]) -> None:
        """Another process answered; whoever did not ask ignores it."""
        if call := self._calls.get(call_id):
            call.older += count + sum(entry < call.entry for entry in opening)
            call.answers += 1
            call.has_news.set()

    async def _ask(self, user_id: UUID, entry: Entry) -> int:
        """How many of the user's streams in other processes come before this one."""
        call = self._calls[entry[1]] = _Call(entry)
        message = {"call": entry[1], "userId": str(user_id)}
        try:
            async with asyncio.timeout(self._answers_within):
                others = await self._publish("asked", message) - 1
                while call.answers < others:
                    call.has_news.clear()
                    await call.has_news.wait()
        except (RedisError, OSError) as error:  # TimeoutError is one
            logger.warning("Not everybody said what they hold: %s", type(error).__name__)
        finally:
            del self._calls[entry[1]]
        return call.older
