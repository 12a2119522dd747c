"""Coalesced reading: everybody who reconnects while one query runs shares the next one."""

from realtime.access import Feed, SystemFeed, UpgradeFeed, UserFeed
from realtime.coalescing import Coalescer
from realtime.database import DatabaseThreads
from realtime.log import (
    FEEDS_A_QUERY,
    FeedRead,
    UserPoint,
    read_system,
    read_upgrade,
    read_users,
)


class Replayer:
    """Reads what a reader has missed. `limit` is in events."""

    def __init__(self, threads: DatabaseThreads, *, limit: int):
        self._threads = threads
        self._limit = limit
        self._users = Coalescer(self._read_users, limit=FEEDS_A_QUERY)

    async def read(self, feed: Feed, after: int | None, *, page: int | None = None) -> FeedRead:
        """Subscribe first, then call this: whatever the read does not see comes live.

        `after` None means from now on; for an upgrade, from its start. `page`: the first so many
        events only, of a user's feed. Raises django.db.Error.
        """
        match feed:
            case UserFeed(user_id=user_id):
                return await self._users.ask(UserPoint(user_id, after, page or self._limit))
            case UpgradeFeed():
                return await self._threads.run(
                    read_upgrade, feed, after=after or 0, limit=self._limit
                )
            case SystemFeed():
                return await self._threads.run(read_system, after=after, limit=self._limit)

    async def _read_users(self, points: list[UserPoint]) -> list[FeedRead]:
        return await self._threads.run(read_users, points, limit=self._limit)
