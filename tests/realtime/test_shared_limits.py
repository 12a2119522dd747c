"""Any number of server processes keep the limits together; here each is a book and a control."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count
from uuid import UUID

import pytest
import redis.asyncio as aioredis
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.errors import LimitExceeded, Unavailable
from core.ids import uuid7
from realtime.channels import control_channel
from realtime.control import Control
from realtime.limits import Limits
from realtime.peers import Peers
from tests.patience import PATIENCE
from tests.together import until


class Process:
    """A server process as far as limits go. Its streams are named in the order of opening."""

    def __init__(self, client: aioredis.Redis, limits: Limits["Stream"]):
        self.client = client
        self.limits = limits
        self.control = Control(limits, client, answers_within=PATIENCE)

    def open(self, user_id: UUID, stream_id: str = "") -> "Stream":
        stream = Stream(self.limits, user_id, stream_id)
        self.limits.open(stream)
        self.control.announce(user_id)
        return stream

    async def ask_to_open(self, user_id: UUID) -> bool:
        """Where a stream too many is refused: whether this one got in."""
        try:
            async with self.control.admission.admit(user_id):
                self.limits.open(Stream(self.limits, user_id))
        except LimitExceeded:
            return False
        return True

    async def hear(self, ready: asyncio.Event) -> None:
        async with self.client.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(control_channel())
            await pubsub.get_message(ignore_subscribe_messages=False, timeout=PATIENCE)
            ready.set()
            while True:
                message = await pubsub.get_message(timeout=1)
                if message is not None:
                    self.control.take(message["data"])


class Stream:
    def __init__(self, limits: Limits["Stream"], user_id: UUID, stream_id: str = ""):
        self.user_id = user_id
        self.stream_id = stream_id or str(uuid7())
        self.ended = ""
        self._limits = limits

    def supersede(self) -> None:
        self._end("superseded")

    def evict(self) -> None:
        self._end("evicted")

    def close(self) -> None:
        self._end("closed")

    def _end(self, reason: str) -> None:
        self.ended = self.ended or reason
        self._limits.close(self)


Deploy = Callable[..., Awaitable[list[Process]]]


@pytest.fixture
async def deploy() -> AsyncIterator[Deploy]:
    """Start a number of processes that hear each other; ages are exact, whoever opens."""
    async with AsyncExitStack() as running:

        async def start(processes: int, *, total: int = 100, refuse: bool = False) -> list[Process]:
            clock = partial(next, count(1.0))
            return [
                await running.enter_async_context(
                    _process(
                        Limits(
                            per_user=3,
                            per_user_refuse=refuse,
                            total=total,
                            total_refuse=refuse,
                            clock=clock,
                        )
                    )
                )
                for _ in range(processes)
            ]

        yield start


@asynccontextmanager
async def _process(limits: Limits[Stream]) -> AsyncIterator[Process]:
    async with aioredis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE) as client:
        process = Process(client, limits)
        ready = asyncio.Event()
        tasks = [
            asyncio.create_task(work) for work in (process.hear(ready), process.control.send())
        ]
        await ready.wait()
        yield process
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


def ends(streams: list[Stream]) -> list[str]:
    return [stream.ended for stream in streams]


@pytest.mark.parametrize("processes", [2, 5])
async def test_a_user_keeps_the_newest_three_however_many_processes(
    deploy: Deploy, processes: int
) -> None:
    servers, user, other = await deploy(processes), uuid7(), uuid7()
    others = servers[0].open(other)
    streams = [servers[n % processes].open(user) for n in range(8)]
    await until(lambda: ends(streams) == ["superseded"] * 5 + [""] * 3)
    assert others.ended == ""


async def test_what_was_closed_makes_room_for_what_opens_elsewhere(deploy: Deploy) -> None:
    servers, user = await deploy(4), uuid7()
    streams = [server.open(user) for server in servers[:3]]
    streams[1].close()
    fourth = servers[3].open(user)
    last = servers[3].open(user)
    await until(lambda: ends([*streams, fourth, last]) == ["superseded", "closed", "", "", ""])


async def test_a_stream_resumed_in_another_process_ends_the_one_it_resumes(
    deploy: Deploy,
) -> None:
    servers, user = await deploy(3), uuid7()
    others = [servers[0].open(user), servers[1].open(user)]
    left_behind = servers[1].open(user, "ticket")
    resumed = servers[2].open(user, "ticket")
    await until(lambda: left_behind.ended == "superseded")
    assert ends([*others, resumed]) == ["", "", ""]


async def test_a_full_deployment_evicts_its_oldest_wherever_it_is(deploy: Deploy) -> None:
    old, middle, new = await deploy(3, total=4)
    oldest = [old.open(uuid7()) for _ in range(3)]
    younger = middle.open(uuid7())
    await until(lambda: new.limits.peers.open == 4)
    newest = [new.open(uuid7()) for _ in range(2)]
    await until(lambda: ends(oldest) == ["evicted", "evicted", ""])
    assert ends([younger, *newest]) == ["", "", ""]


async def test_a_full_deployment_refuses_by_setting_and_hears_of_closings(deploy: Deploy) -> None:
    one, other = await deploy(2, total=2, refuse=True)
    streams = [one.open(uuid7()) for _ in range(2)]
    await until(lambda: other.limits.peers.open == 2)
    with pytest.raises(Unavailable):
        other.limits.check(uuid7())
    streams[0].close()
    one.control.tell_totals()
    await until(lambda: other.limits.peers.open == 1)
    other.limits.check(uuid7())


async def test_of_streams_that_open_in_the_same_moment_three_get_in(deploy: Deploy) -> None:
    servers, user = await deploy(5, refuse=True), uuid7()
    let_in = await asyncio.gather(*(server.ask_to_open(user) for server in servers))
    assert sum(let_in) == 3
    assert sum(server.limits.of_user(user) for server in servers) == 3
    assert not any([await server.ask_to_open(user) for server in servers])
    assert await servers[0].ask_to_open(uuid7())


async def test_without_redis_every_process_keeps_its_own_limit() -> None:
    book: Limits[Stream] = Limits(per_user=3, per_user_refuse=True, total=9, total_refuse=True)
    async with aioredis.Redis(port=1, retry=Retry(NoBackoff(), 0)) as nowhere:
        alone = Process(nowhere, book)
        user = uuid7()
        assert [await alone.ask_to_open(user) for _ in range(4)] == [True, True, True, False]


def test_a_process_that_fell_silent_holds_nothing() -> None:
    now = 100.0
    peers = Peers(silence_seconds=6, clock=lambda: now)
    peers.hear("a", open_streams=5, oldest=1.0)
    now = 103.0
    peers.hear("b", open_streams=2, oldest=2.0)
    assert (peers.open, peers.older_than(2.0), peers.older_than(0.5)) == (7, "a", None)
    now = 107.0
    assert (peers.open, peers.older_than(None)) == (2, "b")


@pytest.mark.parametrize(
    "message",
    [
        b"x",
        b"{}",
        b'{"process": "a", "open": 1, "oldest": null, "messages": [{"type": "opened"}]}',
        b'{"process": "a", "open": 1, "oldest": null, "messages": [{"type": "shout"}]}',
        b'{"process": "a", "open": 1, "oldest": null, "messages": ["opened"]}',
        b'{"process": "a", "open": "many", "oldest": null, "messages": []}',
        b"[]",
    ],
)
async def test_a_control_message_that_is_not_ours_ends_no_stream(message: bytes) -> None:
    book: Limits[Stream] = Limits(per_user=3, per_user_refuse=False, total=9, total_refuse=False)
    process = Process(aioredis.Redis(), book)
    stream = process.open(uuid7())
    process.control.take(message)
    assert stream.ended == ""
