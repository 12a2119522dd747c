"""One SSE stream: from an accepted request to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from accounts.services import StreamGrant
from core.errors import Unavailable
from realtime import metrics, sse
from realtime.access import TERMINAL_TYPES, Feed, UpgradeFeed
from realtime.connection import Connection, Send
from realtime.keepalive import notice_vanished
from realtime.log import FeedRead
from realtime.requests import ResumePoint
from realtime.subscription import Subscription
from realtime.wire import FeedEvent

if TYPE_CHECKING:
    from realtime.site import Site

Receive = Callable[[], Awaitable[Any]]
Headers = list[tuple[bytes, bytes]]


class Stream:
    """The connection of one reader to one feed: a sink for the hub, an entry in the limits."""

    def __init__(
        self, site: "Site", grant: StreamGrant, feed: Feed, send: Send, *, headers: Headers
    ):
        """Made in the task that will serve it."""
        self.site = site
        self.grant = grant
        self.feed = feed
        self.headers = headers
        self._is_live = False
        self._is_waiting = False
        self._last_type = ""
        self._task: asyncio.Task[Any] = asyncio.tasks.current_task()  # type: ignore[assignment]
        self.connection = Connection(
            send,
            last_words=_last_words,
            on_over=self._wake,
            limit=settings.STREAM_PENDING_BYTES,
            grace=settings.STREAM_GRACE_SECONDS,
        )
        self.subscription = Subscription(feed, self, held_limit=settings.STREAM_REPLAY_LIMIT)

    @property
    def user_id(self) -> UUID:
        return self.grant.user_id

    @property
    def stream_id(self) -> str:
        return self.grant.stream_id

    def begin(self, read: FeedRead, point: ResumePoint, *, now: datetime) -> None:
        """Greet, replay or reset, go live. Does not wait."""
        must_reset = not (point.is_possible and read.reachable)
        after = _start_of(self.feed, point, read)
        self.connection.write(
            sse.established_frame(
                user_id=str(self.user_id),
                head=read.head,
                resume_at=None if must_reset else after,
                retry_ms=settings.STREAM_RETRY_MS,
                now=now,
            )
        )
        if must_reset:
            after = read.head
            self.connection.write(sse.reset_frame(head=after, snapshot=self.feed.snapshot))
        self.subscription.start(after=after, replay=read.events)
        self._is_live = True
        if must_reset and read.ended:
            self._end("complete", b"")  # the snapshot says the rest; nothing will follow
        self._end_if_complete()

    def send_event(self, number: int, event: FeedEvent) -> None:
        self.connection.write(sse.event_frame(number, event))
        self._last_type = event.type
        if self._is_live:
            self._end_if_complete()

    def beat(self, frame: bytes) -> None:
        """A client that does not read needs no heartbeat on top."""
        if not self.connection.is_blocked:
            self.connection.write(frame)

    def cut(self, reason: str) -> None:
        self._end(reason, _last_words(reason))

    def supersede(self) -> None:
        frame = sse.superseded_frame(sequence=self.subscription.after, now=timezone.now())
        self._end("superseded", frame)

    def evict(self) -> None:
        self.cut("evicted")

    async def wait(self, receive: Receive) -> None:
        """Returns when the client has left or the response is over."""
        left = max(0.0, (self.grant.expires_at - timezone.now()).total_seconds())
        expiry = asyncio.get_running_loop().call_later(left, self.cut, "expired")
        self._is_waiting = not self.connection.is_over
        try:
            while self._is_waiting and (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not self.connection.is_over:
                raise
            self._task.uncancel()
        finally:
            self._is_waiting = False
            expiry.cancel()
            self.connection.lost()

    def _end_if_complete(self) -> None:
        """The stream of an upgrade ends with it."""
        if isinstance(self.feed, UpgradeFeed) and self._last_type in TERMINAL_TYPES:
            self._end("complete", b"")

    def _end(self, reason: str, frame: bytes) -> None:
        self.connection.end(reason, frame)
        self.site.limits.close(self)

    def _wake(self) -> None:
        """Nothing more will be written: not every server says so through `receive`."""
        if self._is_waiting:
            self._is_waiting = False
            self._task.cancel()


async def serve_stream(stream: Stream, point: ResumePoint, receive: Receive, send: Send) -> bool:
    """Serve until the end; False, before anything was sent, when nothing will ever come.

    Raises Unavailable or LimitExceeded, also before anything was sent.
    """
    site = stream.site
    await _hub_in_place(site)
    site.hub.add(stream.subscription)  # before reading: what the read does not see comes live
    try:
        read = await _read(stream, point)
        if read.ended and not read.events and read.reachable and point.is_possible:
            return False
        if site.draining:
            raise Unavailable("SHUTTING_DOWN", "This server is going away; try again.")
        site.limits.check(stream.user_id)
        async with site.control.admission.admit(stream.user_id):
            await send({"type": "http.response.start", "status": 200, "headers": stream.headers})
            site.limits.open(stream)
        notice_vanished(send, seconds=settings.STREAM_VANISHED_SECONDS)
        await _run(stream, read, point, receive)
    finally:
        site.limits.close(stream)
        site.hub.remove(stream.subscription)
    return True


async def _run(stream: Stream, read: FeedRead, point: ResumePoint, receive: Receive) -> None:
    site = stream.site
    site.control.announce(stream.user_id)
    metrics.opened.labels("sse").inc()
    metrics.open_streams.labels("sse").inc()
    try:
        stream.begin(read, point, now=timezone.now())
        await stream.wait(receive)
    finally:
        metrics.open_streams.labels("sse").dec()


async def _hub_in_place(site: "Site") -> None:
    """A hub without a place in the log would miss what happens until it has one."""
    try:
        await asyncio.wait_for(site.hub.placed(), settings.STREAM_START_SECONDS)
    except TimeoutError:
        raise Unavailable("STREAMS_STARTING", "The event log cannot be read yet.") from None


async def _read(stream: Stream, point: ResumePoint) -> FeedRead:
    try:
        return await stream.site.replayer.read(stream.feed, point.after)
    except DatabaseError:
        raise Unavailable("LOG_UNAVAILABLE", "The event log cannot be read right now.") from None


def _start_of(feed: Feed, point: ResumePoint, read: FeedRead) -> int:
    """Where the reader continues: its own point, the start of an upgrade, or the head."""
    if point.after is not None:
        return point.after
    return 0 if isinstance(feed, UpgradeFeed) else read.head


def _last_words(reason: str) -> bytes:
    retry_ms = sse.jittered(settings.STREAM_RETRY_MS)
    return sse.closing_frame(reason=reason, retry_ms=retry_ms, now=timezone.now())
