"""One stream, over whatever transport: from an accepted request to its end."""

import asyncio
from collections.abc import Callable
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
from realtime.connection import Connection, Receive, Send
from realtime.keepalive import notice_vanished
from realtime.log import FeedRead
from realtime.requests import ResumePoint
from realtime.sockets import SocketConnection, response_behind
from realtime.subscription import Subscription
from realtime.transports import Asgi, NotOurs, Transport
from realtime.wire import FeedEvent

if TYPE_CHECKING:
    from realtime.site import Site


class Stream:
    """The connection of one reader to one feed: a sink for the hub, an entry in the limits."""

    __slots__ = (
        "_expiry", "_is_counted", "_is_live", "_last_type", "connection", "feed", "grant", "site",
        "subscription", "transport",
    )  # fmt: skip

    def __init__(
        self,
        site: "Site",
        grant: StreamGrant,
        feed: Feed,
        send: Send,
        *,
        transport: Transport[Any],
    ):
        self.site = site
        self.grant = grant
        self.feed = feed
        self.transport = transport
        self._expiry: asyncio.TimerHandle | None = None
        self._is_counted = False
        self._is_live = False
        self._last_type = ""
        self.connection = _connection(send, transport, self._last_words, self.leave)
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

    def beat(self, frame: Any) -> None:
        """A client that does not read needs no heartbeat on top."""
        if not self.connection.is_blocked:
            self.connection.write(frame)
        self.heed_expiry()

    def heed_expiry(self) -> None:
        """Called with each heartbeat: only a grant that ends before the one after next has a
        timer, and the others cost nothing.
        """
        left = (self.grant.expires_at - timezone.now()).total_seconds()
        if left <= settings.STREAM_HEARTBEAT_SECONDS * 2 and self._expiry is None:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(max(0.0, left), self.cut, "expired")

    def cut(self, reason: str) -> None:
        self._end(reason, self._last_words(reason))

    def supersede(self) -> None:
        after, now = self.subscription.after, timezone.now()
        self._end("superseded", self.transport.superseded(sequence=after, now=now))

    def evict(self) -> None:
        self.cut("evicted")

    def hear(self, message: Asgi) -> None:
        """Answer the client; one that is not understood is cut, one that floods is not answered."""
        try:
            reply = self.transport.reply(message, now=timezone.now())
        except NotOurs as error:
            self.cut(error.reason)
            return
        if reply is not None and not self.connection.is_blocked:
            self.connection.write(reply)

    def count(self) -> None:
        """It is open: the other processes and the operators hear of it."""
        self._is_counted = True
        self.heed_expiry()
        self.site.beats.add(self)
        self.site.control.announce(self.user_id)
        metrics.opened.labels(self.transport.name).inc()
        metrics.open_streams.labels(self.transport.name).inc()

    def leave(self) -> None:
        """Whatever it holds is given back; twice is once."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self._is_counted:
            self._is_counted = False
            metrics.open_streams.labels(self.transport.name).dec()
        self.site.beats.remove(self)
        self.site.limits.close(self)
        self.site.hub.remove(self.subscription)
        self.subscription.close()

    def _end_if_complete(self) -> None:
        """The stream of an upgrade ends with it."""
        if isinstance(self.feed, UpgradeFeed) and self._last_type in TERMINAL_TYPES:
            self._end("complete")

    def _last_words(self, reason: str) -> Any:
        return self.transport.closing(reason=reason, now=timezone.now())

    def _end(self, reason: str, frame: Any = None) -> None:
        self.connection.end(reason, frame)
        self.site.limits.close(self)


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
            await stream.connection.open(opening)
            site.limits.open(stream)
        notice_vanished(send, seconds=settings.STREAM_VANISHED_SECONDS)
        stream.count()
        stream.begin(read, point, now=timezone.now())
        await stream.connection.wait(receive, stream.hear)
    finally:
        if not stream.connection.is_detached:
            stream.leave()
    return True


def _connection(
    send: Send,
    transport: Transport[Any],
    last_words: Callable[[str], Any],
    on_over: Callable[[], object],
) -> "Connection[Any] | SocketConnection":
    limit, grace = settings.STREAM_PENDING_BYTES, settings.STREAM_GRACE_SECONDS
    if response := response_behind(send):
        return SocketConnection(
            response, last_words=last_words, on_over=on_over, limit=limit, grace=grace
        )
    return Connection(
        send, transport, last_words=last_words, on_over=on_over, limit=limit, grace=grace
    )


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
