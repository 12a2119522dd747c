"""Coalesced reading: everybody who reconnects while one query runs shares the next one."""

import asyncio

from realtime.access import Feed, SystemFeed, UpgradeFeed, UserFeed
from realtime.database import DatabaseThreads
from realtime.log import (
    FEEDS_A_QUERY,
    FeedRead,
    UserPoint,
    read_system,
    read_upgrade,
    read_users,
)

Waiting = tuple[UserPoint, asyncio.Future[FeedRead]]


class Replayer:
    """Reads what a reader has missed. `limit` is in events."""

    def __init__(self, threads: DatabaseThreads, *, limit: int):
        self._threads = threads
        self._limit = limit
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def read(self, feed: Feed, after: int | None, *, page: int | None = None) -> FeedRead:
        """Subscribe first, then call this: whatever the read does not see comes live.

        `after` None means from now on; for an upgrade, from its start. `page`: the first so many
        events only, of a user's feed. Raises django.db.Error.
        """
        match feed:
            case UserFeed(user_id=user_id):
                return await self._join(UserPoint(user_id, after, page or self._limit))
            case UpgradeFeed():
                return await self._threads.run(
                    read_upgrade, feed, after=after or 0, limit=self._limit
                )
            case SystemFeed():
                return await self._threads.run(read_system, after=after, limit=self._limit)

    async def _join(self, point: UserPoint) -> FeedRead:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[FeedRead] = loop.create_future()
        self._waiting.append((point, answer))
        if self._task is None:
            self._task = loop.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:FEEDS_A_QUERY], self._waiting[FEEDS_A_QUERY:]
            await self._answer(batch)
        self._task = None

    async def _answer(self, batch: list[Waiting]) -> None:
        points = [point for point, _ in batch]
        try:
            reads = await self._threads.run(read_users, points, limit=self._limit)
        except Exception as error:  # noqa: BLE001 - each of those who wait gets it
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), read in zip(batch, reads, strict=True):
            if not answer.done():
                answer.set_result(read)
