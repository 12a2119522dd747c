"""One hub a server process: hears every event once and hands it to the subscriptions.

The log is the truth. Redis only makes it fast: each message carries its position, the head
comes every second, and whatever is missing is read from the log before anything later is
dispatched. While nothing is heard the log is polled, so Redis may vanish.
"""

import asyncio
import logging
import time
from collections import defaultdict

from django.db import Error as DatabaseError

from realtime import metrics
from realtime.access import Feed, keys_of
from realtime.database import DatabaseThreads
from realtime.log import read_after, read_head
from realtime.subscription import Subscription
from realtime.wire import FeedEvent, Head

logger = logging.getLogger(__name__)

ROWS_A_READ = 500


class Hub:
    """`poll_seconds`: how often a deaf hub reads the log; `deaf_seconds`: silence until it is deaf."""

    def __init__(self, threads: DatabaseThreads, *, poll_seconds: float, deaf_seconds: float):
        self.connected = False
        self._threads = threads
        self._poll_seconds = poll_seconds
        self._deaf_seconds = deaf_seconds
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._position: int | None = None
        self._placed = asyncio.Event()
        self._order = asyncio.Lock()
        self._heard_at = time.monotonic()
        self._dispatched = self._delivered = 0  # and not told to the metrics

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return sum(len(subscriptions) for subscriptions in self._subscriptions.values())

    @property
    def position(self) -> int | None:
        """Everything up to here has been dispatched; None before the log was read."""
        return self._position

    @property
    def is_deaf(self) -> bool:
        """Nothing has been heard for `deaf_seconds`, or the log was never read."""
        silence = time.monotonic() - self._heard_at
        return self._position is None or silence > self._deaf_seconds

    @property
    def is_placed(self) -> bool:
        return self._placed.is_set()

    async def placed(self) -> None:
        """Returns once the hub has a place in the log: from then on it misses nothing."""
        await self._placed.wait()

    def add(self, subscription: Subscription) -> None:
        """From now on the subscription is offered every event of its feed."""
        self._subscriptions[subscription.feed.key].add(subscription)

    def remove(self, subscription: Subscription) -> None:
        key = subscription.feed.key
        self._subscriptions[key].discard(subscription)
        if not self._subscriptions[key]:
            del self._subscriptions[key]

    def subscribers(self, feed: Feed) -> int:
        return len(self._subscriptions.get(feed.key, ()))

    def hear_at_once(self, message: FeedEvent | Head) -> bool:
        """Take a pushed message if nothing is missing before it; False: it has to be `hear`d."""
        if self._position is None or self._order.locked():
            return False
        if isinstance(message, FeedEvent):
            if message.position != self._position + 1:
                return False
            self._dispatch(message)
        elif message.position != self._position:
            return False
        self._heard_at = time.monotonic()
        return True

    async def hear(self, message: FeedEvent | Head) -> None:
        """Take a pushed message, after what the log has before it."""
        self._heard_at = time.monotonic()
        async with self._order:
            if isinstance(message, Head):
                if message.position != self._position:
                    await self._read_on()
            elif self._is_next(message):
                self._dispatch(message)
            elif self._position is None or message.position > self._position:
                metrics.gaps.inc()
                await self._read_on()

    async def watch(self) -> None:
        """Runs for ever: finds the first place, then reads the log whenever nothing is heard."""
        while True:
            metrics.deaf.set(self.is_deaf)
            self._tell_counts()
            if not self.connected or self.is_deaf:
                await self.catch_up()
            await asyncio.sleep(self._poll_seconds if self._placed.is_set() else 0.1)

    async def catch_up(self) -> None:
        """Dispatch what the log has and we have not; a database that fails is tried again."""
        async with self._order:
            await self._read_on()

    def _is_next(self, event: FeedEvent) -> bool:
        return self._position is not None and event.position == self._position + 1

    async def _read_on(self) -> None:
        try:
            if self._position is None:
                self._place(await self._threads.run(read_head))
                return
            while await self._read_batch(self._position):
                pass
        except DatabaseError as error:
            logger.warning("The log cannot be read: %s", type(error).__name__)

    async def _read_batch(self, position: int) -> bool:
        """Whether there may be more."""
        events = await self._threads.run(read_after, position, limit=ROWS_A_READ)
        metrics.read_from_log.inc(len(events))
        for event in events:
            self._dispatch(event)
        if not events:
            self._check_rewound(position, await self._threads.run(read_head))
        return len(events) == ROWS_A_READ

    def _check_rewound(self, position: int, head: int) -> None:
        """A database restored to an earlier moment numbers again what we have seen already."""
        if head >= position:
            return
        logger.error("The log went back from %s to %s: every stream starts again", position, head)
        self._place(head)
        for subscriptions in list(self._subscriptions.values()):
            for subscription in list(subscriptions):
                subscription.cut("log_restored")

    def _place(self, position: int) -> None:
        self._position = position
        self._placed.set()

    def _dispatch(self, event: FeedEvent) -> None:
        self._position = event.position
        self._dispatched += 1
        for key in keys_of(event):
            if subscriptions := self._subscriptions.get(key):
                self._delivered += len(subscriptions)
                for subscription in tuple(subscriptions):
                    subscription.offer(event)

    def _tell_counts(self) -> None:
        """Metrics have locks: they hear of a second's events at once."""
        metrics.dispatched.inc(self._dispatched)
        metrics.delivered.inc(self._delivered)
        self._dispatched = self._delivered = 0
