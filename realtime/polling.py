"""Polling: what happened after a point, at once or as soon as anything does.

A poll that waits holds a place in the hub and nothing else: no thread, no connection to the
database or to Redis.
"""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.services import StreamGrant
from core.errors import InvalidInput, NotSignedIn
from core.ids import uuid7
from realtime import messages, metrics
from realtime.access import UserFeed
from realtime.connection import LEFT, Receive
from realtime.requests import StreamRequest
from realtime.signin import sign_in
from realtime.streams import hub_in_place, read_feed
from realtime.subscription import Subscription
from realtime.wire import FeedEvent, dump

if TYPE_CHECKING:
    from realtime.site import Site

_NUMBER = re.compile(r"[0-9]{1,18}\Z")


@dataclass(frozen=True)
class Asked:
    """`after` None: tell me where I am; `wait` in seconds."""

    after: int | None
    wait: int


@dataclass(frozen=True)
class Result:
    """The JSON text for the client; `is_news` is False when it says that nothing has happened."""

    body: str
    is_news: bool

    def etag(self, asked: Asked) -> str:
        content = f"{asked.after}\n{self.body}".encode()
        return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


class Poll:
    """A poll that waits: a sink for the hub, an entry in the limits."""

    def __init__(self, grant: StreamGrant):
        self.grant = grant
        self.stream_id = str(uuid7())  # polls never resume one another
        self.events: list[FeedEvent] = []
        self.cut_because: str | None = None
        self._woken = asyncio.get_running_loop().create_future()

    @property
    def user_id(self) -> UUID:
        return self.grant.user_id

    def send_event(self, number: int, event: FeedEvent) -> None:
        self.events.append(event)
        self._wake()

    def cut(self, reason: str) -> None:
        self.cut_because = self.cut_because or reason
        self._wake()

    def supersede(self) -> None:
        self.cut("superseded")

    def evict(self) -> None:
        self.cut("evicted")

    async def wait(self, receive: Receive, *, seconds: float) -> bool:
        """Until an event, a cut or the time is there. False: the client has left meanwhile."""
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait(
                {leaving, self._woken}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            return not leaving.done()
        finally:
            leaving.cancel()

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] not in LEFT:
        pass


async def poll(
    site: "Site", request: StreamRequest, receive: Receive
) -> tuple[Asked, Result] | None:
    """None when the client has left. Raises DomainError."""
    grant = await sign_in(site, request, takes_tickets=False)
    asked = read_asked(request)
    if asked.wait and asked.after is not None and not site.draining:
        result = await _wait_for_news(site, grant, asked, asked.after, receive)
    else:
        result = await _look(site, grant, asked)
    return (asked, result) if result else None


def read_asked(request: StreamRequest) -> Asked:
    """Raises InvalidInput."""
    after = _number(request, "after", "the `sequence` of the last answer")
    wait = _number(request, "wait", f"0 to {settings.STREAM_POLL_WAIT_SECONDS} seconds") or 0
    if wait > settings.STREAM_POLL_WAIT_SECONDS:
        raise _invalid("wait", f"0 to {settings.STREAM_POLL_WAIT_SECONDS} seconds")
    return Asked(after, wait)


def _number(request: StreamRequest, name: str, meaning: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not _NUMBER.match(text):
        raise _invalid(name, meaning)
    return int(text)


def _invalid(name: str, meaning: str) -> InvalidInput:
    message = f"`{name}` has to be a whole number: {meaning}."
    return InvalidInput("INVALID_INPUT", message, details={"fields": {name: [message]}})


async def _look(site: "Site", grant: StreamGrant, asked: Asked) -> Result:
    feed = UserFeed(grant.user_id)
    read = await read_feed(site, feed, asked.after, page=settings.STREAM_POLL_PAGE)
    if not read.reachable:
        reset = messages.reset(head=read.head, snapshot=feed.snapshot)
        body = {"reset": True, "sequence": reset["sequence"], "snapshot": reset["snapshot"]}
        return Result(dump(body), is_news=True)
    after = read.head if asked.after is None else asked.after
    return _page(read.events, after=after, head=read.head)


def _page(events: Sequence[FeedEvent], *, after: int, head: int) -> Result:
    sequence = after + len(events)  # a user's sequence has no gap
    has_more = dump(head > sequence)
    envelopes = ",".join(event.envelope for event in events)
    body = f'{{"events":[{envelopes}],"sequence":{sequence},"hasMore":{has_more}}}'
    return Result(body, is_news=bool(events))


async def _wait_for_news(
    site: "Site", grant: StreamGrant, asked: Asked, after: int, receive: Receive
) -> Result | None:
    """Subscribes before it looks, so that whatever the look does not see wakes it."""
    await hub_in_place(site)
    site.polls.check(grant.user_id)
    waiting = Poll(grant)
    subscription = Subscription(
        UserFeed(grant.user_id), waiting, held_limit=settings.STREAM_REPLAY_LIMIT
    )
    site.hub.add(subscription)
    site.polls.open(waiting)
    metrics.open_streams.labels("poll").inc()
    try:
        result = await _look(site, grant, asked)
        if result.is_news:
            return result
        subscription.start(after=after, replay=[])
        if not await waiting.wait(receive, seconds=_seconds(grant, asked)):
            return None
    finally:
        metrics.open_streams.labels("poll").dec()
        site.polls.close(waiting)
        site.hub.remove(subscription)
    return await _outcome(site, waiting, asked, after)


def _seconds(grant: StreamGrant, asked: Asked) -> float:
    """Nobody waits longer than they may read."""
    left = (grant.expires_at - timezone.now()).total_seconds()
    return max(0.0, min(asked.wait, left))


async def _outcome(site: "Site", waiting: Poll, asked: Asked, after: int) -> Result:
    if waiting.cut_because == "signed_out":
        raise NotSignedIn("SESSION_ENDED", "You have signed out; sign in again.")
    if waiting.cut_because in {"gap", "too_slow", "log_restored"}:
        return await _look(site, waiting.grant, asked)
    events = waiting.events[: settings.STREAM_POLL_PAGE]
    return _page(events, after=after, head=after + len(waiting.events))
