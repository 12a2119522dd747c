"""What travels over Redis: to the hubs, and between the server processes."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import redis.asyncio as aioredis
from django.conf import settings
from redis import ConnectionError as RedisConnectionError

from core.ids import uuid7
from core.redis import redis_client
from events.models import Event
from realtime.channels import control_channel, events_channel
from realtime.control import WAITING_LIMIT, Control
from realtime.limits import Limits
from realtime.pusher import push, push_head
from realtime.site import _keep_running, cancel_all
from realtime.wire import Head, Unreadable, decode, encode_event, encode_head, from_row
from tests.realtime.feed import Person, badge, head, stuck, write
from tests.together import until


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    """A Redis that refuses."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis_client().close()
    redis_client.cache_clear()
    yield
    redis_client.cache_clear()


def rows(since: int) -> list[Event]:
    return list(Event.objects.after_position(since))


def test_an_event_survives_the_journey(person: Person) -> None:
    since = head()
    write(badge(person.user), stuck())
    for row in rows(since):
        sent = from_row(row)
        assert decode(encode_event(sent)) == sent
        assert "\n" not in sent.envelope
    assert decode(encode_head(7)) == Head(7)


@pytest.mark.parametrize("message", [b"", b"{}", b"[]", b"nonsense", b"head x", b"head", b"\xff"])
def test_a_message_that_is_not_ours_is_unreadable(message: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(message)


def test_each_message_names_the_position_before_it(person: Person) -> None:
    listener = redis_client().pubsub(ignore_subscribe_messages=True)
    with listener:
        listener.subscribe(events_channel())
        listener.get_message(timeout=1)
        since = head()
        write(badge(person.user), badge(person.user))
        push(rows(since))
        push_head(since + 2)
        routes = [m.decode().partition("\n")[0].split(" ") for m in heard(listener, 3)]
    assert [(int(r[1]), int(r[0])) for r in routes[:2]] == [
        (since, since + 1),
        (since + 1, since + 2),
    ]
    assert routes[2] == ["head", str(since + 2)]


def heard(listener: object, count: int) -> list[bytes]:
    messages: list[bytes] = []
    deadline = time.monotonic() + 30
    while len(messages) < count and time.monotonic() < deadline:
        message = listener.get_message(timeout=1)  # type: ignore[attr-defined]
        if message is not None:
            messages.append(message["data"])
    return messages


def test_a_push_that_redis_refuses_is_tried_again_by_the_group(
    person: Person, no_redis: None
) -> None:
    since = head()
    write(badge(person.user))
    with pytest.raises(RedisConnectionError):
        push(rows(since))
    push_head(since)  # only a hint: its absence tells the hubs


async def cancel(task: asyncio.Task[None]) -> None:
    await cancel_all([task])
    assert task.done()


class Open:
    """A stream as far as the limits know it."""

    def __init__(self, user_id: UUID, stream_id: str = ""):
        self.user_id = user_id
        self.stream_id = stream_id or str(uuid7())
        self.ended = ""

    def supersede(self) -> None:
        self.ended = "superseded"

    def evict(self) -> None:
        self.ended = "evicted"


def limits(*, total: int = 10) -> Limits[Open]:
    return Limits(per_user=3, per_user_refuse=False, total=total, total_refuse=False)


def test_the_oldest_of_all_leaves_a_full_server() -> None:
    book = limits(total=2)
    streams = [Open(uuid7()) for _ in range(3)]
    for stream in streams:
        book.open(stream)
    assert [stream.ended for stream in streams] == ["evicted", "", ""]
    book.close(streams[0])
    book.close(streams[0])
    assert len(book) == 2


async def test_announcements_reach_the_others_and_never_block() -> None:
    book, user = limits(), uuid7()
    book.open(Open(user))
    async with (
        aioredis.Redis.from_url(settings.REDIS_URL) as client,
        client.pubsub(ignore_subscribe_messages=True) as listener,
    ):
        await listener.subscribe(control_channel())
        await listener.get_message(timeout=1)
        control = Control(book, client)
        for _ in range(WAITING_LIMIT + 1):
            control.announce(user)
        sending = asyncio.create_task(control.send())
        message = None
        while message is None:
            message = await listener.get_message(timeout=1)
        await cancel(sending)
    told = json.loads(message["data"])
    first = told["messages"][0]
    assert (first["userId"], told["open"], len(first["streams"])) == (str(user), 1, 1)


async def test_an_announcement_that_redis_refuses_is_dropped() -> None:
    async with aioredis.Redis(port=1) as client:
        control = Control(limits(), client)
        sending = asyncio.create_task(control.send())
        for _ in range(2):
            control.announce(uuid7())
            await asyncio.sleep(0.1)
        assert not sending.done()
        await cancel(sending)


async def test_a_cancellation_that_redis_swallows_still_ends_the_task() -> None:
    class Swallowing(aioredis.Redis):
        async def execute_command(self, *args: object, **options: object) -> int:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            return 0

    control = Control(limits(), Swallowing())
    sending = asyncio.create_task(control.send())
    control.announce(uuid7())
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(sending, 5)


async def test_a_task_that_fails_starts_again() -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ValueError("a mistake")

    running = asyncio.create_task(_keep_running(work))
    await until(lambda: runs == 2)
    await cancel(running)
