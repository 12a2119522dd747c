"""One stream, over whatever transport: from an accepted request to its end."""

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
from realtime import metrics
from realtime.access import TERMINAL_TYPES, Feed, UpgradeFeed
from realtime.connection import Connection, Send
from realtime.keepalive import notice_vanished
from realtime.log import FeedRead
from realtime.requests import ResumePoint
from realtime.subscription import Subscription
from realtime.transports import Asgi, NotOurs, Transport
from realtime.wire import FeedEvent

if TYPE_CHECKING:
    from realtime.site import Site

Receive = Callable[[], Awaitable[Any]]
LEFT = frozenset({"http.disconnect", "websocket.disconnect"})


class Stream:
    """The connection of one reader to one feed: a sink for the hub, an entry in the limits."""

    def __init__(
        self,
        site: "Site",
        grant: StreamGrant,
        feed: Feed,
        send: Send,
        *,
        transport: Transport[Any],
    ):
        """Made in the task that will serve it."""
        self.site = site
        self.grant = grant
        self.feed = feed
        self.transport = transport
        self._is_live = False
        self._is_waiting = False
        self._last_type = ""
        self._task: asyncio.Task[Any] = asyncio.tasks.current_task()  # type: ignore[assignment]
        self.connection: Connection[Any] = Connection(
            send,
            transport,
            last_words=self._last_words,
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
            self.transport.established(
                user_id=str(self.user_id),
                head=read.head,
                resume_at=None if must_reset else after,
                now=now,
            )
        )
        if must_reset:
            after = read.head
            self.connection.write(self.transport.reset(head=after, snapshot=self.feed.snapshot))
        self.subscription.start(after=after, replay=read.events)
        self._is_live = True
        if must_reset and read.ended:
            self._end("complete")  # the snapshot says the rest; nothing will follow
        self._end_if_complete()

    def send_event(self, number: int, event: FeedEvent) -> None:
        self.connection.write(self.transport.event(number, event))
        self._last_type = event.type
        if self._is_live:
            self._end_if_complete()

    def beat(self, frame: bytes | str) -> None:
        """A client that does not read needs no heartbeat on top."""
        if not self.connection.is_blocked:
            self.connection.write(frame)

    def cut(self, reason: str) -> None:
        self._end(reason, self._last_words(reason))

    def supersede(self) -> None:
        after, now = self.subscription.after, timezone.now()
        self._end("superseded", self.transport.superseded(sequence=after, now=now))

    def evict(self) -> None:
        self.cut("evicted")

    async def wait(self, receive: Receive) -> None:
        """Returns when the client has left or the stream is over."""
        left = max(0.0, (self.grant.expires_at - timezone.now()).total_seconds())
        expiry = asyncio.get_running_loop().call_later(left, self.cut, "expired")
        self._is_waiting = not self.connection.is_over
        try:
            while self._is_waiting and (message := await receive())["type"] not in LEFT:
                self._hear(message)
        except asyncio.CancelledError:
            if not self.connection.is_over:
                raise
            self._task.uncancel()
        finally:
            self._is_waiting = False
            expiry.cancel()
            self.connection.lost()

    def _hear(self, message: Asgi) -> None:
        """Answer the client; one that is not understood is cut, one that floods is not answered."""
        try:
            reply = self.transport.reply(message, now=timezone.now())
        except NotOurs as error:
            self.cut(error.reason)
            return
        if reply is not None:
            self.beat(reply)

    def _end_if_complete(self) -> None:
        """The stream of an upgrade ends with it."""
        if isinstance(self.feed, UpgradeFeed) and self._last_type in TERMINAL_TYPES:
            self._end("complete")

    def _last_words(self, reason: str) -> Any:
        return self.transport.closing(reason=reason, now=timezone.now())

    def _end(self, reason: str, frame: bytes | str | None = None) -> None:
        self.connection.end(reason, frame)
        self.site.limits.close(self)

    def _wake(self) -> None:
        """Nothing more will be written: not every server says so through `receive`."""
        if self._is_waiting:
            self._is_waiting = False
            self._task.cancel()


async def serve_stream(
    stream: Stream, point: ResumePoint, receive: Receive, send: Send, *, opening: Asgi
) -> bool:
    """Serve until the end; False, before anything was sent, when nothing will ever come.

    `opening` is the message that starts the response or accepts the handshake.

    Raises Unavailable or LimitExceeded, also before anything was sent.
    """
    site = stream.site
    await hub_in_place(site)
    site.hub.add(stream.subscription)  # before reading: what the read does not see comes live
    try:
        read = await read_feed(site, stream.feed, point.after)
        if read.ended and not read.events and read.reachable and point.is_possible:
            return False
        if site.draining:
            raise Unavailable("SHUTTING_DOWN", "This server is going away; try again.")
        site.limits.check(stream.user_id)
        async with site.control.admission.admit(stream.user_id):
            await send(opening)
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
    metrics.opened.labels(stream.transport.name).inc()
    metrics.open_streams.labels(stream.transport.name).inc()
    try:
        stream.begin(read, point, now=timezone.now())
        await stream.wait(receive)
    finally:
        metrics.open_streams.labels(stream.transport.name).dec()


async def hub_in_place(site: "Site") -> None:
    """A hub without a place in the log would miss what happens until it has one."""
    if site.hub.is_placed:
        return
    try:
        await asyncio.wait_for(site.hub.placed(), settings.STREAM_START_SECONDS)
    except TimeoutError:
        raise Unavailable("STREAMS_STARTING", "The event log cannot be read yet.") from None


async def read_feed(
    site: "Site", feed: Feed, after: int | None, *, page: int | None = None
) -> FeedRead:
    """`page`: at most so many events, for who comes back for the rest. Raises Unavailable."""
    try:
        return await site.replayer.read(feed, after, page=page)
    except DatabaseError:
        raise Unavailable("LOG_UNAVAILABLE", "The event log cannot be read right now.") from None


def _start_of(feed: Feed, point: ResumePoint, read: FeedRead) -> int:
    """Where the reader continues: its own point, the start of an upgrade, or the head."""
    if point.after is not None:
        return point.after
    return 0 if isinstance(feed, UpgradeFeed) else read.head
