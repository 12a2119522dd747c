"""One reader's place in a feed: nothing twice, nothing out of order, nothing before its replay."""

from collections.abc import Sequence
from typing import Protocol

from realtime.access import Feed, UserFeed
from realtime.wire import FeedEvent


class Sink(Protocol):
    """What a transport does with its connection. Never blocks."""

    def send_event(self, number: int, event: FeedEvent) -> None: ...

    def cut(self, reason: str) -> None:
        """End the connection, telling the client why; it comes back and resumes."""
        ...


class Nobody:
    """The sink of a subscription that is closed."""

    def send_event(self, number: int, event: FeedEvent) -> None: ...

    def cut(self, reason: str) -> None: ...


NOBODY = Nobody()


class Subscription:
    """Holds live events back until the replay is out, then passes them on.

    `held_limit` bounds what is held: a reader that needs more is cut and resumes.
    """

    __slots__ = ("_held", "_held_limit", "_sink", "after", "feed")

    def __init__(self, feed: Feed, sink: Sink, *, held_limit: int):
        self.feed = feed
        self.after = 0
        self._sink: Sink = sink
        self._held: list[FeedEvent] | None = []
        self._held_limit = held_limit

    def offer(self, event: FeedEvent) -> None:
        """Called by the hub for every live event of the feed."""
        if self._held is None:
            self._pass(event)
        elif len(self._held) < self._held_limit:
            self._held.append(event)
        else:
            self.cut("too_slow")

    def start(self, *, after: int, replay: Sequence[FeedEvent]) -> None:
        """Send what the reader missed since `after`, then what arrived meanwhile; go live."""
        self.after = after
        held, self._held = self._held or [], None
        for event in (*replay, *held):
            self._pass(event)

    def cut(self, reason: str) -> None:
        self._sink.cut(reason)

    def close(self) -> None:
        """Nothing more is passed on, and the sink is let go: each may refer to the other."""
        self._sink = NOBODY

    def _pass(self, event: FeedEvent) -> None:
        number = self.feed.number(event)
        if number <= self.after:
            return
        if isinstance(self.feed, UserFeed) and number != self.after + 1:
            # A user's sequence has no gap: rather than hide one, let the client resume.
            self.cut("gap")
            return
        self.after = number
        self._sink.send_event(number, event)
